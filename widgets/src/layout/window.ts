/** Which rows of a long list are drawn: those in sight and a few beside. */
export type Window = { readonly first: number; readonly last: number };

const MARGIN = 10;

export const windowOf = (scrolled: number, height: number, row: number, count: number): Window => ({
  first: Math.max(Math.floor(scrolled / row) - MARGIN, 0),
  last: Math.min(Math.ceil((scrolled + height) / row) + MARGIN, count),
});
