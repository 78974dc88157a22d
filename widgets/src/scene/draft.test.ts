import { describe, expect, it } from "vitest";
import type { Control, FormNode } from "../protocol/generated/console.ts";
import { adapted, type Draft, filled, fresh, written } from "./draft.ts";

const node = (control: Control, rest: Partial<FormNode> = {}): FormNode => ({
  control,
  name: "",
  label: control,
  description: "",
  hint: "",
  required: true,
  has_default: false,
  default: null,
  role: "",
  choices: [],
  nodes: [],
  least: 0,
  most: -1,
  ...rest,
});
const object = (...nodes: FormNode[]): FormNode => node("object", { nodes });
const text = (value: string): Draft => ({ t: "text", text: value });

describe("what a form stands for, as JSON text", () => {
  it("leaves out what has a default until somebody gives it", () => {
    const form = object(node("text", { name: "a" }), node("text", { name: "b", required: false }));

    expect(written(form, fresh(form)).text).toBe('{"a": ""}');
    expect(written(form, { t: "object", fields: { a: text("x"), b: text("") } }).text).toBe('{"a": "x", "b": ""}');
  });

  it.each([
    ["integer", "9007199254740993", "9007199254740993"],
    ["integer", "007", '"007"'],
    ["integer", "many", '"many"'],
    ["number", "1e400", "1e400"],
    ["number", "inf", '"inf"'],
    ["decimal", "1.10", '"1.10"'],
    ["text", '<b>"', '"<b>\\""'],
    ["date", " 2026-01-31 ", '"2026-01-31"'],
    ["json", '{"a": 1.0}', '{"a": 1.0}'],
  ] as const)("writes %s %s as %s", (control, typed, expected) => {
    expect(written(node(control), text(typed)).text).toBe(expected);
  });

  it("leaves an empty number out, so that pydantic misses it", () => {
    expect(written(object(node("integer", { name: "n" })), { t: "object", fields: { n: text(" ") } }).text).toBe("{}");
  });

  it("tells where an editor holds what is no JSON", () => {
    const form = object(node("json", { name: "any" }));
    const { text: json, broken } = written(form, { t: "object", fields: { any: text("{nope") } });

    expect(json).toBe('{"any": null}');
    expect(broken.map((one) => one.path)).toEqual([["any"]]);
  });

  it("tells which branch of a union was chosen, whatever lies around it", () => {
    const union = node("union", { nodes: [node("integer"), node("text")] });
    const form = object(node("list", { name: "l", nodes: [node("optional", { nodes: [union] })] }));
    const draft: Draft = {
      t: "object",
      fields: {
        l: { t: "list", items: [{ t: "optional", inner: { t: "union", branch: 1, inner: text("12") } }] },
      },
    };

    expect(written(form, draft)).toEqual({
      text: '{"l": ["12"]}',
      branches: [{ path: ["l", 0], branch: 1 }],
      broken: [],
    });
  });

  it("writes the keys of a map as JSON spells them", () => {
    const map = node("map", { nodes: [node("integer"), node("text")] });

    expect(written(map, { t: "map", entries: [{ key: text("7"), value: text("x") }] }).text).toBe('{"7": "x"}');
  });
});

describe("a form that is filled in", () => {
  const cat = object(
    node("const", { name: "kind", choices: [{ label: "cat", value: "cat" }] }),
    node("integer", { name: "n" }),
  );
  const dog = object(
    node("const", { name: "kind", choices: [{ label: "dog", value: "dog" }] }),
    node("text", { name: "n" }),
  );
  const form = object(
    node("union", { name: "pet", nodes: [cat, dog] }),
    node("optional", { name: "note", nodes: [node("text")] }),
    node("map", { name: "m", nodes: [node("text"), node("list", { nodes: [node("bool")] })] }),
    node("choice", {
      name: "c",
      choices: [
        { label: "a", value: "a" },
        { label: "2", value: 2 },
      ],
    }),
    node("tuple", { name: "t", nodes: [node("number"), node("json")] }),
  );
  const value = { pet: { kind: "dog", n: "Rex" }, note: "hi", m: { x: [true, false] }, c: 2, t: [1.5, { a: [null] }] };

  it("stands for the value it was filled in with", () => {
    expect(JSON.parse(written(form, filled(form, value)).text)).toEqual(value);
  });

  it("is kept as it is when it still fits, and emptied where it does not", () => {
    const draft = filled(form, value);

    expect(adapted(form, JSON.parse(JSON.stringify(draft)))).toEqual(draft);
    expect(adapted(object(node("bool", { name: "note" })), draft)).toEqual({
      t: "object",
      fields: { note: { t: "bool", on: false } },
    });
    expect(adapted(form, null)).toEqual(fresh(form));
    expect(adapted(form, { t: "object", fields: null })).toEqual(fresh(form));
  });

  it("takes names that mean something to JavaScript", () => {
    const odd = object(node("text", { name: "__proto__" }), node("text", { name: "constructor" }));
    const draft = adapted(odd, { t: "object", fields: JSON.parse('{"__proto__": {"t": "text", "text": "x"}}') });

    expect(JSON.parse(written(odd, draft).text)).toEqual(JSON.parse('{"__proto__": "x", "constructor": ""}'));
  });
});
