/** How tall the diagram is: as its hops need, up to a bound, where they are known; one height where more will come. */
export const HEAD = 62;
export const ROW = 30;
/** Never taller: what lies below a live diagram keeps its place. */
const MOST = 440;
/** Room for a scrollbar and a little air. */
const BELOW = 24;
const LEAST_ROWS = 2;

export const heightOf = (rows: number, chosen: boolean): number =>
  chosen ? Math.min(HEAD + Math.max(rows, LEAST_ROWS) * ROW + BELOW, MOST) : MOST;
