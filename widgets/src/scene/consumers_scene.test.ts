import { expect, it } from "vitest";
import type { ConsumerRow, ConsumersBody, DeadEventRow } from "../protocol/generated/consumers.ts";
import { deadOf, NO_CONSUMERS, questionFor, questionForSchedule, withConsumers } from "./consumers_scene.ts";

const dead = (consumer_id: string, sequence_number: number): DeadEventRow => ({
  consumer_id,
  sequence_number,
  event_name: "E",
  aggregate_id: "",
  context: "default",
  exception: "",
  place: "",
  traceback: "",
  attempts: 1,
  dead_at: "",
});
const tables = {
  dead: [dead("A", 1), dead("B", 2)],
  dead_total: 2,
  sagas: [],
  sagas_total: 0,
  scheduled: [],
  scheduled_total: 0,
};
const body = (rest: Partial<ConsumersBody>): ConsumersBody => ({
  kind: "consumers",
  head: 0,
  consumers: [],
  tables: null,
  problem: "",
  ...rest,
});
const row = (kind: string): ConsumerRow => ({
  consumer_id: "A_1_*",
  component: "A",
  kind,
  version: 1,
  context: "*",
  position: 1,
  head: 1200,
  lag: 0,
  rate: 0,
  health: "running",
  reason: "",
  attempts: 0,
  dead_events: 0,
  last_error: "",
  busy: "",
  trend: [],
});

it("keeps the tables it knows until there are others", () => {
  const known = withConsumers(NO_CONSUMERS, body({ tables }));

  expect(withConsumers(known, body({ head: 7 }))).toEqual({ head: 7, consumers: [], tables, problem: "" });
  expect(deadOf(known.tables, "B").map((one) => one.sequence_number)).toEqual([2]);
  expect(deadOf(known.tables, "")).toHaveLength(2);
});

it("asks before anything goes or is done again, and for nothing else", () => {
  expect(questionFor("pause", row("saga"), null, 1)).toBe("");
  expect(questionFor("redrive", undefined, null, 3)).toBe("");
  expect(questionFor("replay", row("projector"), null, 1)).toContain(
    "first of 1,200 events? Its read model is emptied",
  );
  expect(questionFor("replay", row("observer"), null, 1)).toContain("is done again.");
  expect(questionFor("delete", undefined, null, 3)).toContain("Delete 3 dead events for good?");
  expect(questionFor("delete", row("saga"), 5, 1)).toContain("Delete dead event 5 of A for good?");
  const scheduled = { schedule_id: "s", command_name: "CloseCommand", saga_name: "Closing", saga_id: "Closing:1" };
  const rest = { payload: "{}", due_at: "", attempts: 0, last_error: "", given_up: false };
  expect(questionForSchedule({ ...scheduled, ...rest })).toBe(
    "Cancel CloseCommand? It is never sent, and Closing is not told.",
  );
});
