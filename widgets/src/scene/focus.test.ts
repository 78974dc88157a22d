import { expect, test } from "vitest";
import { jump, keepFor, onJump } from "./focus.ts";

test("a jump reaches the part of its own session only, and says whether anybody took it", () => {
  const shown: string[] = [];
  const stop = onJump("s1", "graph", (target) => shown.push(target));

  expect(jump("s1", "graph", "OrderSaga")).toBe(true);
  expect(jump("s2", "graph", "Other")).toBe(false);
  expect(jump("s1", "flow", "Other")).toBe(false);
  stop();
  expect(jump("s1", "graph", "Late")).toBe(false);
  expect(shown).toEqual(["OrderSaga"]);
});

test("a target kept for a part is shown once, as soon as the part is there", () => {
  keepFor("s3", "console", "OrderCreateCommand");
  const shown: string[] = [];
  onJump("s3", "console", (target) => shown.push(target))();
  onJump("s3", "console", (target) => shown.push(`again ${target}`))();

  expect(shown).toEqual(["OrderCreateCommand"]);
});
