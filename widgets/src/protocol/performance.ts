/** What the performance part sends; its Python twin is widgets/protocol/performance.py. */
import type { Body } from "./envelope.ts";
import type { Metric } from "./graph.ts";

export type HandlerPerformance = Metric & {
  readonly handler: string;
  readonly kind: string;
  readonly longest: number;
};
export type PerformanceBody = Body & {
  readonly kind: "performance";
  readonly handlers: readonly HandlerPerformance[];
};

export const isPerformance = (body: Body): body is PerformanceBody =>
  body.kind === "performance" && Array.isArray(body.handlers);
