import { describe, expect, test } from "vitest";
import { hop, SAMPLE } from "./flow_sample.ts";
import { accountedFor, fromSnapshot, KEPT, withNews } from "./flow_scene.ts";
import { EVERYTHING, GROUP_ABOVE, shownRows } from "./flow_view.ts";

const news = (hops: readonly ReturnType<typeof hop>[], count = 0) => ({
  kind: "news" as const,
  lost: 0,
  lifelines: SAMPLE.lifelines,
  skipped: count > 0 ? [{ source: "outside", target: "gateway", name: "X", hop: "sent", count }] : [],
  hops,
});

describe("folding frames", () => {
  test("a snapshot replaces what was known", () => {
    const scene = fromSnapshot(SAMPLE);
    expect(scene.rows.map((row) => row.type === "hop" && row.hop.step)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(fromSnapshot({ ...SAMPLE, hops: [] }).rows).toEqual([]);
  });

  test("news that a page has seen already changes nothing", () => {
    const scene = fromSnapshot(SAMPLE);
    expect(withNews(scene, news(SAMPLE.hops)).rows).toEqual(scene.rows);
  });

  test("a burst is one row with its count, before the hops that follow it", () => {
    const scene = withNews(fromSnapshot(SAMPLE), news([hop(99_000, {})], 98_993));
    expect(scene.rows.slice(6)).toEqual([
      { type: "gap", key: "gap 99000", count: 98_993, skipped: [expect.objectContaining({ count: 98_993 })] },
      { type: "hop", hop: hop(99_000, {}) },
    ]);
  });

  test("memory is bounded, and what was dropped is counted", () => {
    let scene = fromSnapshot({ ...SAMPLE, hops: [] });
    for (let frame = 0; frame < 30; frame += 1) {
      scene = withNews(scene, news(Array.from({ length: 300 }, (_, place) => hop(frame * 300 + place + 1, {}))));
    }
    expect(scene.rows).toHaveLength(KEPT);
    expect(scene.forgotten).toBe(9_000 - KEPT);
    expect(accountedFor(scene)).toBe(9_000);
    expect(accountedFor(withNews(scene, { ...news([hop(10_001, {})], 600), lost: 400 }))).toBe(10_001);
  });
});

describe("choosing rows", () => {
  const scene = fromSnapshot(SAMPLE);
  const names = (choice: Partial<typeof EVERYTHING>) =>
    shownRows(scene, { ...EVERYTHING, ...choice }).map((row) => (row.type === "hop" ? row.hop.step : row.type));

  test.each([
    [{ kind: "domain event" }, [2, 4]],
    [{ component: "TodoListProjector" }, [4]],
    [{ correlation: "c2" }, [5, 6]],
    [{ text: "LIST.name" }, [6]],
    [{ text: "nowhere" }, []],
  ])("%o", (choice, steps) => {
    expect(names(choice)).toEqual(steps);
  });

  test("many rows are folded, one for each flow, and open one at a time", () => {
    const hops = Array.from({ length: GROUP_ABOVE + 100 }, (_, place) =>
      hop(place + 1, { correlation: `c${Math.floor(place / 100)}` }),
    );
    const many = fromSnapshot({ ...SAMPLE, hops });
    expect(shownRows(many, EVERYTHING).map((row) => row.type)).toEqual(["group", "group", "group"]);
    const opened = shownRows(many, { ...EVERYTHING, opened: new Set(["c1"]) });
    expect(opened.map((row) => row.type)).toEqual(["group", "group", ...Array(100).fill("hop"), "group"]);
  });
});
