import { describe, expect, test } from "vitest";
import { EMPTY, fromModel, hidden, isTried, pulseOf, related, untried, withGraphNews } from "./graph_scene.ts";

const EDGES = [
  { source: "PlaceCommand", target: "Order.place" },
  { source: "Order.place", target: "PlacedEvent" },
  { source: "PlacedEvent", target: "Board.placed" },
  { source: "OtherCommand", target: "Order.other" },
];
const SEEN = [
  { component: "Order", interaction: "handles", payload: "PlaceCommand", declared: true, seen: true },
  { component: "Order", interaction: "handles", payload: "OtherCommand", declared: true, seen: false },
  { component: "Spy", interaction: "sends", payload: "PlaceCommand", declared: false, seen: true },
];
const scene = fromModel(EMPTY, {
  kind: "model",
  svg: "<svg/>",
  components: ["Order"],
  payloads: ["PlaceCommand"],
  interactions: SEEN,
  metrics: {},
  lags: {},
});

describe("what was seen, laid over what is declared", () => {
  test("untried and hidden interactions are told apart", () => {
    expect(untried(scene).map((one) => one.payload)).toEqual(["OtherCommand"]);
    expect(hidden(scene).map((one) => one.component)).toEqual(["Spy"]);
  });

  test("an edge is tried once its component had to do with its payload", () => {
    expect(EDGES.map((edge) => isTried(scene, edge))).toEqual([true, false, false, false]);
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

test("news bring pulses for this frame only and keep what they do not mention", () => {
  const news = withGraphNews(scene, {
    kind: "news",
    pulses: [{ component: "Order", payload: "PlaceCommand", count: 3, failed: 1 }],
    interactions: null,
    metrics: {},
    lags: { Board: 2 },
  });
  expect(news.interactions).toBe(scene.interactions);
  expect(EDGES.map((edge) => pulseOf(news, edge)?.count)).toEqual([3, undefined, undefined, undefined]);
  expect(withGraphNews(news, { ...news, kind: "news", pulses: [] }).pulses).toEqual([]);
});
