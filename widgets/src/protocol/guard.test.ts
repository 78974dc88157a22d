import { describe, expect, test } from "vitest";
import { isMetricsBody, type MetricsBody } from "./generated/catalog.ts";
import { type Form, type FormNode, isChecked, isForm } from "./generated/console.ts";
import { type Frame, isFrame, isProblem } from "./generated/envelope.ts";
import { type FlowSnapshot, type HopDetails, isFlowSnapshot, isHopDetails } from "./generated/flow.ts";
import { type GraphNews, isGraphNews } from "./generated/graph.ts";
import type { Guard } from "./guard.ts";

const NODE: FormNode = {
  control: "object",
  name: "",
  label: "TodoListCreateCommand",
  description: "",
  hint: "",
  required: true,
  has_default: false,
  default: null,
  role: "",
  choices: [{ label: "one", value: { anything: [1] } }],
  nodes: [],
  least: 0,
  most: -1,
};
const FORM: Form = { kind: "form", name: "C", version: 1, root: { ...NODE, nodes: [NODE] }, draft: { any: ["thing"] } };
const FRAME: Frame = { frame: 1, part: "flow", to: null, answers: 3, body: { kind: "news", more: 1 } };
const FLOW: FlowSnapshot = {
  kind: "snapshot",
  forgotten: 0,
  chosen: false,
  lifelines: [{ name: "TodoListAggregate", kind: "aggregate" }],
  hops: [],
};
const DETAILS: HopDetails = {
  kind: "hop",
  step: 1,
  payload: "{}",
  cut: false,
  metadata: "{}",
  lock_wait: 0.25,
  retrieve: 0,
  handler: 1.5,
  store: 0,
  source: { place: "cell 3", line: 2, text: "def create(self): ..." },
};
const NEWS: GraphNews = {
  kind: "news",
  edges: null,
  traffic: [{ source: "C", target: "Stock.open", count: 1, failed: 0, rate: 0.5, p50: 1, p95: 2, lag: 0, label: "" }],
};
const METRICS: MetricsBody = {
  kind: "metrics",
  metrics: { "Stock.open": { count: 1, failed: 0, rate: 0.5, p50: 1, p95: 2 } },
};
const SAMPLES: readonly [string, Guard<object>, object][] = [
  ["a frame", isFrame, FRAME],
  ["a flow", isFlowSnapshot, FLOW],
  ["details of a hop", isHopDetails, DETAILS],
  ["a form", isForm, FORM],
  ["news of the graph", isGraphNews, NEWS],
  ["measurements", isMetricsBody, METRICS],
];

/** Places of any content: fields of an open type, and a body, whose part looks at it. */
const OPEN = new Set(["draft", "default", "value", "more"]);
/** Places with names of their own. */
const MAPS = new Set(["metrics"]);

const other = (value: unknown): unknown => (typeof value === "string" ? 7 : "7");

/** Every way to spoil one place: missing, nothing, of another type, one level of nesting more; and a field too many. */
function* spoilt(sample: object, within = ""): Generator<readonly [string, unknown]> {
  const isOpen = MAPS.has(within) || within === "body" || Array.isArray(sample);
  const changed = (name: string, value: unknown): unknown =>
    Array.isArray(sample)
      ? sample.map((one, place) => (String(place) === name ? value : one))
      : { ...sample, [name]: value };
  for (const [name, value] of Object.entries(sample).filter(([one]) => !OPEN.has(one))) {
    for (const wrong of [undefined, other(value), [value], { inner: value }]) {
      if (!(value === null && wrong === "7")) {
        yield [`${name} is ${JSON.stringify(wrong)}`, changed(name, wrong)];
      }
    }
    if (!isOpen) {
      yield [`${name} is missing`, Object.fromEntries(Object.entries(sample).filter(([one]) => one !== name))];
    }
    for (const [what, inner] of typeof value === "object" && value !== null ? spoilt(value, name) : []) {
      yield [`${name}: ${what}`, changed(name, inner)];
    }
  }
  if (!isOpen) {
    yield ["a field too many", changed("extra", 1)];
  }
}

describe.each(SAMPLES)("%s", (_name, guard, sample) => {
  test("is let in as it is, also after a journey as JSON", () => {
    expect(guard(sample)).toBe(true);
    expect(guard(JSON.parse(JSON.stringify(sample)))).toBe(true);
  });

  test("is kept out when anything in it is spoilt", () => {
    const all = [...spoilt(sample)];
    expect(all.length).toBeGreaterThan(15);
    expect(all.filter(([, wrong]) => guard(wrong)).map(([what]) => what)).toEqual([]);
  });
});

describe("what is hostile", () => {
  test.each([
    ["nothing", null],
    ["a text", "news"],
    ["a list of what would be right", [DETAILS]],
    ["fields that are inherited", Object.create(DETAILS)],
    ["a prototype in place of fields", JSON.parse('{"__proto__": {"kind": "hop"}}')],
    ["a prototype as a field too many", JSON.parse(`{"__proto__": 1, ${JSON.stringify(DETAILS).slice(1)}`)],
    ["a text as an object", { ...DETAILS, payload: new String("{}") }],
  ])("%s is no hop", (_what, value) => expect(isHopDetails(value)).toBe(false));

  test("a part of a whole number, or no number at all, counts nothing", () => {
    for (const frame of [1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(isFrame({ ...FRAME, frame })).toBe(false);
    }
    expect(isHopDetails({ ...DETAILS, store: Number.NaN })).toBe(false);
  });

  test("another kind of body is not taken for this one", () => {
    expect(isChecked({ ...FORM })).toBe(false);
    expect(isProblem({ kind: "problem", text: { toString: "x" }, remedy: "" })).toBe(false);
  });

  test("a form without end is refused, and the next one is looked at as ever", () => {
    const endless: { nodes: object[] } & Record<string, unknown> = { ...NODE, nodes: [] };
    endless.nodes.push(endless);
    let deep: FormNode = NODE;
    for (let level = 0; level < 20_000; level += 1) {
      deep = { ...NODE, nodes: [deep] };
    }
    expect(isForm({ ...FORM, root: endless })).toBe(false);
    expect(isForm({ ...FORM, root: deep })).toBe(false);
    expect(isForm(FORM)).toBe(true);
  });
});
