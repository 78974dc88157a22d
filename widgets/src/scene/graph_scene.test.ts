import { describe, expect, test } from "vitest";
import type { EdgeFacts } from "../protocol/generated/graph.ts";
import { EMPTY, edgesAt, fromModel, hidden, keyOf, related, untried, withGraphNews } from "./graph_scene.ts";

const EDGES = [
  { source: "PlaceCommand", target: "Order.place" },
  { source: "Order.place", target: "PlacedEvent" },
  { source: "PlacedEvent", target: "Board.placed" },
  { source: "OtherCommand", target: "Order.other" },
];
const facts = (source: string, target: string, count: number, failed = 0): EdgeFacts => ({
  source,
  target,
  count,
  failed,
  rate: 0,
  p50: 0,
  p95: 0,
  lag: 0,
  label: "",
});
const scene = fromModel(EMPTY, {
  kind: "model",
  pictures: [{ svg: "<svg/>", width: 500 }],
  legible: 0.84,
  components: ["Order"],
  payloads: ["PlaceCommand"],
  edges: [
    { source: "PlaceCommand", target: "Order.place", kind: "handles", declared: true, seen: true },
    { source: "OtherCommand", target: "Order.other", kind: "handles", declared: true, seen: false },
    { source: "Spy.on", target: "PlaceCommand", kind: "sends", declared: false, seen: true },
  ],
  traffic: [facts("PlaceCommand", "Order.place", 2)],
});

describe("what was seen, laid over what is declared", () => {
  test("is told edge by edge", () => {
    expect(untried(scene).map(keyOf)).toEqual(["OtherCommand → Order.other"]);
    expect(hidden(scene).map(keyOf)).toEqual(["Spy.on → PlaceCommand"]);
  });

  test("a node has its own edges, a component those of its handlers", () => {
    expect(edgesAt(scene, "Order.place").map((one) => one.source)).toEqual(["PlaceCommand"]);
    expect(edgesAt(scene, "Order").map((one) => one.target)).toEqual(["Order.place", "Order.other"]);
    expect(edgesAt(scene, "Ord")).toEqual([]);
  });
});

test("a node lights up all that leads to it and all that follows, not its neighbours", () => {
  expect([...related(EDGES, "PlacedEvent")].sort()).toEqual([
    "Board",
    "Board.placed",
    "Order",
    "Order.place",
    "PlaceCommand",
    "PlacedEvent",
  ]);
  expect(related(EDGES, "Order").has("OtherCommand")).toBe(true);
});

test("an edge pulses in the frame in which something has passed it", () => {
  const traffic = [facts("PlaceCommand", "Order.place", 3), facts("Spy.on", "PlaceCommand", 1, 1)];
  const news = withGraphNews(scene, { kind: "news", edges: null, traffic });
  expect(news.edges).toBe(scene.edges);
  expect([...news.pulses]).toEqual([
    ["PlaceCommand → Order.place", "passed"],
    ["Spy.on → PlaceCommand", "failed"],
  ]);
  expect(withGraphNews(news, { kind: "news", edges: null, traffic }).pulses.size).toBe(0);
});
