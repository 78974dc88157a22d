/** What is known of the graph: the declared picture, its edges and what has passed them. */
import type { EdgeFacts, GraphEdge, GraphModel, GraphNews, GraphPicture } from "../protocol/generated/graph.ts";

/** An edge of the picture: a handler's id on one side, a payload's name on the other. */
export type Edge = { readonly source: string; readonly target: string };
export type Pulse = "passed" | "failed";

export type GraphScene = {
  /** Of what is declared, widest first. */
  readonly pictures: readonly GraphPicture[];
  /** The smallest scale at which one can be read. */
  readonly legible: number;
  readonly nodes: readonly string[];
  readonly edges: readonly GraphEdge[];
  readonly traffic: ReadonlyMap<string, EdgeFacts>;
  /** Edges that something has passed since the last frame. */
  readonly pulses: ReadonlyMap<string, Pulse>;
  readonly round: number;
};

export const EMPTY: GraphScene = {
  pictures: [],
  legible: 1,
  nodes: [],
  edges: [],
  traffic: new Map(),
  pulses: new Map(),
  round: 0,
};

export const keyOf = (edge: Edge): string => `${edge.source} → ${edge.target}`;

const byEdge = (facts: readonly EdgeFacts[]): ReadonlyMap<string, EdgeFacts> =>
  new Map(facts.map((one) => [keyOf(one), one]));

export const fromModel = (scene: GraphScene, body: GraphModel): GraphScene => ({
  pictures: body.pictures,
  legible: body.legible,
  nodes: [...body.components, ...body.payloads],
  edges: body.edges,
  traffic: byEdge(body.traffic),
  pulses: new Map(),
  round: scene.round + 1,
});

export const withGraphNews = (scene: GraphScene, body: GraphNews): GraphScene => {
  const pulses = new Map<string, Pulse>();
  for (const one of body.traffic) {
    const before = scene.traffic.get(keyOf(one));
    if (one.failed > (before?.failed ?? 0)) {
      pulses.set(keyOf(one), "failed");
    } else if (one.count > (before?.count ?? 0)) {
      pulses.set(keyOf(one), "passed");
    }
  }
  return {
    ...scene,
    edges: body.edges ?? scene.edges,
    traffic: byEdge(body.traffic),
    pulses,
    round: scene.round + 1,
  };
};

export const hidden = (scene: GraphScene): readonly GraphEdge[] =>
  scene.edges.filter((one) => one.seen && !one.declared);
export const untried = (scene: GraphScene): readonly GraphEdge[] =>
  scene.edges.filter((one) => one.declared && !one.seen);

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

/** The edges that begin or end at a node; those of its handlers, where it is a component. */
export const edgesAt = (scene: GraphScene, node: string): readonly GraphEdge[] => {
  const isOf = (end: string): boolean => end === node || end.startsWith(`${node}.`);
  return scene.edges.filter((edge) => isOf(edge.source) || isOf(edge.target));
};
