/** Drafts: what a reader has filled into a form so far, as the screen keeps it; and the JSON text it stands for. */
import type { FormNode, InputProblem } from "../protocol/generated/console.ts";

/** A place in a form: names of fields, numbers of items. */
export type Path = InputProblem["path"];

export type Draft =
  | { readonly t: "text"; readonly text: string }
  | { readonly t: "bool"; readonly on: boolean }
  | { readonly t: "choice"; readonly index: number }
  | { readonly t: "const" }
  | { readonly t: "object"; readonly fields: { readonly [name: string]: Draft } }
  | { readonly t: "list"; readonly items: readonly Draft[] }
  | { readonly t: "map"; readonly entries: readonly { readonly key: Draft; readonly value: Draft }[] }
  | { readonly t: "optional"; readonly inner: Draft | null }
  | { readonly t: "union"; readonly branch: number; readonly inner: Draft };

const SHAPE: { readonly [control: string]: Draft["t"] } = {
  bool: "bool",
  choice: "choice",
  const: "const",
  object: "object",
  list: "list",
  tuple: "list",
  map: "map",
  optional: "optional",
  union: "union",
};
const shapeOf = (node: FormNode): Draft["t"] => SHAPE[node.control] ?? "text";
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const first = (node: FormNode): FormNode => {
  const inner = node.nodes[0];
  if (!inner) {
    throw new Error(`a form's ${node.control} has nothing inside`);
  }
  return inner;
};
/** Text becomes a field of its own name, whatever that is. */
const record = (entries: readonly (readonly [string, Draft])[]): { readonly [name: string]: Draft } =>
  Object.fromEntries(entries);

/** An empty form: what has a default is left out, lists have as many items as they must. */
export const fresh = (node: FormNode): Draft => {
  switch (shapeOf(node)) {
    case "bool":
      return { t: "bool", on: false };
    case "choice":
      return { t: "choice", index: -1 };
    case "const":
      return { t: "const" };
    case "object":
      return {
        t: "object",
        fields: record(node.nodes.flatMap((one) => (one.required ? [[one.name, fresh(one)] as const] : []))),
      };
    case "list":
      return node.control === "tuple"
        ? { t: "list", items: node.nodes.map(fresh) }
        : { t: "list", items: Array.from({ length: Math.min(node.least, 20) }, () => fresh(first(node))) };
    case "map":
      return { t: "map", entries: [] };
    case "optional":
      return { t: "optional", inner: null };
    case "union":
      return { t: "union", branch: 0, inner: fresh(first(node)) };
    default:
      return { t: "text", text: "" };
  }
};

const suits = (node: FormNode, value: unknown): boolean => {
  switch (node.control) {
    case "integer":
      return typeof value === "number"
        ? Number.isInteger(value)
        : typeof value === "string" && LONG_NUMERAL.test(value);
    case "number":
      return typeof value === "number";
    case "bool":
      return typeof value === "boolean";
    case "list":
    case "tuple":
      return Array.isArray(value);
    case "object":
      return isRecord(value) && node.nodes.every((one) => one.control !== "const" || same(one, value[one.name]));
    case "map":
      return isRecord(value);
    case "choice":
    case "const":
      return same(node, value);
    case "json":
      return true;
    default:
      return typeof value === "string";
  }
};
const same = (node: FormNode, value: unknown): boolean =>
  node.choices.some((choice) => JSON.stringify(choice.value) === JSON.stringify(value));

/** A JSON text's value, in which a number the page would round is its numeral as text. */
export const exactly = (text: string): unknown =>
  JSON.parse(text, (_name: string, value: unknown, place?: { readonly source?: string }) =>
    typeof value === "number" &&
    place?.source !== undefined &&
    (Number.isInteger(value) ? !Number.isSafeInteger(value) : !Number.isFinite(value))
      ? place.source
      : value,
  );
const LONG_NUMERAL = /^-?\d{16,}$/;

/** A form filled in with a JSON value, e.g. a default. */
export const filled = (node: FormNode, value: unknown): Draft => {
  switch (shapeOf(node)) {
    case "bool":
      return { t: "bool", on: value === true };
    case "choice":
      return {
        t: "choice",
        index: node.choices.findIndex((choice) => JSON.stringify(choice.value) === JSON.stringify(value)),
      };
    case "const":
      return { t: "const" };
    case "object":
      return isRecord(value)
        ? {
            t: "object",
            fields: record(
              node.nodes.flatMap((one) => {
                const given = value[one.name];
                return given === undefined ? [] : [[one.name, filled(one, given)] as const];
              }),
            ),
          }
        : fresh(node);
    case "list":
      if (!Array.isArray(value)) {
        return fresh(node);
      }
      return {
        t: "list",
        items:
          node.control === "tuple"
            ? node.nodes.map((one, place) => filled(one, value[place]))
            : value.map((one) => filled(first(node), one)),
      };
    case "map": {
      const [key, inner] = node.nodes;
      return {
        t: "map",
        entries:
          isRecord(value) && key && inner
            ? Object.entries(value).map(([name, one]) => ({ key: filled(key, name), value: filled(inner, one) }))
            : [],
      };
    }
    case "optional":
      return { t: "optional", inner: value === null || value === undefined ? null : filled(first(node), value) };
    case "union": {
      const branch = Math.max(
        node.nodes.findIndex((one) => suits(one, value)),
        0,
      );
      return { t: "union", branch, inner: filled(node.nodes[branch] ?? first(node), value) };
    }
    default:
      if (value === null || value === undefined) {
        return { t: "text", text: "" };
      }
      return {
        t: "text",
        text: typeof value === "string" && node.control !== "json" ? value : JSON.stringify(value, null, 2),
      };
  }
};

