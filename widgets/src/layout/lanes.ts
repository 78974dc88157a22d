/** Where the lifelines stand: senders left, gateway and event store in the middle, consumers right. */
import type { Lifeline } from "../protocol/generated/flow.ts";
import type { FlowScene } from "../scene/flow_scene.ts";

export const OUTSIDE = "outside";
export const GATEWAY = "gateway";
export const STORE = "event store";
/** Between two lifelines: as wide as there is room for, but no narrower than a name in three lines needs. */
const LANE = { least: 72, most: 200 };
/** Beside the first and the last lifeline: no more than this, and where room is short half a lane and a little. */
const SIDE = { most: 62, beyond: 6 };
/** Room for the clock, left of the first lifeline. */
export const CLOCK = 70;
/** Of a name in the head, in pixels: in narrow lanes the letters are smaller. */
const CHARACTER = { usual: 7.4, small: 6.8 };
const NARROW = 90;
/** Of a name that are looked at when it is broken into lines. */
const MOST_WORDS = 12;

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
      } else if (row.hop.component !== "" && row.hop.source !== STORE && row.hop.target !== STORE) {
        seen.add(row.hop.component);
        handledBy.set(row.hop.message, row.hop.component);
        if (row.hop.source !== GATEWAY) {
          endedAt.set(row.hop.message, row.hop.at);
        }
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
  const gap = gapOf(names.length, room);
  const side = Math.min(SIDE.most, Math.floor(gap / 2) + SIDE.beyond);
  const x = new Map(names.map((one, index) => [one.name, Math.round(CLOCK + side + index * gap)]));
  const width = Math.floor(CLOCK + 2 * side + Math.max(names.length - 1, 1) * gap);
  return { x, names, gap, handledBy, sentAt, endedAt, width };
};

/** Between lifelines, of which there are so many: all in sight as long as they can be read. */
const gapOf = (count: number, room: number): number => {
  const roomy = (room - CLOCK - 2 * SIDE.most) / Math.max(count - 1, 1);
  const tight = (room - CLOCK - 2 * SIDE.beyond) / Math.max(count, 2);
  const isRoomy = roomy / 2 + SIDE.beyond >= SIDE.most;
  return Math.min(Math.max(isRoomy ? roomy : tight, LANE.least), LANE.most);
};

const shortened = (text: string, most: number): string => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

export const isNarrow = (gap: number): boolean => gap < NARROW;

/** Every way to write words in so many lines. */
const brokenInto = (words: readonly string[], lines: number): readonly (readonly string[])[] =>
  lines === 1
    ? [[words.join("")]]
    : words
        .slice(0, words.length - lines + 1)
        .flatMap((_, at) =>
          brokenInto(words.slice(at + 1), lines - 1).map((rest) => [words.slice(0, at + 1).join(""), ...rest]),
        );

const longest = (lines: readonly string[]): number => Math.max(...lines.map((line) => line.length));

/** A name as the head of a lane: in as few of three lines as it fits in, broken between words, else cut. */
export const nameLines = (name: string, gap: number): readonly string[] => {
  const most = Math.floor(isNarrow(gap) ? (gap - 4) / CHARACTER.small : (gap - 6) / CHARACTER.usual);
  const words = name.split(/(?<=[a-z0-9])(?=[A-Z])|(?<= )/).slice(0, MOST_WORDS);
  const shortest = [1, 2, 3]
    .filter((lines) => lines <= words.length)
    .map((lines) => brokenInto(words, lines).toSorted((one, other) => longest(one) - longest(other))[0] ?? [name]);
  const fitting = shortest.find((lines) => longest(lines) <= most) ?? shortest.at(-1) ?? [name];
  return fitting.map((line) => shortened(line.trim(), most));
};
