/** What is said about an edge beside it; the few words on it come from the kernel, which has them in the static picture, too. */
import type { EdgeFacts, GraphEdge } from "../protocol/generated/graph.ts";
import { milliseconds } from "./arrow.ts";

export const isAlarming = (facts: EdgeFacts | undefined): boolean =>
  facts !== undefined && (facts.failed > 0 || facts.lag > 0);

/** Beside the edge: the same in full. */
export const linesOf = (edge: GraphEdge, facts: EdgeFacts | undefined): readonly string[] => {
  const lines: string[] = [];
  if (!edge.declared) {
    lines.push("seen, not declared");
  } else if (!edge.seen) {
    lines.push("declared, never seen");
  }
  if (facts && facts.count > 0) {
    const lately = facts.rate > 0 ? `, ${facts.rate}/s of late` : "";
    lines.push(`${facts.count.toLocaleString("en")} ${facts.count === 1 ? "message" : "messages"}${lately}`);
    if (facts.p50 > 0) {
      lines.push(`p50 ${milliseconds(facts.p50)}, p95 ${milliseconds(facts.p95)}`);
    }
  }
  if (facts && facts.failed > 0) {
    lines.push(`${facts.failed.toLocaleString("en")} refused or failed`);
  }
  if (facts && facts.lag > 0) {
    lines.push(`${facts.lag.toLocaleString("en")} events behind`);
  }
  return lines;
};

export type Room = { readonly x: number; readonly y: number; readonly width: number; readonly height: number };

/** The way of an edge that no source declares, drawn over the picture: from one box's side to the other's. */
export const overlaid = (from: Room, to: Room): string => {
  const isRight = to.x + to.width / 2 >= from.x + from.width / 2;
  const start = isRight ? from.x + from.width : from.x;
  const end = isRight ? to.x : to.x + to.width;
  const [y, end_y] = [from.y + from.height / 2, to.y + to.height / 2];
  const bend = Math.max(Math.abs(end - start) / 2, 40) * (isRight ? 1 : -1);
  const head = isRight ? -7 : 7;
  const one = (value: number): string => value.toFixed(1);
  return `M${one(start)} ${one(y)}C${one(start + bend)} ${one(y)} ${one(end - bend)} ${one(end_y)} ${one(end)} ${one(end_y)}m${head} -4l${-head} 4l${head} 4`;
};
