/** One line of the catalog. */
import type { JSX } from "preact";
import type { CatalogMetric } from "../protocol/generated/catalog.ts";
import type { Entry } from "../scene/catalog_scene.ts";
import { colourOf } from "./kind.ts";

export const ROW = 32;

export const Chip = ({ kind }: { readonly kind: string }): JSX.Element => (
  <span class="recq-chip" style={{ "--recq-kind": colourOf(kind) }}>
    {kind}
  </span>
);

export const milliseconds = (value: number): string =>
  value >= 100 ? `${value.toFixed(0)} ms` : value >= 1 ? `${value.toFixed(1)} ms` : `${(value * 1000).toFixed(0)} µs`;

type Props = {
  readonly id: string;
  readonly entry: Entry;
  readonly metric: CatalogMetric;
  readonly y: number;
  readonly selected: boolean;
  readonly onOpen: () => void;
};

export const CatalogRow = ({ id, entry, metric, y, selected, onOpen }: Props): JSX.Element => (
  // biome-ignore lint/a11y/useKeyWithClickEvents: the list box moves and opens by keyboard
  <div
    id={id}
    class="recq-catalog-row"
    role="option"
    tabIndex={-1}
    aria-selected={selected}
    style={{ top: `${y}px` }}
    onClick={onOpen}
    data-testid="catalog-entry"
    data-name={entry.name}
  >
    <span>
      <Chip kind={entry.kind} />
    </span>
    <span class="recq-catalog-name" title={entry.name}>
      {entry.name}
    </span>
    <span class="recq-catalog-name recq-quiet" title={entry.domain}>
      {entry.domain}
    </span>
    <span class="recq-catalog-number">{metric.count > 0 ? metric.count.toLocaleString("en") : "–"}</span>
    <span class="recq-catalog-number">{metric.rate > 0 ? metric.rate.toFixed(1) : "–"}</span>
    <span class="recq-catalog-number">{metric.count > 0 ? milliseconds(metric.p95) : "–"}</span>
    <span class={`recq-catalog-number${metric.failed > 0 ? " recq-catalog-bad" : ""}`}>
      {metric.failed > 0 ? metric.failed.toLocaleString("en") : "–"}
    </span>
  </div>
);
