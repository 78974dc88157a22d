import { expect, test } from "vitest";
import { heightFor, lieOf, moreOf, nudge, pictureFor } from "./graph_layout.ts";

const PICTURES = [
  { svg: "wide", width: 2000 },
  { svg: "three", width: 800 },
  { svg: "two", width: 500 },
];

test("the widest picture that can be read is taken, or the narrowest", () => {
  const taken = [3000, 1680, 1679, 672, 671, 100].map((room) => pictureFor(PICTURES, room, 0.84)?.svg);
  expect(taken).toEqual(["wide", "wide", "three", "three", "two", "two"]);
  expect(pictureFor([], 500, 0.84)).toBeUndefined();
});

test("a picture starts as a whole where that can be read, else at its beginning", () => {
  expect(lieOf({ width: 500, height: 500 }, { width: 600, height: 450 }, 0.84)).toEqual({ x: 75, y: 0, k: 0.9 });
  expect(lieOf({ width: 500, height: 1000 }, { width: 600, height: 450 }, 0.84)).toEqual({ x: 90, y: 0, k: 0.84 });
  expect(lieOf({ width: 500, height: 1000 }, { width: 600, height: 450 }, 0).k).toBe(0.45);
});

test("the stage is as tall as its picture, within bounds", () => {
  const heights = [100, 500, 2000].map((height) => heightFor({ width: 500, height }, 500, 0.84));
  expect(heights).toEqual([280, 500, 640]);
});

test("what is out of sight is told by its direction", () => {
  const [picture, stage] = [
    { width: 500, height: 1000 },
    { width: 500, height: 500 },
  ];
  expect(moreOf(picture, stage, { x: 0, y: 0, k: 0.5 })).toBe("");
  expect(moreOf(picture, stage, { x: 0, y: 0, k: 1 })).toBe("↓");
  expect(moreOf(picture, stage, { x: -20, y: -20, k: 2 })).toBe("←↑↓→");
});

test("what has the focus is brought into sight, its beginning first", () => {
  expect([nudge(20, 60, 100), nudge(-30, 10, 100), nudge(90, 130, 100), nudge(50, 300, 100)]).toEqual([
    0, 38, -38, -42,
  ]);
});
