/** What is known of the flow: the newest hops, what a burst left out, and the lifelines. Pure folds. */
import type { FlowNews, FlowSnapshot, Hop, Lifeline, Skipped } from "../protocol/generated/flow.ts";

/** Hops kept in the page; older ones are dropped and counted. */
export const KEPT = 5_000;

export type Row =
  | { readonly type: "hop"; readonly hop: Hop }
  | { readonly type: "gap"; readonly key: string; readonly count: number; readonly skipped: readonly Skipped[] };

export type FlowScene = {
  readonly rows: readonly Row[];
  readonly lifelines: readonly Lifeline[];
  readonly forgotten: number;
};

export const EMPTY: FlowScene = { rows: [], lifelines: [], forgotten: 0 };

const asRows = (hops: readonly Hop[]): Row[] => hops.map((hop) => ({ type: "hop", hop }));

export const fromSnapshot = (body: FlowSnapshot): FlowScene => ({
  rows: asRows(body.hops),
  lifelines: body.lifelines,
  forgotten: body.forgotten,
});

const weight = (row: Row): number => (row.type === "hop" ? 1 : row.count);

/** Hops it accounts for: listed, counted or dropped. All that were recorded, once everything has arrived. */
export const accountedFor = (scene: FlowScene): number =>
  scene.rows.reduce((sum, row) => sum + weight(row), scene.forgotten);

export const withNews = (scene: FlowScene, body: FlowNews): FlowScene => {
  const last = scene.rows.findLast((row) => row.type === "hop");
  const newest = last?.type === "hop" ? last.hop.step : 0;
  const fresh = body.hops.filter((hop) => hop.step > newest);
  const count = body.skipped.reduce((sum, one) => sum + one.count, body.lost);
  const gap: Row[] =
    count > 0 ? [{ type: "gap", key: `gap ${fresh[0]?.step ?? newest}`, count, skipped: body.skipped }] : [];
  const rows = [...scene.rows, ...gap, ...asRows(fresh)];
  const dropped = rows.slice(0, Math.max(rows.length - KEPT, 0));
  return {
    rows: dropped.length > 0 ? rows.slice(dropped.length) : rows,
    lifelines: body.lifelines,
    forgotten: scene.forgotten + dropped.reduce((sum, row) => sum + weight(row), 0),
  };
};
