/** What is known of the flow: the newest hops, what a burst left out, and the lifelines. Pure folds. */
import type { FlowNews, FlowSnapshot, Hop, Lifeline, Skipped } from "../protocol/generated/flow.ts";

/** Hops kept in the page; older ones are dropped and counted. */
export const KEPT = 5_000;

export type Row =
  | { readonly type: "hop"; readonly hop: Hop }
  | { readonly type: "gap"; readonly key: string; readonly count: number; readonly skipped: readonly Skipped[] };

export type FlowScene = {
  /** In the order they began, which is not quite the order they are told in: a handler is heard of when it ends. */
  readonly rows: readonly Row[];
  readonly lifelines: readonly Lifeline[];
  readonly forgotten: number;
  /** Number of the newest step. */
  readonly newest: number;
  /** When the first hop of all that were seen began. */
  readonly start: number;
  /** Whether these are chosen flows, of which there will hardly be more. */
  readonly chosen: boolean;
};

/** Before anything is known; it takes no more room than it needs. */
export const EMPTY: FlowScene = { rows: [], lifelines: [], forgotten: 0, newest: 0, start: 0, chosen: true };

const inOrder = (hops: readonly Hop[]): Hop[] => hops.toSorted((one, other) => one.at - other.at);

const asRows = (hops: readonly Hop[]): Row[] => hops.map((hop) => ({ type: "hop", hop }));

const newestOf = (hops: readonly Hop[], before: number): number =>
  hops.reduce((newest, hop) => Math.max(newest, hop.step), before);

export const fromSnapshot = (body: FlowSnapshot): FlowScene => {
  const hops = inOrder(body.hops);
  return {
    rows: asRows(hops),
    lifelines: body.lifelines,
    forgotten: body.forgotten,
    newest: newestOf(hops, 0),
    start: hops[0]?.at ?? 0,
    chosen: body.chosen,
  };
};

const weight = (row: Row): number => (row.type === "hop" ? 1 : row.count);

/** Hops it accounts for: listed, counted or dropped. All that were recorded, once everything has arrived. */
export const accountedFor = (scene: FlowScene): number =>
  scene.rows.reduce((sum, row) => sum + weight(row), scene.forgotten);

/** Known rows with fresh ones among them; nothing moves before a gap. */
const merged = (known: readonly Row[], fresh: readonly Hop[]): Row[] => {
  const first = fresh[0];
  if (!first) {
    return [...known];
  }
  const place = known.findLastIndex((row) => row.type === "gap" || row.hop.at <= first.at) + 1;
  const later = known.slice(place).flatMap((row) => (row.type === "hop" ? [row.hop] : []));
  return [...known.slice(0, place), ...asRows(later.length > 0 ? inOrder([...later, ...fresh]) : fresh)];
};

export const withNews = (scene: FlowScene, body: FlowNews): FlowScene => {
  const fresh = inOrder(body.hops.filter((hop) => hop.step > scene.newest));
  const count = body.skipped.reduce((sum, one) => sum + one.count, 0);
  const gap: Row[] =
    count > 0 ? [{ type: "gap", key: `gap ${newestOf(fresh, scene.newest)}`, count, skipped: body.skipped }] : [];
  const rows = merged([...scene.rows, ...gap], fresh);
  const dropped = rows.slice(0, Math.max(rows.length - KEPT, 0));
  return {
    ...scene,
    rows: dropped.length > 0 ? rows.slice(dropped.length) : rows,
    lifelines: body.lifelines,
    forgotten: scene.forgotten + dropped.reduce((sum, row) => sum + weight(row), 0),
    newest: newestOf(fresh, scene.newest),
    start: scene.start || (fresh[0]?.at ?? 0),
  };
};
