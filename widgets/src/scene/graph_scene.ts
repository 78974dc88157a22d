/** What is known of the graph: the declared picture, what was seen of it, measurements, and the newest pulses. */
import type { CatalogMetric } from "../protocol/generated/catalog.ts";
import type { GraphInteraction, GraphModel, GraphNews, Pulse } from "../protocol/generated/graph.ts";

export type GraphScene = {
  readonly svg: string;
  readonly nodes: readonly string[];
  readonly interactions: readonly GraphInteraction[];
  readonly metrics: Readonly<Record<string, CatalogMetric>>;
  readonly lags: Readonly<Record<string, number>>;
  readonly pulses: readonly Pulse[];
  readonly round: number;
};

export const EMPTY: GraphScene = {
  svg: "",
  nodes: [],
  interactions: [],
  metrics: {},
  lags: {},
  pulses: [],
  round: 0,
};

export const fromModel = (scene: GraphScene, body: GraphModel): GraphScene => ({
  svg: body.svg,
  nodes: [...body.components, ...body.payloads],
  interactions: body.interactions,
  metrics: body.metrics,
  lags: body.lags,
  pulses: [],
  round: scene.round + 1,
});

export const withGraphNews = (scene: GraphScene, body: GraphNews): GraphScene => ({
  ...scene,
  interactions: body.interactions ?? scene.interactions,
  metrics: body.metrics,
  lags: body.lags,
  pulses: body.pulses,
  round: scene.round + 1,
});

export const hidden = (scene: GraphScene): readonly GraphInteraction[] =>
  scene.interactions.filter((one) => one.seen && !one.declared);
export const untried = (scene: GraphScene): readonly GraphInteraction[] =>
  scene.interactions.filter((one) => one.declared && !one.seen);

/** An edge of the picture: a handler's id on one side, a payload's name on the other. */
export type Edge = { readonly source: string; readonly target: string };

export const componentOf = (node: string): string => node.split(".")[0] ?? node;

/** Everything up- or downstream of a node; a component stands for its handlers. */
export const related = (edges: readonly Edge[], node: string): ReadonlySet<string> => {
  const found = new Set<string>();
  const walk = (starts: readonly string[], step: (edge: Edge) => readonly [string, string]): void => {
    const waiting = [...starts];
    const met = new Set(starts);
    while (waiting.length > 0) {
      const here = waiting.pop();
      for (const edge of edges) {
        const [from, to] = step(edge);
        if (from === here && !met.has(to)) {
          met.add(to);
          waiting.push(to);
        }
      }
    }
    for (const one of met) {
      found.add(one);
      found.add(componentOf(one));
    }
  };
  const starts = [
    node,
    ...new Set(edges.flatMap((edge) => [edge.source, edge.target]).filter((one) => one.startsWith(`${node}.`))),
  ];
  walk(starts, (edge) => [edge.source, edge.target]);
  walk(starts, (edge) => [edge.target, edge.source]);
  return found;
};

/** Whether an edge of the picture has been seen: its component had to do with its payload. */
export const isTried = (scene: GraphScene, edge: Edge): boolean =>
  scene.interactions.some(
    (one) =>
      one.seen &&
      ((one.payload === edge.target && one.component === componentOf(edge.source)) ||
        (one.payload === edge.source && one.component === componentOf(edge.target))),
  );

export const pulseOf = (scene: GraphScene, edge: Edge): Pulse | undefined =>
  scene.pulses.find(
    (one) =>
      (one.payload === edge.target && one.component === componentOf(edge.source)) ||
      (one.payload === edge.source && one.component === componentOf(edge.target)),
  );
