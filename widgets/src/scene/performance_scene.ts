/** Measured handlers in the order a reader wants, and how each one's rate went. */
import type { HandlerPerformance, PerformanceBody } from "../protocol/generated/performance.ts";

export const REMEMBERED = 60;

export type PerformanceScene = {
  readonly handlers: readonly HandlerPerformance[];
  readonly rates: ReadonlyMap<string, readonly number[]>;
};

export const EMPTY: PerformanceScene = { handlers: [], rates: new Map() };

export const withMeasurements = (scene: PerformanceScene, body: PerformanceBody): PerformanceScene => ({
  handlers: body.handlers,
  rates: new Map(
    body.handlers.map((one) => [one.handler, [...(scene.rates.get(one.handler) ?? []), one.rate].slice(-REMEMBERED)]),
  ),
});

export const COLUMNS = ["handler", "count", "rate", "failed", "p50", "p95", "longest"] as const;
export type Column = (typeof COLUMNS)[number];

export const sorted = (
  handlers: readonly HandlerPerformance[],
  by: Column,
  descending: boolean,
): readonly HandlerPerformance[] =>
  [...handlers].sort((one, other) => {
    const order = by === "handler" ? one.handler.localeCompare(other.handler) : one[by] - other[by];
    return (descending ? -order : order) || one.handler.localeCompare(other.handler);
  });
