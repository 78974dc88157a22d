/** What the reader has chosen to see of the event store; nothing of it comes from the kernel. */
import type { FilterBody } from "../protocol/generated/events.ts";

export const EVERYTHING: FilterBody = {
  name: "",
  aggregate: "",
  context: "",
  since: "",
  until: "",
  text: "",
  correlation: "",
};

export const isFiltered = (filter: FilterBody): boolean => Object.values(filter).some((value) => value !== "");

/** Local times of the page's inputs as the kernel takes them: ISO, UTC. */
export const asAsked = (filter: FilterBody): FilterBody => ({
  ...filter,
  since: inUtc(filter.since),
  until: inUtc(filter.until),
});

const inUtc = (local: string): string => {
  const moment = new Date(local);
  return local === "" || Number.isNaN(moment.getTime()) ? "" : moment.toISOString();
};

/** A time of the log as a reader in this time zone sees it: the day only where it is another one. */
export const clockOf = (at: string, now: Date): string => {
  const moment = new Date(at);
  if (Number.isNaN(moment.getTime())) {
    return at;
  }
  const two = (value: number): string => String(value).padStart(2, "0");
  const clock = `${two(moment.getHours())}:${two(moment.getMinutes())}:${two(moment.getSeconds())}`;
  const fraction = `.${String(moment.getMilliseconds()).padStart(3, "0")}`;
  return moment.toDateString() === now.toDateString()
    ? `${clock}${fraction}`
    : `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())} ${clock}`;
};
