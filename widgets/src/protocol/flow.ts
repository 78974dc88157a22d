/** What the flow part sends; its Python twin is widgets/protocol/flow.py. */
import type { Body } from "./envelope.ts";

export type Hop = {
  readonly step: number;
  readonly hop: string;
  readonly kind: string;
  readonly name: string;
  readonly message: string;
  readonly correlation: string;
  readonly cause: string;
  readonly source: string;
  readonly target: string;
  readonly handler: string;
  readonly at: number;
  readonly took: number;
  readonly outcome: string;
};
export type Lifeline = { readonly name: string; readonly kind: string };
export type Skipped = {
  readonly source: string;
  readonly target: string;
  readonly name: string;
  readonly hop: string;
  readonly count: number;
};
export type FlowSnapshot = Body & {
  readonly kind: "snapshot";
  readonly forgotten: number;
  readonly lifelines: readonly Lifeline[];
  readonly hops: readonly Hop[];
};
export type FlowNews = Body & {
  readonly kind: "news";
  readonly lost: number;
  readonly lifelines: readonly Lifeline[];
  readonly skipped: readonly Skipped[];
  readonly hops: readonly Hop[];
};
export type Source = { readonly place: string; readonly line: number; readonly text: string };
export type HopDetails = Body & {
  readonly kind: "hop";
  readonly step: number;
  readonly payload: string;
  readonly cut: boolean;
  readonly metadata: string;
  readonly lock_wait: number;
  readonly retrieve: number;
  readonly handler: number;
  readonly store: number;
  readonly source: Source | null;
};

export const isSnapshot = (body: Body): body is FlowSnapshot => body.kind === "snapshot" && Array.isArray(body.hops);
export const isNews = (body: Body): body is FlowNews => body.kind === "news" && Array.isArray(body.hops);
export const isDetails = (body: Body): body is HopDetails => body.kind === "hop" && typeof body.payload === "string";
