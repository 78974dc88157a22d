/** What the graph part sends; its Python twin is widgets/protocol/graph.py. */
import type { Body } from "./envelope.ts";

export type Metric = {
  readonly count: number;
  readonly failed: number;
  readonly rate: number;
  readonly p50: number;
  readonly p95: number;
};
export type Interaction = {
  readonly component: string;
  readonly interaction: string;
  readonly payload: string;
  readonly declared: boolean;
  readonly seen: boolean;
};
export type Pulse = {
  readonly component: string;
  readonly payload: string;
  readonly count: number;
  readonly failed: number;
};
type Measured = {
  readonly metrics: Readonly<Record<string, Metric>>;
  readonly lags: Readonly<Record<string, number>>;
};
export type GraphModel = Body &
  Measured & {
    readonly kind: "model";
    readonly svg: string;
    readonly components: readonly string[];
    readonly payloads: readonly string[];
    readonly interactions: readonly Interaction[];
  };
export type GraphNews = Body &
  Measured & {
    readonly kind: "news";
    readonly pulses: readonly Pulse[];
    readonly interactions: readonly Interaction[] | null;
  };

export const isModel = (body: Body): body is GraphModel => body.kind === "model" && typeof body.svg === "string";
export const isGraphNews = (body: Body): body is GraphNews => body.kind === "news" && Array.isArray(body.pulses);
