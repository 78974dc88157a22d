/** One hop as geometry: an arrow between two lanes, through the gateway's where a request passes it. */
import type { Hop } from "../protocol/generated/flow.ts";
import { GATEWAY, type Lanes, OUTSIDE, STORE } from "./lanes.ts";

/** Requests are solid, events, which nobody waits for, dashed; replies dotted, and failures, too, with a cross. */
export type Stroke = "request" | "event" | "reply" | "failure";

export type Arrow = {
  readonly from: number;
  readonly to: number;
  readonly through: number | null;
  readonly stroke: Stroke;
  readonly label: string;
};

export const isEvent = (hop: Hop): boolean => hop.kind.endsWith("event");
export const isFailure = (hop: Hop): boolean =>
  hop.hop === "failed" || hop.hop === "rejected" || hop.hop === "timed_out";

/** A duration for people, from milliseconds: three digits at most. */
export const milliseconds = (value: number): string => {
  if (value >= 999.5) {
    return `${(value / 1000).toFixed(2)} s`;
  }
  if (value >= 0.9995) {
    return `${value.toFixed(value >= 9.95 ? 0 : 1)} ms`;
  }
  return `${(value * 1000).toFixed(0)} µs`;
};

/** What a hop took: an event in its handler, a reply since its request; "" where that is not known. */
const tookOf = (hop: Hop, lanes: Pick<Lanes, "sentAt">): string => {
  if (hop.hop === "sent" || hop.hop === "published") {
    return "";
  }
  const sent = isEvent(hop) ? undefined : lanes.sentAt.get(hop.message);
  const took = sent === undefined ? hop.took : hop.at - sent;
  return took > 0 ? `, ${milliseconds(took)}` : "";
};

export const labelOf = (hop: Hop, lanes: Pick<Lanes, "sentAt">): string => {
  const took = tookOf(hop, lanes);
  switch (hop.hop) {
    case "replied":
      return `${hop.view || "done"}${took}`;
    case "rejected":
      return `rejected: ${hop.outcome}${took}`;
    case "timed_out":
      return `timed out${took}: outcome unknown`;
    case "failed":
      return `failed: ${hop.outcome}${took}`;
    default:
      return `${hop.name}${took}`;
  }
};

export const strokeOf = (hop: Hop): Stroke => {
  if (isFailure(hop)) {
    return "failure";
  }
  if (isEvent(hop)) {
    return "event";
  }
  return hop.hop === "replied" ? "reply" : "request";
};

/** Where a hop ends: a request at its handler's component, once that is known. */
export const receiverOf = (hop: Hop, lanes: Pick<Lanes, "handledBy">): string =>
  hop.target === GATEWAY ? (lanes.handledBy.get(hop.message) ?? GATEWAY) : hop.target;

/** Half the width of the bars a lifeline may have. */
const edgeOf = (lane: string): number => (lane === OUTSIDE || lane === GATEWAY || lane === STORE ? 0 : 4);

export const arrowOf = (hop: Hop, lanes: Lanes): Arrow => {
  const receiver = receiverOf(hop, lanes);
  const from = lanes.x.get(hop.source) ?? 0;
  const to = lanes.x.get(receiver) ?? 0;
  const gateway = lanes.x.get(GATEWAY) ?? 0;
  const step = Math.sign(to - from);
  const passes = !isEvent(hop) && (from - gateway) * (to - gateway) < 0;
  return {
    from: from + step * edgeOf(hop.source),
    to: to - step * edgeOf(receiver),
    through: passes ? gateway : null,
    stroke: strokeOf(hop),
    label: labelOf(hop, lanes),
  };
};
