/** What the reader has chosen to see of the flow; nothing of it comes from the kernel. */
import type { FlowScene, Row } from "./flow_scene.ts";

export type Choice = {
  readonly text: string;
  readonly kind: string;
  readonly component: string;
  readonly correlation: string;
  readonly opened: ReadonlySet<string>;
};

export const EVERYTHING: Choice = { text: "", kind: "", component: "", correlation: "", opened: new Set() };

export const isEverything = (choice: Choice): boolean =>
  choice.text === "" && choice.kind === "" && choice.component === "" && choice.correlation === "";

export const isChosen = (row: Row, choice: Choice): boolean => {
  if (row.type === "gap") {
    return isEverything(choice);
  }
  const { hop } = row;
  const text = choice.text.toLowerCase();
  return (
    (choice.kind === "" || hop.kind === choice.kind) &&
    (choice.component === "" || hop.source === choice.component || hop.target === choice.component) &&
    (choice.correlation === "" || hop.correlation === choice.correlation) &&
    (text === "" || `${hop.name} ${hop.handler} ${hop.outcome}`.toLowerCase().includes(text))
  );
};

/** More rows than this are shown as one group for each flow. */
export const GROUP_ABOVE = 200;

export type Shown = Row | { readonly type: "group"; readonly correlation: string; readonly rows: readonly Row[] };

/** The rows to draw: all of them, or, where there are many, each flow folded into one row until it is opened. */
export const shownRows = (scene: FlowScene, choice: Choice): readonly Shown[] => {
  const rows = scene.rows.filter((row) => isChosen(row, choice));
  if (rows.length <= GROUP_ABOVE) {
    return rows;
  }
  const shown: Shown[] = [];
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    if (row.type === "gap") {
      shown.push(row);
      continue;
    }
    const known = groups.get(row.hop.correlation);
    if (known) {
      known.push(row);
      continue;
    }
    const group: Row[] = [row];
    groups.set(row.hop.correlation, group);
    shown.push({ type: "group", correlation: row.hop.correlation, rows: group });
  }
  return shown.flatMap((one): readonly Shown[] => {
    if (one.type !== "group") {
      return [one];
    }
    if (one.rows.length === 1) {
      return one.rows;
    }
    return choice.opened.has(one.correlation) ? [one, ...one.rows] : [one];
  });
};
