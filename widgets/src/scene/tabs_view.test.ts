import { expect, test } from "vitest";
import { firstOf, tabByKey, withFront } from "./tabs_view.ts";

const PARTS = ["graph", "flow", "console"];

test("a tab that was opened stays open behind the others", () => {
  const tabs = withFront(withFront(firstOf(PARTS), "console"), "graph");
  expect(tabs).toEqual({ front: "graph", opened: ["graph", "console"] });
});

test("arrows go round, Home and End to the ends", () => {
  expect(tabByKey(PARTS, "console", "ArrowRight")).toBe("graph");
  expect(tabByKey(PARTS, "graph", "ArrowLeft")).toBe("console");
  expect(tabByKey(PARTS, "flow", "End")).toBe("console");
  expect(tabByKey(PARTS, "flow", "Home")).toBe("graph");
  expect(tabByKey(PARTS, "flow", "x")).toBeNull();
});
