import { expect, test } from "vitest";
import type { EdgeFacts, GraphEdge } from "../protocol/generated/graph.ts";
import { isAlarming, linesOf, overlaid } from "./edge_words.ts";

const EDGE: GraphEdge = { source: "C", target: "A.do", kind: "handles", declared: true, seen: true };
const QUIET: EdgeFacts = {
  source: "C",
  target: "A.do",
  count: 6,
  failed: 0,
  rate: 0,
  p50: 0.012,
  p95: 1.5,
  lag: 0,
  label: "6× 12 µs",
};

test("beside it stands all that is known", () => {
  expect(linesOf(EDGE, QUIET)).toEqual(["6 messages", "p50 12 µs, p95 1.5 ms"]);
  expect(linesOf({ ...EDGE, seen: false }, { ...QUIET, count: 0, lag: 4 })).toEqual([
    "declared, never seen",
    "4 events behind",
  ]);
  expect(linesOf(EDGE, { ...QUIET, count: 1, rate: 2.5, p50: 0 })).toEqual(["1 message, 2.5/s of late"]);
  expect(linesOf({ ...EDGE, declared: false }, { ...QUIET, failed: 1, p50: 0 })).toEqual([
    "seen, not declared",
    "6 messages",
    "1 refused or failed",
  ]);
});

test("what has failed or lags is alarming", () => {
  expect([undefined, QUIET, { ...QUIET, failed: 1 }, { ...QUIET, lag: 1 }].map(isAlarming)).toEqual([
    false,
    false,
    true,
    true,
  ]);
});

test("an edge over the picture leaves and arrives at the sides that face each other", () => {
  const [left, right] = [
    { x: 0, y: 0, width: 100, height: 20 },
    { x: 200, y: 40, width: 50, height: 20 },
  ];
  expect(overlaid(left, right)).toBe("M100.0 10.0C150.0 10.0 150.0 50.0 200.0 50.0m-7 -4l7 4l-7 4");
  expect(overlaid(right, left)).toBe("M200.0 50.0C150.0 50.0 150.0 10.0 100.0 10.0m7 -4l-7 4l7 4");
});
