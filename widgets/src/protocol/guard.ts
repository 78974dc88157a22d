/** Guards: what arrives is looked at here once, so that everything behind may rely on its type. */

/** Whether a value, as JSON has it, is of a type: exactly its fields, each of its own type. */
export type Guard<T> = (value: unknown) => value is T;

/** What a frame or an intent says; its kind tells which type it is of. */
export type Body = { readonly kind: string; readonly [name: string]: unknown };

/** Levels of a type that holds itself; what is deeper is refused rather than followed to the end of the stack. */
const DEEPEST = 100;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const isText: Guard<string> = (value) => typeof value === "string";
export const isBool: Guard<boolean> = (value) => typeof value === "boolean";
export const isWhole: Guard<number> = (value): value is number => Number.isInteger(value);
export const isNumber: Guard<number> = (value): value is number => Number.isFinite(value);
export const isNull: Guard<null> = (value) => value === null;
export const isAnything: Guard<unknown> = (_value): _value is unknown => true;
export const isBody: Guard<Body> = (value): value is Body =>
  isObject(value) && Object.hasOwn(value, "kind") && isText(value.kind);

export const literal =
  <T extends string>(...values: readonly T[]): Guard<T> =>
  (value): value is T =>
    (values as readonly unknown[]).includes(value);

export const listOf =
  <T>(inner: Guard<T>): Guard<readonly T[]> =>
  (value): value is readonly T[] =>
    Array.isArray(value) && value.every(inner);

export const mapOf =
  <T>(inner: Guard<T>): Guard<{ readonly [name: string]: T }> =>
  (value): value is { readonly [name: string]: T } =>
    isObject(value) && Object.values(value).every(inner);

export const either =
  <T extends readonly unknown[]>(...guards: { readonly [K in keyof T]: Guard<T[K]> }): Guard<T[number]> =>
  (value): value is T[number] =>
    guards.some((guard) => guard(value));

export const record = <T extends object>(fields: { readonly [K in keyof T]: Guard<T[K]> }): Guard<T> => {
  const known = Object.entries(fields) as [string, Guard<unknown>][];
  return (value): value is T =>
    isObject(value) &&
    Object.keys(value).length === known.length &&
    known.every(([name, guard]) => Object.hasOwn(value, name) && guard(value[name]));
};

/** The guard of a type that holds itself. */
export const recursive = <T>(inner: () => Guard<T>): Guard<T> => {
  let depth = 0;
  return (value): value is T => {
    if (depth === DEEPEST) {
      return false;
    }
    depth += 1;
    try {
      return inner()(value);
    } finally {
      depth -= 1;
    }
  };
};
