/** Where the lifelines stand: senders left, gateway and event store in the middle, consumers right. */
import type { Lifeline } from "../protocol/generated/flow.ts";
import type { FlowScene } from "../scene/flow_scene.ts";

export const OUTSIDE = "outside";
export const GATEWAY = "gateway";
export const STORE = "event store";
/** Between two lifelines: as wide as there is room for, but no narrower than a label needs. */
const LANE = { least: 118, most: 170 };
export const SIDE = 72;
/** Room for the clock, left of the first lifeline. */
export const CLOCK = 76;

const ORDER = ["invoker", "service", GATEWAY, "aggregate", STORE, "projector", "projection", "saga", "observer"];

export type Lanes = {
  readonly x: ReadonlyMap<string, number>;
  readonly names: readonly Lifeline[];
  readonly width: number;
  /** Which component handled a request, by the request's id: known once its reply is. */
  readonly handledBy: ReadonlyMap<string, string>;
};

/** Only components that take part have a lane; they keep their order while more join. `room` is in pixels. */
export const lanesOf = (scene: FlowScene, room = 836): Lanes => {
  const seen = new Set<string>();
  const handledBy = new Map<string, string>();
  for (const row of scene.rows) {
    if (row.type === "hop") {
      seen.add(row.hop.source);
      seen.add(row.hop.target);
      if (row.hop.hop !== "sent" && row.hop.handler !== "") {
        handledBy.set(row.hop.message, row.hop.source);
      }
    }
  }
  const kinds = new Map(scene.lifelines.map((one) => [one.name, one.kind]));
  const place = (name: string): number =>
    name === OUTSIDE ? -1 : ORDER.indexOf(name === GATEWAY || name === STORE ? name : (kinds.get(name) ?? "service"));
  const names = [...new Set([OUTSIDE, GATEWAY, STORE, ...seen])]
    .filter((name) => name !== "")
    .map((name) => ({ name, kind: kinds.get(name) ?? "" }))
    .sort((one, other) => place(one.name) - place(other.name) || one.name.localeCompare(other.name));
  const gaps = Math.max(names.length - 1, 1);
  const lane = Math.min(Math.max((room - CLOCK - 2 * SIDE) / gaps, LANE.least), LANE.most);
  const x = new Map(names.map((one, index) => [one.name, Math.round(CLOCK + SIDE + index * lane)]));
  return { x, names, handledBy, width: Math.floor(CLOCK + 2 * SIDE + gaps * lane) };
};
