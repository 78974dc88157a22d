/** What the console knows from the kernel: what can be sent, and what became of what was. */
import type { Call, ConsoleNews, ConsoleSnapshot, InputProblem, PayloadEntry } from "../protocol/generated/console.ts";
import type { Path } from "./draft.ts";

export type ConsoleScene = {
  readonly payloads: readonly PayloadEntry[];
  /** Newest first. */
  readonly calls: readonly Call[];
};
export const NOTHING: ConsoleScene = { payloads: [], calls: [] };
const MOST_CALLS = 30;

const newest = (calls: readonly Call[]): readonly Call[] =>
  [...calls].sort((one, other) => other.call - one.call).slice(0, MOST_CALLS);

export const fromConsole = (body: ConsoleSnapshot): ConsoleScene => ({
  payloads: body.payloads,
  calls: newest(body.calls),
});

export const withConsoleNews = (scene: ConsoleScene, body: ConsoleNews): ConsoleScene => {
  const changed = new Set(body.calls.map((call) => call.call));
  return {
    payloads: body.payloads ?? scene.payloads,
    calls: newest([...body.calls, ...scene.calls.filter((call) => !changed.has(call.call))]),
  };
};

export type Group = { readonly kind: string; readonly payloads: readonly PayloadEntry[] };

/** What can be sent, by kind, where its name, component or answer has this text. */
export const grouped = (payloads: readonly PayloadEntry[], text: string): readonly Group[] => {
  const wanted = text.trim().toLowerCase();
  const groups = new Map<string, PayloadEntry[]>();
  for (const payload of payloads) {
    if (`${payload.name} ${payload.component} ${payload.answer}`.toLowerCase().includes(wanted)) {
      groups.set(payload.kind, [...(groups.get(payload.kind) ?? []), payload]);
    }
  }
  return [...groups].map(([kind, found]) => ({ kind, payloads: found }));
};

export const keyOf = (path: Path): string => JSON.stringify(path);

/** Problems by place. Those of places nobody has been to yet are kept for later, unless all are to be seen. */
export const shownProblems = (
  problems: readonly InputProblem[],
  touched: ReadonlySet<string>,
  all: boolean,
): ReadonlyMap<string, string> =>
  new Map(
    problems
      .filter((problem) => all || touched.has(keyOf(problem.path)) || (problem.path.length === 0 && touched.size > 0))
      .map((problem) => [keyOf(problem.path), problem.text]),
  );
