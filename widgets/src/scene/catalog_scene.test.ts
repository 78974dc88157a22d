import { expect, test } from "vitest";
import type { CatalogBody } from "../protocol/generated/catalog.ts";
import { fromCatalog, measured, withMetrics } from "./catalog_scene.ts";
import { choicesOf, chosenEntries, EVERYTHING, NO_DOMAIN } from "./catalog_view.ts";

const payload = { description: "", place: "", fields: [], answer: "", producers: [], handlers: [] };
const component = { description: "", place: "", state: "", tables: [], handlers: [] };
const BODY: CatalogBody = {
  kind: "catalog",
  left_out: 0,
  payloads: [
    {
      ...payload,
      name: "OrderPlaceCommand",
      kind: "domain command",
      domain: "Order",
      handlers: ["Order.place"],
      producers: ["Checkout.placed"],
      fields: [{ name: "units", type: "int", default: null }],
    },
    {
      ...payload,
      name: "OrderPlacedEvent",
      kind: "domain event",
      domain: "Order",
      producers: ["Order.place"],
      handlers: ["Order.placed", "Checkout.placed"],
    },
  ],
  components: [
    { ...component, name: "Order", kind: "aggregate", domain: "Order" },
    { ...component, name: "Checkout", kind: "saga", domain: "", description: "Pays and reserves." },
  ],
  metrics: { "Order.placed": { count: 4, failed: 1, rate: 2, p50: 1, p95: 3 } },
};
const scene = fromCatalog(BODY);
const names = (choice: Partial<typeof EVERYTHING>): readonly string[] =>
  chosenEntries(scene.entries, { ...EVERYTHING, ...choice }).map((entry) => entry.name);

test("each filter narrows by itself, and together they narrow further", () => {
  expect(names({})).toEqual(["OrderPlaceCommand", "OrderPlacedEvent", "Order", "Checkout"]);
  expect(names({ kind: "domain event" })).toEqual(["OrderPlacedEvent"]);
  expect(names({ component: "Checkout" })).toEqual(["OrderPlaceCommand", "OrderPlacedEvent", "Checkout"]);
  expect(names({ component: "Checkout", kind: "saga" })).toEqual(["Checkout"]);
  expect(names({ domain: NO_DOMAIN })).toEqual(["Checkout"]);
});

test("text is looked for in names, fields and descriptions, every word of it", () => {
  expect(names({ text: "UNITS" })).toEqual(["OrderPlaceCommand"]);
  expect(names({ text: "pays reserves" })).toEqual(["Checkout"]);
  expect(names({ text: "pays units" })).toEqual([]);
});

test("the filters offer what the model has", () => {
  expect(choicesOf(scene.entries)).toEqual({
    kinds: ["domain command", "domain event", "aggregate", "saga"],
    components: ["Order", "Checkout"],
    domains: [NO_DOMAIN, "Order"],
  });
});

test("measurements of several handlers add up, and newer ones replace older", () => {
  const later = withMetrics(scene, { "Checkout.placed": { count: 3, failed: 0, rate: 1, p50: 5, p95: 9 } });
  expect(measured(later, ["Order.placed", "Checkout.placed", "Never.called"])).toEqual({
    count: 7,
    failed: 1,
    rate: 3,
    p50: 5,
    p95: 9,
  });
});
