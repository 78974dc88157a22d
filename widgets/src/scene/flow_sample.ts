/** A small flow, for tests: a command that is stored, projected and confirmed, and one that is refused. */
import type { FlowSnapshot, Hop } from "../protocol/generated/flow.ts";

export const hop = (step: number, more: Partial<Hop>): Hop => ({
  step,
  hop: "sent",
  kind: "domain command",
  name: "TodoListCreateCommand",
  message: "m1",
  correlation: "c1",
  cause: "",
  source: "outside",
  target: "gateway",
  component: "",
  handler: "",
  at: 100 + step,
  took: 0,
  outcome: "",
  view: "",
  ...more,
});

const EVENT = { kind: "domain event", name: "TodoListCreatedEvent", message: "m2", cause: "m1" };

export const SAMPLE: FlowSnapshot = {
  kind: "snapshot",
  forgotten: 0,
  chosen: false,
  lifelines: [
    { name: "TodoListAggregate", kind: "aggregate" },
    { name: "TodoListProjector", kind: "projector" },
  ],
  hops: [
    hop(1, {}),
    hop(2, { ...EVENT, hop: "published", source: "TodoListAggregate", target: "event store" }),
    hop(3, {
      hop: "replied",
      source: "TodoListAggregate",
      target: "outside",
      component: "TodoListAggregate",
      handler: "create",
      took: 0.25,
    }),
    hop(4, { ...EVENT, hop: "consumed", source: "event store", target: "TodoListProjector", took: 2 }),
    hop(5, { message: "m3", correlation: "c2" }),
    hop(6, {
      message: "m3",
      correlation: "c2",
      hop: "rejected",
      source: "TodoListAggregate",
      target: "outside",
      component: "TodoListAggregate",
      handler: "create",
      outcome: "todo_list.name",
    }),
  ],
};
