import { expect, test } from "vitest";
import { EMPTY, REMEMBERED, sorted, withMeasurements } from "./performance_scene.ts";

const row = (handler: string, count: number, rate: number) => ({
  handler,
  kind: "aggregate",
  count,
  rate,
  failed: 0,
  p50: 1,
  p95: 2,
  longest: 3,
});

test("rates are remembered, no more than fit the chart", () => {
  let scene = EMPTY;
  for (let round = 0; round < REMEMBERED + 10; round += 1) {
    scene = withMeasurements(scene, { kind: "performance", handlers: [row("A.a", round, round)] });
  }
  expect(scene.rates.get("A.a")?.length).toBe(REMEMBERED);
  expect(scene.rates.get("A.a")?.at(-1)).toBe(REMEMBERED + 9);
});

test("rows are sorted by any column, by name where they are equal", () => {
  const rows = [row("B.b", 1, 5), row("A.a", 1, 9), row("C.c", 7, 1)];
  expect(sorted(rows, "count", true).map((one) => one.handler)).toEqual(["C.c", "A.a", "B.b"]);
  expect(sorted(rows, "rate", false).map((one) => one.handler)).toEqual(["C.c", "B.b", "A.a"]);
  expect(sorted(rows, "handler", true).map((one) => one.handler)).toEqual(["C.c", "B.b", "A.a"]);
});
