/** What is known of the model and its measurements. */
import type { CatalogBody, CatalogComponent, CatalogMetric, CatalogPayload } from "../protocol/generated/catalog.ts";

type Metrics = CatalogBody["metrics"];

type Named = { readonly name: string; readonly kind: string; readonly domain: string; readonly handlers: Handlers };
type Handlers = readonly string[];
/** A line of the catalog; its handlers are those that its measurements come from. */
export type Entry = Named &
  (
    | { readonly payload: CatalogPayload; readonly component: null }
    | { readonly payload: null; readonly component: CatalogComponent }
  );
export type CatalogScene = {
  readonly known: boolean;
  readonly entries: readonly Entry[];
  readonly metrics: Metrics;
  readonly leftOut: number;
};

export const UNKNOWN: CatalogScene = { known: false, entries: [], metrics: {}, leftOut: 0 };

export const fromCatalog = (body: CatalogBody): CatalogScene => ({
  known: true,
  entries: [
    ...body.payloads.map(
      (payload): Entry => ({
        name: payload.name,
        kind: payload.kind,
        domain: payload.domain,
        handlers: payload.handlers,
        payload,
        component: null,
      }),
    ),
    ...body.components.map(
      (component): Entry => ({
        name: component.name,
        kind: component.kind,
        domain: component.domain,
        handlers: component.handlers.map((one) => one.id),
        payload: null,
        component,
      }),
    ),
  ],
  metrics: body.metrics,
  leftOut: body.left_out,
});

export const withMetrics = (scene: CatalogScene, metrics: Metrics): CatalogScene => ({
  ...scene,
  metrics: { ...scene.metrics, ...metrics },
});

const NOTHING: CatalogMetric = { count: 0, failed: 0, rate: 0, p50: 0, p95: 0 };

/** Several handlers as one: counts are added, durations are those of the slowest. */
export const measured = (scene: CatalogScene, handlers: readonly string[]): CatalogMetric =>
  handlers.reduce((sum, handler) => {
    const one = scene.metrics[handler];
    return one
      ? {
          count: sum.count + one.count,
          failed: sum.failed + one.failed,
          rate: sum.rate + one.rate,
          p50: Math.max(sum.p50, one.p50),
          p95: Math.max(sum.p95, one.p95),
        }
      : sum;
  }, NOTHING);

/** The component of a handler's id. */
export const componentOf = (handler: string): string => handler.split(".", 1)[0] ?? handler;