/** A draft that was kept, as far as it still fits the form; definitions change while a reader fills them in. */
export const adapted = (node: FormNode, kept: unknown): Draft => {
  if (!isRecord(kept) || kept.t !== shapeOf(node)) {
    return fresh(node);
  }
  const draft = kept as unknown as Draft;
  switch (draft.t) {
    case "text":
      return typeof draft.text === "string" ? draft : fresh(node);
    case "choice":
      return draft.index < node.choices.length ? draft : fresh(node);
    case "object":
      return {
        t: "object",
        fields: record(
          node.nodes.flatMap((one) => {
            const field = isRecord(draft.fields) ? draft.fields[one.name] : undefined;
            return field === undefined
              ? one.required
                ? [[one.name, fresh(one)] as const]
                : []
              : [[one.name, adapted(one, field)] as const];
          }),
        ),
      };
    case "list":
      if (!Array.isArray(draft.items)) {
        return fresh(node);
      }
      return node.control === "tuple"
        ? { t: "list", items: node.nodes.map((one, place) => adapted(one, draft.items[place])) }
        : { t: "list", items: draft.items.map((one) => adapted(first(node), one)) };
    case "map": {
      const [key, value] = node.nodes;
      return Array.isArray(draft.entries) && key && value
        ? {
            t: "map",
            entries: draft.entries.map((one) => ({ key: adapted(key, one?.key), value: adapted(value, one?.value) })),
          }
        : fresh(node);
    }
    case "optional":
      return { t: "optional", inner: draft.inner === null ? null : adapted(first(node), draft.inner) };
    case "union": {
      const branch = node.nodes[draft.branch];
      return branch ? { t: "union", branch: draft.branch, inner: adapted(branch, draft.inner) } : fresh(node);
    }
    default:
      return draft;
  }
};

export type Written = {
  readonly text: string;
  readonly branches: readonly { readonly path: Path; readonly branch: number }[];
  /** Places where an editor holds what is no JSON; there is nothing to ask pydantic then. */
  readonly broken: readonly { readonly path: Path; readonly text: string }[];
};

const NUMERAL = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;

/** The JSON text of a draft. Numbers are written as typed, so that no digit is lost to the page's own numbers. */
export const written = (root: FormNode, draft: Draft): Written => {
  const branches: { path: Path; branch: number }[] = [];
  const broken: { path: Path; text: string }[] = [];
  /** Undefined: left out. */
  const write = (node: FormNode, one: Draft, path: Path): string | undefined => {
    switch (one.t) {
      case "text":
        return leaf(node, one.text, path);
      case "bool":
        return String(one.on);
      case "choice": {
        const choice = node.choices[one.index];
        return choice ? JSON.stringify(choice.value) : undefined;
      }
      case "const":
        return JSON.stringify(node.choices[0]?.value ?? null);
      case "object": {
        const parts = node.nodes.flatMap((field) => {
          const given = one.fields[field.name] ?? (field.control === "const" ? ({ t: "const" } as const) : undefined);
          const text = given === undefined ? undefined : write(field, given, [...path, field.name]);
          return text === undefined ? [] : [`${JSON.stringify(field.name)}: ${text}`];
        });
        return `{${parts.join(", ")}}`;
      }
      case "list": {
        const items = one.items.map((item, place) => {
          const inner = node.control === "tuple" ? node.nodes[place] : first(node);
          return inner ? (write(inner, item, [...path, place]) ?? '""') : "null";
        });
        return `[${items.join(", ")}]`;
      }
      case "map": {
        const [key, value] = node.nodes;
        const parts = one.entries.map((entry) => {
          const name = key ? nameOf(key, entry.key) : "";
          const text = value ? write(value, entry.value, [...path, name]) : undefined;
          return `${JSON.stringify(name)}: ${text ?? '""'}`;
        });
        return `{${parts.join(", ")}}`;
      }
      case "optional":
        return one.inner === null ? "null" : (write(first(node), one.inner, path) ?? '""');
      case "union": {
        branches.push({ path, branch: one.branch });
        const inner = node.nodes[one.branch];
        return inner ? write(inner, one.inner, path) : undefined;
      }
    }
  };
  const leaf = (node: FormNode, text: string, path: Path): string | undefined => {
    const control = node.control;
    if (control === "json") {
      if (text.trim() === "") {
        return undefined;
      }
      try {
        JSON.parse(text);
      } catch (error) {
        broken.push({ path, text: `This is no JSON yet: ${error instanceof Error ? error.message : ""}` });
        return "null";
      }
      return text;
    }
    if (control === "text" || control === "long_text" || control === "secret" || control === "bytes") {
      return JSON.stringify(text);
    }
    const trimmed = text.trim();
    if (trimmed === "") {
      return undefined;
    }
    return (control === "integer" || control === "number") && NUMERAL.test(trimmed) ? trimmed : JSON.stringify(trimmed);
  };
  return { text: write(root, draft, []) ?? "null", branches, broken };
};

/** The key of a map's entry, as JSON spells it. */
export const nameOf = (node: FormNode, key: Draft): string => {
  const value = written(node, key).text;
  try {
    const parsed: unknown = JSON.parse(value);
    return typeof parsed === "string" ? parsed : value;
  } catch {
    return value;
  }
};
