/** Bars on lifelines: while which component was at work, from the row where that began to the row where it ended. */
import type { Hop } from "../protocol/generated/flow.ts";
import type { Shown } from "../scene/flow_groups.ts";
import { isEvent, receiverOf } from "./arrow.ts";
import { GATEWAY, type Lanes } from "./lanes.ts";

export type Bar = {
  readonly hop: Hop;
  /** The component at work. */
  readonly lane: string;
  readonly first: number;
  /** The last row that began before it ended. */
  readonly last: number;
  /** Whether it ended only after that. */
  readonly beyond: boolean;
  /** How many bars of the same lifeline began earlier and still go on. */
  readonly level: number;
};

const timeOf = (shown: Shown): number => {
  const row = shown.type === "group" ? shown.rows[0] : shown;
  return row?.type === "hop" ? row.hop.at : Number.NEGATIVE_INFINITY;
};

/** When what a hop started ended; undefined where it started nothing, or that is not known. */
const endOf = (hop: Hop, lanes: Pick<Lanes, "endedAt">): number | undefined => {
  if (isEvent(hop)) {
    return hop.hop === "published" ? undefined : hop.at + hop.took;
  }
  return hop.hop === "sent" ? lanes.endedAt.get(hop.message) : undefined;
};

/** The last row from `first` on, of rows next to each other in time, that began no later. */
const lastBefore = (rows: readonly Shown[], first: number, end: number): number => {
  let last = first;
  for (let place = first + 1; place < rows.length; place += 1) {
    const shown = rows[place];
    if (shown === undefined || shown.type !== "hop" || timeOf(shown) > end) {
      break;
    }
    last = place;
  }
  return last;
};

/** The bars of what is drawn as arrows; what is folded has none. */
export const barsOf = (rows: readonly Shown[], lanes: Pick<Lanes, "endedAt" | "handledBy">): readonly Bar[] => {
  const busy = new Map<string, number[]>();
  return rows.flatMap((shown, first): readonly Bar[] => {
    const end = shown.type === "hop" ? endOf(shown.hop, lanes) : undefined;
    if (shown.type !== "hop" || end === undefined) {
      return [];
    }
    const lane = receiverOf(shown.hop, lanes);
    if (lane === GATEWAY) {
      return [];
    }
    const last = lastBefore(rows, first, end);
    const levels = busy.get(lane) ?? [];
    const free = levels.findIndex((until) => until < first);
    const level = free < 0 ? levels.length : free;
    levels[level] = last;
    busy.set(lane, levels);
    const beyond = timeOf(rows[last] ?? shown) < end;
    return [{ hop: shown.hop, lane, first, last, beyond, level }];
  });
};
