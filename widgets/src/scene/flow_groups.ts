/** Many hops as few rows: one for each flow, or, within a single flow, for each branch of what happened. */
import type { FlowScene, Row } from "./flow_scene.ts";
import { type Choice, isChosen } from "./flow_view.ts";

/** More rows than this are folded. */
export const GROUP_ABOVE = 200;

export type Group = {
  readonly type: "group";
  readonly key: string;
  readonly rows: readonly Row[];
  readonly opened: boolean;
};
export type Shown = Row | Group;

export const keyOf = (shown: Shown): string => {
  switch (shown.type) {
    case "hop":
      return `hop ${shown.hop.step}`;
    case "gap":
      return shown.key;
    default:
      return `group ${shown.key}`;
  }
};

/** Which branch a message belongs to: the first of its causes below the point where the flow divides; "" above it. */
const branchesOf = (rows: readonly Row[]): ReadonlyMap<string, string> => {
  const causes = new Map<string, string>();
  for (const row of rows) {
    if (row.type === "hop") {
      causes.set(row.hop.message, row.hop.cause);
    }
  }
  const effects = new Map<string, string[]>();
  const roots: string[] = [];
  for (const [message, cause] of causes) {
    if (cause === message || !causes.has(cause)) {
      roots.push(message);
    } else {
      effects.set(cause, [...(effects.get(cause) ?? []), message]);
    }
  }
  const found = new Map<string, string>();
  let level = roots;
  while (level.length === 1) {
    const [alone = ""] = level;
    found.set(alone, "");
    level = effects.get(alone) ?? [];
  }
  for (const branch of level) {
    const waiting = [branch];
    for (let message = waiting.pop(); message !== undefined; message = waiting.pop()) {
      found.set(message, branch);
      waiting.push(...(effects.get(message) ?? []));
    }
  }
  return found;
};

const folded = (rows: readonly Row[], groupOf: (row: Row) => string, opened: ReadonlySet<string>): readonly Shown[] => {
  const shown: (Row | { key: string; rows: Row[] })[] = [];
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const key = groupOf(row);
    const known = groups.get(key);
    if (key === "") {
      shown.push(row);
    } else if (known) {
      known.push(row);
    } else {
      const group = [row];
      groups.set(key, group);
      shown.push({ key, rows: group });
    }
  }
  return shown.flatMap((one): readonly Shown[] => {
    if (!("key" in one && "rows" in one)) {
      return [one];
    }
    if (one.rows.length === 1) {
      return one.rows;
    }
    const group: Group = { type: "group", ...one, opened: opened.has(one.key) };
    return group.opened ? [group, ...one.rows] : [group];
  });
};

/** The rows to draw: all of them, or, where there are many, folded into groups until they are opened. */
export const shownRows = (scene: FlowScene, choice: Choice): readonly Shown[] => {
  const rows = scene.rows.filter((row) => isChosen(row, choice));
  if (rows.length <= GROUP_ABOVE) {
    return rows;
  }
  const flows = new Set(rows.map((row) => (row.type === "hop" ? row.hop.correlation : "")));
  if (flows.size > 1) {
    return folded(rows, (row) => (row.type === "hop" ? row.hop.correlation : ""), choice.opened);
  }
  const branches = branchesOf(rows);
  return folded(rows, (row) => (row.type === "hop" ? (branches.get(row.hop.message) ?? "") : ""), choice.opened);
};
