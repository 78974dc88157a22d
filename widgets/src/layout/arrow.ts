/** One hop as geometry: an arrow between two lanes, through the gateway's where a request passes it. */
import type { Hop } from "../protocol/generated/flow.ts";
import { GATEWAY, type Lanes } from "./lanes.ts";

export type Arrow = {
  readonly from: number;
  readonly to: number;
  readonly through: number | null;
  readonly dashed: boolean;
  readonly failed: boolean;
  readonly label: string;
};

const ASYNC = new Set(["published", "consumed", "failed"]);
const REPLIES = new Set(["replied", "rejected", "failed", "timed_out"]);

/** A duration for people, from milliseconds: three digits at most. */
export const milliseconds = (value: number): string => {
  if (value >= 1000) {
    return `${(value / 1000).toFixed(2)} s`;
  }
  if (value >= 1) {
    return `${value.toFixed(value >= 10 ? 0 : 1)} ms`;
  }
  return `${(value * 1000).toFixed(0)} µs`;
};

const isEvent = (hop: Hop): boolean => hop.kind.endsWith("event");

const labelOf = (hop: Hop): string => {
  switch (hop.hop) {
    case "replied":
      return isEvent(hop) ? hop.name : `done${hop.took > 0 ? `, ${milliseconds(hop.took)}` : ""}`;
    case "rejected":
      return `rejected: ${hop.outcome}`;
    case "timed_out":
      return `timed out: ${hop.name}`;
    case "failed":
      return `failed: ${hop.outcome}`;
    default:
      return hop.name;
  }
};

export const arrowOf = (hop: Hop, lanes: Lanes): Arrow => {
  const receiver = hop.target === GATEWAY ? (lanes.handledBy.get(hop.message) ?? GATEWAY) : hop.target;
  const from = lanes.x.get(hop.source) ?? 0;
  const to = lanes.x.get(receiver) ?? 0;
  const gateway = lanes.x.get(GATEWAY) ?? 0;
  const passes = !isEvent(hop) && (from - gateway) * (to - gateway) < 0;
  return {
    from,
    to,
    through: passes ? gateway : null,
    dashed: isEvent(hop) ? ASYNC.has(hop.hop) : REPLIES.has(hop.hop),
    failed: hop.hop === "failed" || hop.hop === "rejected" || hop.hop === "timed_out",
    label: labelOf(hop),
  };
};
