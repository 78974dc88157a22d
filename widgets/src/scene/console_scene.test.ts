import { expect, it } from "vitest";
import type { Call, PayloadEntry } from "../protocol/generated/console.ts";
import { fromConsole, grouped, keyOf, shownProblems, withConsoleNews } from "./console_scene.ts";

const call = (number: number, state: string): Call => ({
  call: number,
  name: "C",
  kind: "domain command",
  state,
  code: "",
  text: "",
  remedy: "",
  input: "{}",
  source: "",
  sent_at: "",
  took: 0,
  event: "",
  number: 0,
  aggregate_id: "",
  version: 0,
  view: null,
  rows: -1,
  caused: [],
  caused_more: 0,
});
const payload = (name: string, kind: string): PayloadEntry => ({
  name,
  kind,
  component: "Todo",
  answer: "",
  description: "",
  version: 1,
});

it("replaces calls by number, newest first, and keeps what can be sent until that changes", () => {
  const before = fromConsole({
    kind: "console",
    payloads: [payload("A", "query")],
    calls: [call(1, "pending")],
    selected: "",
  });
  const after = withConsoleNews(before, {
    kind: "console_news",
    payloads: null,
    calls: [call(1, "confirmed"), call(2, "pending")],
  });

  expect(after.calls.map((one) => [one.call, one.state])).toEqual([
    [2, "pending"],
    [1, "confirmed"],
  ]);
  expect(after.payloads).toBe(before.payloads);
});

it("remembers thirty calls", () => {
  const calls = Array.from({ length: 50 }, (_, place) => call(place, "confirmed"));

  expect(
    fromConsole({ kind: "console", payloads: [], calls, selected: "" })
      .calls.map((one) => one.call)
      .at(-1),
  ).toBe(20);
});

it("finds by name and component", () => {
  const payloads = [payload("AddCommand", "domain command"), payload("FindQuery", "query")];

  expect(grouped(payloads, " find").map((group) => group.kind)).toEqual(["query"]);
  expect(grouped(payloads, "todo")).toHaveLength(2);
});

it("keeps problems of places nobody has been to for later", () => {
  const problems = [
    { path: ["a"], text: "no a" },
    { path: ["b", 0], text: "no b" },
  ];

  expect(shownProblems(problems, new Set(), false).size).toBe(0);
  expect([...shownProblems(problems, new Set([keyOf(["b", 0])]), false).values()]).toEqual(["no b"]);
  expect(shownProblems(problems, new Set(), true).size).toBe(2);
});
