/** Which tab of the dashboard is in front, and which have been opened; an opened tab keeps what its reader typed. */
export type Tabs = { readonly front: string; readonly opened: readonly string[] };

export const firstOf = (parts: readonly string[]): Tabs => {
  const front = parts[0] ?? "";
  return { front, opened: front ? [front] : [] };
};

export const withFront = (tabs: Tabs, front: string): Tabs => ({
  front,
  opened: tabs.opened.includes(front) ? tabs.opened : [...tabs.opened, front],
});

/** The tab a key leads to; null for keys that do not move. */
export const tabByKey = (parts: readonly string[], front: string, key: string): string | null => {
  const place = parts.indexOf(front);
  const count = parts.length;
  const next = {
    ArrowRight: (place + 1) % count,
    ArrowLeft: (place + count - 1) % count,
    Home: 0,
    End: count - 1,
  }[key];
  return next === undefined ? null : (parts[next] ?? null);
};
