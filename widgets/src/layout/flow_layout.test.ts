import { describe, expect, test } from "vitest";
import type { Hop } from "../protocol/generated/flow.ts";
import { hop, SAMPLE } from "../scene/flow_sample.ts";
import { fromSnapshot } from "../scene/flow_scene.ts";
import { arrowOf, labelOf, milliseconds, receiverOf, strokeOf } from "./arrow.ts";
import { barsOf } from "./bars.ts";
import { heightOf } from "./flow_height.ts";
import { lanesOf, nameLines } from "./lanes.ts";

const lanes = lanesOf(fromSnapshot(SAMPLE));

describe("arrows", () => {
  const event = { kind: "domain event", name: "PaidEvent" };

  test.each([
    [{ hop: "sent" }, "request", "TodoListCreateCommand"],
    [{ hop: "replied", at: 103 }, "reply", "done, 2.0 ms"],
    [{ hop: "replied", at: 103, view: "list of TodoListView" }, "reply", "list of TodoListView, 2.0 ms"],
    [{ hop: "replied", message: "sent before", took: 0.25 }, "reply", "done, 250 µs"],
    [{ hop: "rejected", outcome: "no", at: 101.5 }, "failure", "rejected: no, 500 µs"],
    [{ hop: "timed_out", at: 30_101 }, "failure", "timed out, 30.00 s: outcome unknown"],
    [{ ...event, hop: "published" }, "event", "PaidEvent"],
    [{ ...event, hop: "consumed", took: 12.3 }, "event", "PaidEvent, 12 ms"],
    [{ ...event, hop: "failed", outcome: "KeyError: 1" }, "failure", "failed: KeyError: 1"],
  ])("%o", (more, stroke, label) => {
    const one = hop(9, more);
    expect([strokeOf(one), labelOf(one, lanes)]).toEqual([stroke, label]);
  });

  test("a duration has three digits at most", () => {
    expect([0.0004, 0.9994, 0.9996, 9.94, 9.96, 999.4, 999.6].map(milliseconds)).toEqual([
      "0 µs",
      "999 µs",
      "1.0 ms",
      "9.9 ms",
      "10 ms",
      "999 ms",
      "1.00 s",
    ]);
  });

  test("a request passes the gateway on its way to whoever handled it; an event does not", () => {
    expect(arrowOf(hop(1, {}), lanes)).toMatchObject({
      to: (lanes.x.get("TodoListAggregate") ?? 0) - 4,
      through: lanes.x.get("gateway"),
    });
    expect(arrowOf(hop(2, { ...event, source: "outside", target: "event store" }), lanes).through).toBeNull();
  });
});

describe("bars", () => {
  const consumed = (step: number, at: number, took: number) =>
    hop(step, { hop: "consumed", kind: "domain event", source: "event store", target: "TodoListProjector", at, took });
  const drawn = (hops: readonly Hop[]) => {
    const scene = fromSnapshot({ ...SAMPLE, hops });
    return barsOf(scene.rows, lanesOf(scene)).map((bar) => [bar.lane, bar.first, bar.last, bar.beyond, bar.level]);
  };

  test("reach from a request to its reply, and over all that began while a handler ran", () => {
    expect(drawn(SAMPLE.hops)).toEqual([
      ["TodoListAggregate", 0, 2, false, 0],
      ["TodoListProjector", 3, 5, false, 0],
      ["TodoListAggregate", 4, 5, false, 0],
    ]);
  });

  test("stand beside each other where handlers run at once", () => {
    expect(drawn([consumed(1, 10, 10), consumed(2, 15, 10), consumed(3, 17, 1), consumed(4, 21, 1)])).toEqual([
      ["TodoListProjector", 0, 2, true, 0],
      ["TodoListProjector", 1, 3, true, 1],
      ["TodoListProjector", 2, 2, true, 2],
      ["TodoListProjector", 3, 3, true, 0],
    ]);
  });

  test("a request nobody has answered has none", () => {
    expect(drawn([hop(1, {}), hop(2, { hop: "timed_out", source: "gateway", target: "outside" })])).toEqual([]);
  });
});

describe("lanes", () => {
  test("stand in the order messages take, between bounds, and fill the room there is", () => {
    expect(lanes.names.map((one) => one.name)).toEqual([
      "outside",
      "gateway",
      "TodoListAggregate",
      "event store",
      "TodoListProjector",
    ]);
    expect([300, 836, 4_000].map((room) => lanesOf(fromSnapshot(SAMPLE), room).gap)).toEqual([72, 160.5, 200]);
  });

  test("ten of them are in sight on a laptop; only where they could not be read any more are some out of sight", () => {
    const crowd = ["A", "B", "C", "D", "E", "F", "G", "H", "I"];
    const hops = crowd.map((name, step) => hop(step, { target: name }));
    const widths = [7, 9].map((count) => lanesOf(fromSnapshot({ ...SAMPLE, hops: hops.slice(0, count) }), 836));
    expect(widths.map(({ names, gap, width }) => [names.length, gap, width])).toEqual([
      [10, 75.4, 834],
      [12, 72, 946],
    ]);
  });

  test("a request that timed out reached the component it was routed to; the gateway says that it timed out", () => {
    const late = { source: "gateway", target: "outside", component: "Slow", handler: "work" };
    const hops = [hop(1, {}), hop(2, { ...late, hop: "timed_out" })];
    const scene = fromSnapshot({ ...SAMPLE, hops });
    const slow = lanesOf(scene);
    const ends = hops.map((one) => [one.source, receiverOf(one, slow)]);
    expect(ends).toEqual([
      ["outside", "Slow"],
      ["gateway", "outside"],
    ]);
    expect(slow.x.has("Slow")).toBe(true);
    expect(barsOf(scene.rows, slow)).toEqual([]);
  });

  test.each([
    ["Order", 100, ["Order"]],
    ["TodoListProjection", 100, ["TodoList", "Projection"]],
    ["TodoListProjection", 170, ["TodoListProjection"]],
    ["PaymentReminderSaga", 100, ["Payment", "ReminderSaga"]],
    ["PaymentReminderSaga", 72, ["Payment", "Reminder", "Saga"]],
    ["NotificationServiceOfTheShop", 76, ["Notificat…", "Service", "OfTheShop"]],
    ["TodoListProjection", 72, ["TodoList", "Projection"]],
    ["event store", 72, ["event", "store"]],
    ["averyveryverylongname", 100, ["averyveryve…"]],
  ])("%s, %i pixels wide", (name, gap, lines) => {
    expect(nameLines(name, gap)).toEqual(lines);
  });
});

test("chosen flows take the height they need, up to a bound; a live diagram always the same", () => {
  expect([0, 2, 5, 100].map((rows) => heightOf(rows, true))).toEqual([146, 146, 236, 440]);
  expect([0, 2, 5, 100].map((rows) => heightOf(rows, false))).toEqual([440, 440, 440, 440]);
});
