/** What the events part sends and is asked; its Python twin is widgets/protocol/events.py. */
import type { Body } from "./envelope.ts";

export type EventRow = {
  readonly number: number;
  readonly name: string;
  readonly kind: string;
  readonly aggregate: string;
  readonly version: number;
  readonly context: string;
  readonly at: string;
  readonly brief: string;
};
export type Counted = { readonly value: string; readonly kind: string; readonly count: number };
export type EventsSnapshot = Body & {
  readonly kind: "events";
  readonly head: number;
  readonly names: readonly Counted[];
  readonly contexts: readonly Counted[];
};
export type Grown = Body & { readonly kind: "grown"; readonly head: number };
export type Filter = {
  readonly name: string;
  readonly aggregate: string;
  readonly context: string;
  readonly since: string;
  readonly until: string;
  readonly text: string;
  readonly correlation: string;
};
export type Found = Body & {
  readonly kind: "found";
  readonly query: number;
  readonly total: number;
  readonly head: number;
  readonly took: number;
};
export type EventPage = Body & {
  readonly kind: "page";
  readonly query: number;
  readonly first: number;
  readonly events: readonly EventRow[];
};
export type Related = {
  readonly number: number;
  readonly name: string;
  readonly kind: string;
  readonly aggregate: string;
  readonly relation: string;
  readonly via: string;
};
export type EventDetails = Body & {
  readonly kind: "event";
  readonly event: EventRow;
  readonly rank: number;
  readonly payload: string;
  readonly cut: boolean;
  readonly metadata: string;
  readonly event_id: string;
  readonly correlation: string;
  readonly causation: string;
  readonly command: string;
  readonly sender: string;
  readonly related: readonly Related[];
  readonly related_more: number;
};
export type Changed = {
  readonly of: string;
  readonly name: string;
  readonly key: string;
  readonly field: string;
  readonly before: string;
  readonly after: string;
  readonly what: string;
};
export type Past = Body & {
  readonly kind: "past";
  readonly number: number;
  readonly changes: readonly Changed[];
  readonly changes_total: number;
  readonly aggregates: readonly { readonly aggregate_id: string; readonly name: string; readonly version: number }[];
  readonly aggregates_total: number;
  readonly aggregate: string;
  readonly state: string;
  readonly problem: string;
  readonly tables: readonly { readonly name: string; readonly rows: number; readonly changed: number }[];
  readonly table: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly fresh: readonly boolean[];
  readonly failures: readonly { readonly component: string; readonly number: number; readonly error: string }[];
  readonly failures_total: number;
  readonly took: number;
};
export type Preparing = Body & { readonly kind: "preparing"; readonly position: number; readonly head: number };

export const isEvents = (body: Body): body is EventsSnapshot =>
  body.kind === "events" && typeof body.head === "number" && Array.isArray(body.names) && Array.isArray(body.contexts);
export const isGrown = (body: Body): body is Grown => body.kind === "grown" && typeof body.head === "number";
export const isFound = (body: Body): body is Found =>
  body.kind === "found" && typeof body.query === "number" && typeof body.total === "number";
export const isPage = (body: Body): body is EventPage =>
  body.kind === "page" && typeof body.first === "number" && Array.isArray(body.events);
export const isDetails = (body: Body): body is EventDetails =>
  body.kind === "event" && typeof body.payload === "string" && Array.isArray(body.related);
export const isPast = (body: Body): body is Past =>
  body.kind === "past" && Array.isArray(body.changes) && Array.isArray(body.tables) && Array.isArray(body.rows);
export const isPreparing = (body: Body): body is Preparing =>
  body.kind === "preparing" && typeof body.position === "number";
