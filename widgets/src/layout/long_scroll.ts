/** A list longer than a browser can make an element high: small scrolls move by rows, jumps by proportion. */

/** Browsers lose precision, or stop, beyond some ten millions of pixels. */
export const HIGHEST = 6_000_000;

export type Scroll = {
  /** Pixels above what is seen, in the list as it would be. */
  readonly top: number;
  /** Where the element's own scroll bar is. */
  readonly bar: number;
};

export type Extent = { readonly rows: number; readonly row: number; readonly sight: number };

const virtual = (extent: Extent): number => extent.rows * extent.row;
/** How high the element is. */
export const heightOf = (extent: Extent): number => Math.min(virtual(extent), HIGHEST);
const farthest = (extent: Extent): number => Math.max(virtual(extent) - extent.sight, 0);
const farthestBar = (extent: Extent): number => Math.max(heightOf(extent) - extent.sight, 0);
const clamped = (value: number, most: number): number => Math.min(Math.max(value, 0), most);

/** After the element was scrolled to `bar`. */
export const scrolled = (before: Scroll, bar: number, extent: Extent): Scroll => {
  const [most, mostBar] = [farthest(extent), farthestBar(extent)];
  if (most === mostBar) {
    return { top: clamped(bar, most), bar };
  }
  if (bar <= 0) {
    return { top: 0, bar: 0 };
  }
  if (bar >= mostBar - 1) {
    return { top: most, bar };
  }
  const moved = bar - before.bar;
  const top = Math.abs(moved) <= 2 * extent.sight ? before.top + moved : (bar / mostBar) * most;
  return { top: clamped(top, most), bar };
};

/** The place of the bar that goes with a place in the list. */
export const at = (top: number, extent: Extent): Scroll => {
  const [most, mostBar] = [farthest(extent), farthestBar(extent)];
  const place = clamped(top, most);
  return { top: place, bar: most === mostBar ? place : Math.round((place / Math.max(most, 1)) * mostBar) };
};
