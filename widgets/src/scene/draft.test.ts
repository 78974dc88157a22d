import { describe, expect, it } from "vitest";
import type { Control, FormNode } from "../protocol/generated/console.ts";
import { adapted, type Draft, exactly, filled, fresh, written } from "./draft.ts";

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

describe("a value that is filled in", () => {
  const one = (value: unknown): FormNode["choices"] => [{ label: String(value), value }];
  const controls: readonly FormNode[] = [
    node("const", { choices: one("fixed") }),
    node("choice", { choices: one("red") }),
    node("integer"),
    node("number"),
    node("bool"),
    node("tuple", { nodes: [node("integer"), node("text")] }),
    object(node("const", { name: "kind", choices: one("cat") }), node("text", { name: "name" })),
    node("map", { nodes: [node("text"), node("integer")] }),
    node("text"),
    node("json"),
  ];
  const union = node("union", { nodes: controls });

  it.each([
    ["fixed", 0],
    ["red", 1],
    [7, 2],
    [7.5, 3],
    [true, 4],
    [[1, "a"], 5],
    [{ kind: "cat", name: "Mia" }, 6],
    [{ any: 1 }, 7],
    ["words", 8],
    [null, 9],
  ])("of a union %j goes to the branch that suits it", (value, branch) => {
    expect(filled(union, value)).toMatchObject({ t: "union", branch });
    expect(JSON.parse(written(union, filled(union, value)).text)).toEqual(value);
  });

  it.each([
    ["list", node("list", { nodes: [node("text")] }), { t: "list", items: [] }],
    ["object", object(), { t: "object", fields: {} }],
    ["map", node("map", { nodes: [node("text"), node("text")] }), { t: "map", entries: [] }],
    ["optional", node("optional", { nodes: [node("text")] }), { t: "optional", inner: null }],
    ["text", node("text"), text("")],
  ])("and is no %s leaves it empty", (_control, form, empty) => {
    expect(filled(form, null)).toEqual(empty);
  });

  it("of a form that has changed since is kept where it still fits", () => {
    const choice = node("choice", { choices: one("red") });
    expect(adapted(choice, { t: "choice", index: 3 })).toEqual(fresh(choice));
    expect(adapted(choice, { t: "choice", index: 0 })).toEqual({ t: "choice", index: 0 });
    expect(adapted(node("text"), { t: "text", text: 5 })).toEqual(text(""));
    expect(adapted(node("list", { nodes: [node("text")] }), { t: "list" })).toEqual({ t: "list", items: [] });
  });

  it("is no use where the form has nothing inside", () => {
    expect(() => filled(node("optional"), "x")).toThrow("has nothing inside");
  });
});

describe("what was sent before, filled in again", () => {
  it("keeps every digit of a number that the page's own would round", () => {
    const form = object(
      node("integer", { name: "n" }),
      node("number", { name: "x" }),
      node("union", { name: "u", nodes: [node("text"), node("integer")] }),
    );
    const sent = '{"n": -9007199254740993, "x": 0.25, "u": 7}';

    expect(written(form, filled(form, exactly(sent))).text).toBe(sent);
    expect(exactly("[1e400, 12, 9007199254740991]")).toEqual(["1e400", 12, 9007199254740991]);
  });

  it("takes a default that came as a numeral for the whole number it is", () => {
    const union = node("union", { nodes: [node("integer"), node("text")] });

    expect(filled(union, "9223372036854775807")).toEqual({ t: "union", branch: 0, inner: text("9223372036854775807") });
    expect(filled(union, "12")).toEqual({ t: "union", branch: 1, inner: text("12") });
  });
});
