import { describe, expect, it } from "vitest";
import type { EventPage, EventRow, Found } from "../protocol/generated/events.ts";
import {
  caughtUp,
  EMPTY,
  type EventsScene,
  hasNewNames,
  KEPT_PAGES,
  missingPages,
  PAGE,
  rowAt,
  withFound,
  withPage,
} from "./events_scene.ts";

const row = (number: number, name = "OpenedEvent"): EventRow => ({
  number,
  name,
  kind: "domain event",
  aggregate: "A",
  version: number,
  context: "default",
  at: "2026-01-31T12:00:00.000+00:00",
  brief: "{}",
});
const found = (query: number, total: number): Found => ({ kind: "found", query, total, head: total, took: 1 });
const page = (query: number, place: number, count = PAGE): EventPage => ({
  kind: "page",
  query,
  first: place * PAGE,
  events: Array.from({ length: count }, (_, index) => row(place * PAGE + index + 1)),
  took: 1,
});
const of = (total: number): EventsScene => withFound(EMPTY, found(1, total), true);

describe("the events of a query", () => {
  it("are shown newest first, by rank", () => {
    const scene = withPage(withPage(of(150), page(1, 1, 50)), page(1, 0));
    expect(rowAt(scene, 0)?.number).toBe(150);
    expect(rowAt(scene, 49)?.number).toBe(101);
    expect(rowAt(scene, 149)?.number).toBe(1);
    expect(rowAt(scene, 150)).toBeNull();
  });

  it("grow on top for a reader at the top, and wait for one who has scrolled away", () => {
    const scene = withPage(of(100), page(1, 0));
    expect(rowAt(withFound(scene, found(1, 112), false), 0)?.number).toBe(100);
    expect(withFound(scene, found(1, 112), false).total - scene.shown).toBe(12);
    expect(withFound(scene, found(1, 112), true).shown).toBe(112);
    expect(caughtUp(withFound(scene, found(1, 112), false)).shown).toBe(112);
  });

  it("begin anew with another query, and ignore pages of the one before", () => {
    const scene = withFound(withPage(of(100), page(1, 0)), found(2, 3), false);
    expect(scene.shown).toBe(3);
    expect(withPage(scene, page(1, 0))).toBe(scene);
    expect(rowAt(scene, 0)).toBeNull();
  });

  it("are asked for page by page, where they are missing or have become more", () => {
    const scene = of(250);
    expect(missingPages(scene, 0, 10)).toEqual([2]);
    expect(missingPages(scene, 45, 55)).toEqual([1, 2]);
    expect(missingPages(withPage(scene, page(1, 2, 50)), 0, 10)).toEqual([]);
    expect(missingPages(withFound(withPage(scene, page(1, 2, 50)), found(1, 260), true), 0, 10)).toEqual([2]);
    expect(missingPages(of(0), 0, 0)).toEqual([]);
  });

  it("are forgotten, those of long ago first", () => {
    let scene = of(100_000);
    for (let place = 0; place < KEPT_PAGES + 5; place += 1) {
      scene = withPage(scene, page(1, place));
    }
    expect(scene.pages.size).toBe(KEPT_PAGES);
    expect(scene.pages.has(4)).toBe(false);
    expect(scene.pages.has(5)).toBe(true);
  });

  it("tell of names the filter does not know", () => {
    const known = { ...of(1), names: [{ value: "OpenedEvent", kind: "domain event", count: 1 }] };
    const scene = { ...known, contexts: [{ value: "default", kind: "", count: 1 }] };
    expect(hasNewNames(scene, page(1, 0, 1))).toBe(false);
    expect(hasNewNames(scene, { ...page(1, 0, 1), events: [row(1, "ClosedEvent")] })).toBe(true);
  });
});
