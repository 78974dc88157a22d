/** The model as of an event, as text and signs: never by colour alone, and hostile text is text. */
import { render } from "preact-render-to-string";
import { expect, test } from "vitest";
import type { Changed, PastBody } from "../protocol/generated/events.ts";
import { EventPast } from "./event_past.tsx";

const change = (what: string, more: Partial<Changed> = {}): Changed => ({
  of: "read model",
  name: "todo_list_row",
  key: "TDLS_1",
  field: "name",
  before: "",
  after: "",
  what,
  ...more,
});
const PAST: PastBody = {
  kind: "past",
  number: 7,
  changes: [change("changed", { before: "old", after: "new" }), change("removed", { before: "gone" })],
  changes_total: 250,
  aggregates: [{ aggregate_id: "TDLS_1", name: "TodoListAggregate", version: 2 }],
  aggregates_total: 1,
  aggregate: "TDLS_1",
  state: '{"name": "new"}',
  problem: "",
  tables: [{ name: "todo_list_row", rows: 90, changed: 1 }],
  table: "todo_list_row",
  columns: ["identifier", "name"],
  rows: [["TDLS_1", "<img src=x onerror=alert(1)>"]],
  fresh: [true],
  failures: [{ component: "WordProjector", number: 5, error: "ValueError: no </p><script>" }],
  failures_total: 1,
  took: 41.6,
};
const shown = (past: PastBody): string => render(<EventPast past={past} onAggregate={() => {}} onTable={() => {}} />);

test("what changed is told with signs and values, and how much is not shown", () => {
  const html = shown(PAST);
  expect(html).toContain("As of event 7");
  expect(html).toMatch(/title="changed">~<.*old.*new/s);
  expect(html).toMatch(/title="removed">−<.*gone/s);
  expect(html).toContain("2 of 250 changed fields");
  expect(html).toContain("1 of 90 rows");
});

test("what could not be projected is shown", () => {
  expect(shown(PAST)).toContain("WordProjector, event 5: ValueError");
  expect(shown({ ...PAST, failures: [], failures_total: 0 })).not.toContain("not projected so far");
});

test("before the first event there is nothing, and that is said", () => {
  const html = shown({ ...PAST, number: 0, changes: [], changes_total: 0, aggregates: [], aggregate: "", state: "" });
  expect(html).toContain("Before the first event");
  expect(html).toContain("No field of an aggregate or read model.");
});

test("hostile text is text", () => {
  expect(shown(PAST)).not.toContain("<img");
  expect(shown(PAST)).not.toContain("<script");
});
