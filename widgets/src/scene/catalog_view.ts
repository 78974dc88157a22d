/** What the reader has chosen to see of the catalog; nothing of it comes from the kernel. */
import { componentOf, type Entry } from "./catalog_scene.ts";

export type CatalogChoice = {
  readonly text: string;
  readonly kind: string;
  readonly component: string;
  readonly domain: string;
};

export const EVERYTHING: CatalogChoice = { text: "", kind: "", component: "", domain: "" };

/** Entries without a domain are chosen by this. */
export const NO_DOMAIN = "(across domains)";

const textOf = ({ name, domain, payload, component }: Entry): string =>
  [
    name,
    domain,
    payload?.description ?? component?.description ?? "",
    ...(payload?.fields.map((field) => `${field.name}: ${field.type}`) ?? []),
    ...(component?.handlers.map((handler) => `${handler.id} ${handler.description}`) ?? []),
  ]
    .join(" ")
    .toLowerCase();

const isOf = (entry: Entry, component: string): boolean =>
  entry.payload
    ? [...entry.payload.producers, ...entry.payload.handlers].some((one) => componentOf(one) === component)
    : entry.name === component;

/** The entries that fit every filter; a component's are itself and the payloads it makes or handles. */
export const chosenEntries = (entries: readonly Entry[], choice: CatalogChoice): readonly Entry[] => {
  const words = choice.text.toLowerCase().split(/\s+/).filter(Boolean);
  return entries.filter((entry) => {
    const text = words.length > 0 ? textOf(entry) : "";
    return (
      (choice.kind === "" || entry.kind === choice.kind) &&
      (choice.domain === "" || (entry.domain || NO_DOMAIN) === choice.domain) &&
      (choice.component === "" || isOf(entry, choice.component)) &&
      words.every((word) => text.includes(word))
    );
  });
};

const distinct = (values: readonly string[]): readonly string[] => [...new Set(values)];

/** What the filters offer, in the order of the model. */
export const choicesOf = (entries: readonly Entry[]) => ({
  kinds: distinct(entries.map((entry) => entry.kind)),
  components: entries.filter((entry) => entry.component).map((entry) => entry.name),
  domains: distinct(entries.map((entry) => entry.domain || NO_DOMAIN)).toSorted(),
});
