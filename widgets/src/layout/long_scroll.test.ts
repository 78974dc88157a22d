import { describe, expect, it } from "vitest";
import { at, type Extent, HIGHEST, heightOf, scrolled } from "./long_scroll.ts";

const SHORT: Extent = { rows: 1000, row: 28, sight: 280 };
const LONG: Extent = { rows: 1_000_000, row: 28, sight: 280 };
const LAST = 1_000_000 * 28 - 280;

describe("a list that fits", () => {
  it("is as high as its rows and scrolls with its bar", () => {
    expect(heightOf(SHORT)).toBe(28_000);
    expect(scrolled({ top: 0, bar: 0 }, 512, SHORT)).toEqual({ top: 512, bar: 512 });
    expect(at(512, SHORT)).toEqual({ top: 512, bar: 512 });
  });
});

describe("a list of a million rows", () => {
  it("is no higher than browsers can", () => {
    expect(heightOf(LONG)).toBe(HIGHEST);
  });

  it("moves by as many pixels as the wheel turns", () => {
    expect(scrolled({ top: 14_000_000, bar: 3_000_000 }, 3_000_100, LONG).top).toBe(14_000_100);
    expect(scrolled({ top: 14_000_000, bar: 3_000_000 }, 2_999_900, LONG).top).toBe(13_999_900);
  });

  it("jumps by proportion when the bar is dragged", () => {
    const half = (HIGHEST - 280) / 2;
    expect(scrolled({ top: 0, bar: 0 }, half, LONG).top).toBe(LAST / 2);
  });

  it("reaches both ends", () => {
    expect(scrolled({ top: 900, bar: 30 }, 0, LONG)).toEqual({ top: 0, bar: 0 });
    expect(scrolled({ top: 0, bar: 0 }, HIGHEST - 280, LONG).top).toBe(LAST);
    expect(at(LAST, LONG).bar).toBe(HIGHEST - 280);
    expect(at(-5, LONG)).toEqual({ top: 0, bar: 0 });
  });

  it("keeps its place when the bar is put where it belongs", () => {
    const moved = scrolled({ top: 14_000_000, bar: 3_000_000 }, 3_000_100, LONG);
    const settled = at(moved.top, LONG);
    expect(scrolled(settled, settled.bar, LONG).top).toBe(moved.top);
  });

  it("is empty without rows", () => {
    expect(scrolled({ top: 0, bar: 0 }, 0, { ...LONG, rows: 0 })).toEqual({ top: 0, bar: 0 });
    expect(at(10, { ...LONG, rows: 0 })).toEqual({ top: 0, bar: 0 });
  });
});
