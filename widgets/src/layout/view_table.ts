/** A view, or a list of them, as a table: rows for views, columns for fields; a single one has a row a field. */
export type Cell = { readonly text: string; readonly table: ViewTable | null; readonly quiet: boolean };
export type ViewTable = { readonly columns: readonly string[]; readonly rows: readonly (readonly Cell[])[] };

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const cellOf = (value: unknown): Cell => {
  if (value === null || value === undefined) {
    return { text: "nothing", table: null, quiet: true };
  }
  if (Array.isArray(value) && value.length > 0 && value.some(isRecord)) {
    return { text: "", table: tableOf(value), quiet: false };
  }
  if (Array.isArray(value) && value.length === 0) {
    return { text: "none", table: null, quiet: true };
  }
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return { text: text === "" ? "empty text" : text, table: null, quiet: text === "" };
};

export const tableOf = (view: unknown): ViewTable => {
  if (Array.isArray(view)) {
    const columns = [...new Set(view.flatMap((one) => (isRecord(one) ? Object.keys(one) : [])))];
    if (columns.length === 0) {
      return { columns: ["value"], rows: view.map((one) => [cellOf(one)]) };
    }
    return {
      columns,
      rows: view.map((one) =>
        isRecord(one)
          ? columns.map((column) => cellOf(one[column]))
          : [cellOf(one), ...columns.slice(1).map(() => ({ text: "", table: null, quiet: true }))],
      ),
    };
  }
  if (isRecord(view)) {
    const named = (name: string): Cell => ({ text: name, table: null, quiet: false });
    return { columns: ["field", "value"], rows: Object.entries(view).map(([name, one]) => [named(name), cellOf(one)]) };
  }
  return { columns: ["value"], rows: [[cellOf(view)]] };
};
