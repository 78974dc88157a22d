import { describe, expect, test } from "vitest";
import type { Hop } from "../protocol/generated/flow.ts";
import { GROUP_ABOVE, shownRows } from "./flow_groups.ts";
import { hop, SAMPLE } from "./flow_sample.ts";
import { accountedFor, type FlowScene, fromSnapshot, KEPT, withNews } from "./flow_scene.ts";
import { choiceFor, EVERYTHING, flowsIn, kindsIn, LISTED } from "./flow_view.ts";

const news = (hops: readonly Hop[], count = 0) => ({
  kind: "news" as const,
  lifelines: SAMPLE.lifelines,
  skipped: count > 0 ? [{ source: "outside", target: "gateway", name: "X", hop: "sent", count }] : [],
  hops,
});
const steps = (scene: FlowScene) => scene.rows.map((row) => (row.type === "hop" ? row.hop.step : row.type));

describe("folding frames", () => {
  test("a snapshot replaces what was known", () => {
    const scene = fromSnapshot(SAMPLE);
    expect(steps(scene)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(fromSnapshot({ ...SAMPLE, hops: [] }).rows).toEqual([]);
  });

  test("news that a page has seen already changes nothing", () => {
    const scene = fromSnapshot(SAMPLE);
    expect(withNews(scene, news(SAMPLE.hops)).rows).toEqual(scene.rows);
  });

  test("a handler, which is heard of when it ends, stands where it began: before what it sent meanwhile", () => {
    const consumed = hop(8, { hop: "consumed", kind: "domain event", at: 104.5 });
    const sent = hop(7, { at: 105.5 });
    expect(steps(fromSnapshot({ ...SAMPLE, hops: [...SAMPLE.hops, sent, consumed] }))).toEqual([
      1, 2, 3, 4, 8, 5, 7, 6,
    ]);
    const before = withNews(fromSnapshot(SAMPLE), news([sent]));
    const scene = withNews(before, news([consumed]));
    expect(steps(scene)).toEqual([1, 2, 3, 4, 8, 5, 7, 6]);
    expect(withNews(scene, news([sent, consumed])).rows).toEqual(scene.rows);
  });

  test("a burst is one row with its count, before the hops that follow it, however early they began", () => {
    const scene = withNews(fromSnapshot(SAMPLE), news([hop(99_000, { at: 103 })], 98_993));
    expect(scene.rows.slice(6)).toEqual([
      { type: "gap", key: "gap 99000", count: 98_993, skipped: [expect.objectContaining({ count: 98_993 })] },
      { type: "hop", hop: hop(99_000, { at: 103 }) },
    ]);
  });

  test("memory is bounded, and what was dropped is counted; time goes on from the first hop", () => {
    let scene = fromSnapshot({ ...SAMPLE, hops: [] });
    for (let frame = 0; frame < 30; frame += 1) {
      scene = withNews(scene, news(Array.from({ length: 300 }, (_, place) => hop(frame * 300 + place + 1, {}))));
    }
    expect(scene.rows).toHaveLength(KEPT);
    expect(scene.forgotten).toBe(9_000 - KEPT);
    expect(scene.start).toBe(101);
    expect(accountedFor(scene)).toBe(9_000);
    expect(accountedFor(withNews(scene, news([hop(10_001, {})], 1_000)))).toBe(10_001);
  });
});

describe("choosing rows", () => {
  const answered = hop(7, { hop: "replied", kind: "query", name: "TodoListFindQuery", view: "TodoListView" });
  const scene = fromSnapshot({ ...SAMPLE, hops: [...SAMPLE.hops, answered] });
  const names = (choice: Partial<typeof EVERYTHING>) =>
    shownRows(scene, { ...EVERYTHING, ...choice }).map((row) => (row.type === "hop" ? row.hop.step : row.type));

  test.each([
    [{ kind: "domain event" }, [2, 4]],
    [{ kind: "query" }, [7]],
    [{ kind: "view" }, [7]],
    [{ component: "TodoListProjector" }, [4]],
    [{ correlation: "c2" }, [5, 6]],
    [{ text: "LIST.name" }, [6]],
    [{ text: "listview" }, [7]],
    [{ text: "nowhere" }, []],
  ])("%o", (choice, chosen) => {
    expect(names(choice)).toEqual(chosen);
  });

  test.each([
    ["TodoListCreatedEvent", { text: "TodoListCreatedEvent" }, [2, 4]],
    ["TodoListProjector", { component: "TodoListProjector" }, [4]],
    ["TodoListAggregate.create", { component: "TodoListAggregate", text: "create" }, [2, 3, 6]],
  ])("another picture asks for %s", (target, choice, chosen) => {
    expect(choiceFor(target, scene)).toEqual({ ...EVERYTHING, ...choice });
    expect(names(choiceFor(target, scene))).toEqual(chosen);
  });

  test("kinds and flows to choose from are those that occur", () => {
    expect(kindsIn(scene)).toEqual(["domain command", "domain event", "query", "view"]);
    expect(flowsIn(scene, "")).toEqual([
      { correlation: "c2", name: "TodoListCreateCommand", hops: 2, failed: 1 },
      { correlation: "c1", name: "TodoListCreateCommand", hops: 5, failed: 0 },
    ]);
  });

  test("of many flows the newest are listed, and the chosen one", () => {
    const hops = Array.from({ length: 200 }, (_, place) => hop(place + 1, { correlation: `c${place}` }));
    const flows = flowsIn(fromSnapshot({ ...SAMPLE, hops }), "c3").map((flow) => flow.correlation);
    expect(flows).toHaveLength(LISTED + 1);
    expect([flows[0], flows.at(-2), flows.at(-1)]).toEqual(["c199", "c150", "c3"]);
  });
});

describe("folding rows", () => {
  test("many rows are folded, one for each flow, and open one at a time", () => {
    const hops = Array.from({ length: GROUP_ABOVE + 100 }, (_, place) =>
      hop(place + 1, { correlation: `c${Math.floor(place / 100)}` }),
    );
    const many = fromSnapshot({ ...SAMPLE, hops });
    expect(shownRows(many, EVERYTHING).map((row) => row.type)).toEqual(["group", "group", "group"]);
    const opened = shownRows(many, { ...EVERYTHING, opened: new Set(["c1"]) });
    expect(opened.map((row) => row.type)).toEqual(["group", "group", ...Array(100).fill("hop"), "group"]);
    expect(opened[1]).toMatchObject({ key: "c1", opened: true });
  });

  test("one long flow is folded where it divides", () => {
    const caused = Array.from({ length: 150 }, (_, place) => [
      hop(2 * place + 3, { message: `m${place}`, cause: "e" }),
      hop(2 * place + 4, { message: `m${place}`, cause: "e", hop: "replied" }),
    ]).flat();
    const hops = [hop(1, { message: "root", cause: "root" }), hop(2, { message: "e", cause: "root" }), ...caused];
    const rows = shownRows(fromSnapshot({ ...SAMPLE, hops }), EVERYTHING);
    expect(rows.map((row) => row.type)).toEqual(["hop", "hop", ...Array(150).fill("group")]);
  });
});
