/** Where the lifelines stand: senders left, gateway and event store in the middle, consumers right. */
import type { Lifeline } from "../protocol/generated/flow.ts";
import type { FlowScene } from "../scene/flow_scene.ts";

export const OUTSIDE = "outside";
export const GATEWAY = "gateway";
export const STORE = "event store";
/** Between two lifelines: as wide as there is room for, but no narrower than a name needs. */
const LANE = { least: 100, most: 200 };
export const SIDE = 62;
/** Room for the clock, left of the first lifeline. */
export const CLOCK = 70;
/** Of a name in the head, in pixels. */
const CHARACTER = 7.4;

const ORDER = ["invoker", "service", GATEWAY, "aggregate", STORE, "projector", "projection", "saga", "observer"];

export type Lanes = {
  readonly x: ReadonlyMap<string, number>;
  readonly names: readonly Lifeline[];
  /** Between two lifelines. */
  readonly gap: number;
  readonly width: number;
  /** Which component handled a request, by the request's id: known once its reply is. */
  readonly handledBy: ReadonlyMap<string, string>;
  /** When a request was sent, by its id. */
  readonly sentAt: ReadonlyMap<string, number>;
  /** When it was answered, by its id. */
  readonly endedAt: ReadonlyMap<string, number>;
};

/** Only components that take part have a lane; they keep their order while more join. `room` is in pixels. */
export const lanesOf = (scene: Pick<FlowScene, "rows" | "lifelines">, room = 836): Lanes => {
  const seen = new Set<string>();
  const handledBy = new Map<string, string>();
  const sentAt = new Map<string, number>();
  const endedAt = new Map<string, number>();
  for (const row of scene.rows) {
    if (row.type === "hop") {
      seen.add(row.hop.source);
      seen.add(row.hop.target);
      if (row.hop.hop === "sent") {
        sentAt.set(row.hop.message, row.hop.at);
      } else if (row.hop.handler !== "" && row.hop.source !== GATEWAY) {
        handledBy.set(row.hop.message, row.hop.source);
        endedAt.set(row.hop.message, row.hop.at);
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
  const gap = Math.min(Math.max((room - CLOCK - 2 * SIDE) / gaps, LANE.least), LANE.most);
  const x = new Map(names.map((one, index) => [one.name, Math.round(CLOCK + SIDE + index * gap)]));
  return { x, names, gap, handledBy, sentAt, endedAt, width: Math.floor(CLOCK + 2 * SIDE + gaps * gap) };
};

const shortened = (text: string, most: number): string => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

/** A name as the head of a lane: in one line where it fits, else broken between two words, else cut. */
export const nameLines = (name: string, gap: number): readonly string[] => {
  const most = Math.floor((gap - 6) / CHARACTER);
  if (name.length <= most) {
    return [name];
  }
  const breaks = [...name.matchAll(/(?<=[a-z0-9])(?=[A-Z])/g)].map((found) => found.index);
  const nearest = breaks.toSorted((one, other) => Math.abs(2 * one - name.length) - Math.abs(2 * other - name.length));
  const at = nearest[0];
  return at === undefined
    ? [shortened(name, most)]
    : [shortened(name.slice(0, at), most), shortened(name.slice(at), most)];
};
