/** What the reader has chosen to see of the flow; nothing of it comes from the kernel. */
import type { FlowScene, Row } from "./flow_scene.ts";

export type Choice = {
  readonly text: string;
  readonly kind: string;
  readonly component: string;
  readonly correlation: string;
  /** Keys of the groups that are unfolded. */
  readonly opened: ReadonlySet<string>;
};

export const EVERYTHING: Choice = { text: "", kind: "", component: "", correlation: "", opened: new Set() };

export const isEverything = (choice: Choice): boolean =>
  choice.text === "" && choice.kind === "" && choice.component === "" && choice.correlation === "";

/** What another picture asks to be shown: the traffic of a component, of one of its handlers, or of a payload. */
export const choiceFor = (target: string, scene: Pick<FlowScene, "lifelines">): Choice => {
  const [component = "", method = ""] = target.split(".");
  return scene.lifelines.some((one) => one.name === component)
    ? { ...EVERYTHING, component, text: method }
    : { ...EVERYTHING, text: target };
};

export const isChosen = (row: Row, choice: Choice): boolean => {
  if (row.type === "gap") {
    return isEverything(choice);
  }
  const { hop } = row;
  const text = choice.text.toLowerCase();
  return (
    (choice.kind === "" || hop.kind === choice.kind || (choice.kind === "view" && hop.view !== "")) &&
    (choice.component === "" || hop.source === choice.component || hop.target === choice.component) &&
    (choice.correlation === "" || hop.correlation === choice.correlation) &&
    (text === "" || `${hop.name} ${hop.handler} ${hop.outcome} ${hop.view}`.toLowerCase().includes(text))
  );
};

/** Kinds to choose from: of messages, and views where a reply carried one. */
export const kindsIn = (scene: FlowScene): readonly string[] => {
  const kinds = new Set<string>();
  for (const row of scene.rows) {
    if (row.type === "hop") {
      kinds.add(row.hop.kind);
      if (row.hop.view !== "") {
        kinds.add("view");
      }
    }
  }
  return [...kinds].sort();
};

/** Flows to choose from. */
export const LISTED = 50;

export type Flow = {
  readonly correlation: string;
  readonly name: string;
  readonly hops: number;
  readonly failed: number;
};

/** The flows that began last, newest first; the chosen one is always among them. */
export const flowsIn = (scene: FlowScene, chosen: string): readonly Flow[] => {
  const flows = new Map<string, Flow>();
  for (const row of scene.rows) {
    if (row.type === "hop") {
      const { hop } = row;
      const known = flows.get(hop.correlation) ?? { correlation: hop.correlation, name: hop.name, hops: 0, failed: 0 };
      const failed = known.failed + (hop.outcome === "" ? 0 : 1);
      flows.set(hop.correlation, { ...known, hops: known.hops + 1, failed });
    }
  }
  const newest = [...flows.values()].reverse();
  return newest.filter((flow, place) => place < LISTED || flow.correlation === chosen);
};
