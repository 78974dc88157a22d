import { expect, it } from "vitest";
import { share, sparkline } from "./sparkline.ts";
import { tableOf } from "./view_table.ts";

const texts = (view: unknown): unknown => {
  const { columns, rows } = tableOf(view);
  return [columns, rows.map((row) => row.map((cell) => (cell.table ? "table" : cell.text)))];
};

it("has a row for each view of a list, with the columns of all", () => {
  expect(texts([{ a: 1 }, { a: null, b: "x" }])).toEqual([
    ["a", "b"],
    [
      ["1", "nothing"],
      ["nothing", "x"],
    ],
  ]);
});

it("has a row for each field of a single view, and tables inside", () => {
  expect(texts({ name: "", todos: [{ t: 1 }], tags: [], pair: [1, 2] })).toEqual([
    ["field", "value"],
    [
      ["name", "empty text"],
      ["todos", "table"],
      ["tags", "none"],
      ["pair", "[1,2]"],
    ],
  ]);
});

it("says what was left out of a long list", () => {
  expect(texts([{ a: 1, b: 2 }, "… and 3 more"])).toEqual([
    ["a", "b"],
    [
      ["1", "2"],
      ["… and 3 more", ""],
    ],
  ]);
});

it("draws the newest value at the right edge, and nothing without values", () => {
  expect(sparkline([], 60, 60, 22)).toBe("");
  expect(sparkline([0, 10, 5], 61, 60, 22)).toBe("M58.0 21.0 L59.0 1.0 L60.0 11.0");
});

it("has one column where nothing has fields", () => {
  expect(texts(["a", 2])).toEqual([["value"], [["a"], ["2"]]]);
  expect(texts("alone")).toEqual([["value"], [["alone"]]]);
});

it("tells how far a consumer has come, between nothing and all", () => {
  expect([share(0, 0), share(5, 10), share(12, 10), share(-1, 10)]).toEqual([1, 0.5, 1, 0]);
});
