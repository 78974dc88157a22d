/** What is known of the event store: which query is shown, and the pages of it that have come. Pure folds. */
import type { Counted, EventPage, EventRow, EventsSnapshot, Found } from "../protocol/generated/events.ts";

export const PAGE = 100;
/** Pages kept; the ones asked for longest ago are forgotten. */
export const KEPT_PAGES = 40;

export type EventsScene = {
  readonly head: number;
  readonly names: readonly Counted[];
  readonly contexts: readonly Counted[];
  readonly query: number;
  /** Events of the query, as far as the kernel has told. */
  readonly total: number;
  /** Events of the query that are shown; behind `total` while the reader is scrolled away. */
  readonly shown: number;
  readonly pages: ReadonlyMap<number, readonly EventRow[]>;
};

export const EMPTY: EventsScene = {
  head: 0,
  names: [],
  contexts: [],
  query: 0,
  total: 0,
  shown: 0,
  pages: new Map(),
};

export const withSnapshot = (scene: EventsScene, body: EventsSnapshot): EventsScene => ({
  ...scene,
  head: body.head,
  names: body.names,
  contexts: body.contexts,
});

/** A query was answered. Ranks stay as it grows, so pages that are full stay as well; nothing shown moves by itself. */
export const withFound = (scene: EventsScene, body: Found, atTop: boolean): EventsScene => {
  if (body.query !== scene.query) {
    return { ...scene, query: body.query, total: body.total, shown: body.total, head: body.head, pages: new Map() };
  }
  return {
    ...scene,
    head: body.head,
    total: body.total,
    shown: atTop ? body.total : Math.min(scene.shown, body.total),
  };
};

/** The reader wants to see what is new. */
export const caughtUp = (scene: EventsScene): EventsScene => ({ ...scene, shown: scene.total });

export const withPage = (scene: EventsScene, body: EventPage): EventsScene => {
  if (body.query !== scene.query) {
    return scene;
  }
  const pages = new Map(scene.pages);
  const place = Math.floor(body.first / PAGE);
  pages.delete(place);
  pages.set(place, body.events);
  for (const oldest of pages.keys()) {
    if (pages.size <= KEPT_PAGES) {
      break;
    }
    pages.delete(oldest);
  }
  return { ...scene, pages };
};

/** The row at a place of the screen's list, newest first; null while its page is on the way. */
export const rowAt = (scene: EventsScene, place: number): EventRow | null => {
  const rank = scene.shown - 1 - place;
  return scene.pages.get(Math.floor(rank / PAGE))?.[rank % PAGE] ?? null;
};

/** Pages that places of the list need and that are not there, or not complete. */
export const missingPages = (scene: EventsScene, first: number, last: number): readonly number[] => {
  const missing: number[] = [];
  const lowest = Math.max(scene.shown - last, 0);
  for (let page = Math.floor(lowest / PAGE); page * PAGE < scene.shown - first; page += 1) {
    const wanted = Math.min(PAGE, scene.shown - page * PAGE);
    if ((scene.pages.get(page)?.length ?? 0) < wanted) {
      missing.push(page);
    }
  }
  return missing;
};

/** Whether a page has event names or contexts that the filters do not offer yet. */
export const hasNewNames = (scene: EventsScene, page: EventPage): boolean => {
  const names = new Set(scene.names.map((one) => one.value));
  const contexts = new Set(scene.contexts.map((one) => one.value));
  return page.events.some((row) => !names.has(row.name) || !contexts.has(row.context));
};
