/** What the catalog part sends; its Python twin is widgets/protocol/catalog.py. */
import type { Body } from "./envelope.ts";

export type CatalogField = { readonly name: string; readonly type: string; readonly default: string | null };
export type CatalogPayload = {
  readonly name: string;
  readonly kind: string;
  readonly domain: string;
  readonly description: string;
  readonly place: string;
  readonly fields: readonly CatalogField[];
  readonly answer: string;
  readonly producers: readonly string[];
  readonly handlers: readonly string[];
};
export type CatalogRelation = { readonly verb: string; readonly payload: string };
export type CatalogHandler = {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly handles: string;
  readonly description: string;
  readonly place: string;
  readonly relations: readonly CatalogRelation[];
};
export type CatalogComponent = {
  readonly name: string;
  readonly kind: string;
  readonly domain: string;
  readonly description: string;
  readonly place: string;
  readonly state: string;
  readonly tables: readonly string[];
  readonly handlers: readonly CatalogHandler[];
};
export type CatalogMetric = {
  readonly count: number;
  readonly failed: number;
  readonly rate: number;
  readonly p50: number;
  readonly p95: number;
};
export type Metrics = { readonly [handler: string]: CatalogMetric };
export type CatalogBody = Body & {
  readonly kind: "catalog";
  readonly payloads: readonly CatalogPayload[];
  readonly components: readonly CatalogComponent[];
  readonly left_out: number;
  readonly metrics: Metrics;
};
export type MetricsBody = Body & { readonly kind: "metrics"; readonly metrics: Metrics };
export type SchemaText = Body & { readonly kind: "schema"; readonly name: string; readonly text: string };

export const isCatalog = (body: Body): body is CatalogBody =>
  body.kind === "catalog" && Array.isArray(body.payloads) && Array.isArray(body.components);
export const isMetrics = (body: Body): body is MetricsBody =>
  body.kind === "metrics" && typeof body.metrics === "object" && body.metrics !== null;
export const isSchema = (body: Body): body is SchemaText => body.kind === "schema" && typeof body.text === "string";
