/** The catalog widget: filters, the list, and all about the chosen entry. */
import type { JSX } from "preact";
import { useCallback, useEffect, useId, useMemo, useRef, useState } from "preact/hooks";
import { windowOf } from "../layout/window.ts";
import type { Connection } from "../protocol/connection.ts";
import { isCatalogBody, isMetricsBody } from "../protocol/generated/catalog.ts";
import { type CatalogScene, fromCatalog, measured, UNKNOWN, withMetrics } from "../scene/catalog_scene.ts";
import { type CatalogChoice, choicesOf, chosenEntries, EVERYTHING } from "../scene/catalog_view.ts";
import { onJump } from "../scene/focus.ts";
import { CatalogDetails } from "./catalog_details.tsx";
import { CatalogRow, ROW } from "./catalog_row.tsx";
import { Notice, noticeOf } from "./notice.tsx";

type Props = { readonly connection: Connection; readonly part: string };

const useCatalog = ({ connection, part }: Props) => {
  const [scene, setScene] = useState<CatalogScene>(UNKNOWN);
  const [notice, setNotice] = useState<Notice | null>(null);
  useEffect(
    () =>
      connection.look(part, (body) => {
        if (isCatalogBody(body)) {
          setScene(fromCatalog(body));
          setNotice(null);
        } else if (isMetricsBody(body)) {
          setScene((before) => withMetrics(before, body.metrics));
        } else {
          setNotice(noticeOf(body));
        }
      }),
    [connection, part],
  );
  return { scene, notice };
};

type FilterProps = {
  readonly label: string;
  readonly testId: string;
  readonly values: readonly string[];
  readonly value: string;
  readonly onChoose: (value: string) => void;
};

const Filter = ({ label, testId, values, value, onChoose }: FilterProps): JSX.Element => (
  <select
    aria-label={label}
    value={value}
    onChange={(event) => onChoose(event.currentTarget.value)}
    data-testid={testId}
  >
    <option value="">every {label}</option>
    {values.map((one) => (
      <option key={one} value={one}>
        {one}
      </option>
    ))}
  </select>
);

const Nothing = ({ scene, onAll }: { scene: CatalogScene; onAll: () => void }): JSX.Element => {
  if (!scene.known) {
    return <p class="recq-empty">Reading the model …</p>;
  }
  if (scene.entries.length === 0) {
    return (
      <p class="recq-empty">
        No payload and no component yet: run a <code>%%recq_payload</code> or <code>%%recq_component</code> cell, or{" "}
        <code>recq.register(...)</code>.
      </p>
    );
  }
  return (
    <p class="recq-empty">
      Nothing fits these filters.{" "}
      <button type="button" onClick={onAll}>
        show everything
      </button>
    </p>
  );
};

export const Catalog = ({ connection, part }: Props): JSX.Element => {
  const { scene, notice } = useCatalog({ connection, part });
  const [choice, setChoice] = useState<CatalogChoice>(EVERYTHING);
  const [selected, setSelected] = useState("");
  const [scrolled, setScrolled] = useState(0);
  const scroll = useRef<HTMLDivElement>(null);
  const id = useId();

  const offered = useMemo(() => choicesOf(scene.entries), [scene.entries]);
  const entries = useMemo(() => chosenEntries(scene.entries, choice), [scene.entries, choice]);
  const height = scroll.current?.clientHeight ?? 400;
  const sight = windowOf(scrolled, height, ROW, entries.length);
  const chosen = scene.entries.find((entry) => entry.name === selected);

  const open = useCallback((name: string): void => setSelected(name), []);
  useEffect(
    () =>
      onJump(connection.session, part, (target) => {
        setChoice(EVERYTHING);
        setSelected(target.split(".", 1)[0] ?? target);
      }),
    [connection, part],
  );
  useEffect(() => {
    const place = entries.findIndex((entry) => entry.name === selected);
    const box = scroll.current;
    if (place >= 0 && box && (place * ROW < box.scrollTop || (place + 1) * ROW > box.scrollTop + box.clientHeight)) {
      box.scrollTop = Math.max(place * ROW - box.clientHeight / 2, 0);
    }
  }, [entries, selected]);

  const onKey = (event: KeyboardEvent): void => {
    const place = entries.findIndex((entry) => entry.name === selected);
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -entries.length, End: entries.length };
    const step = by[event.key as keyof typeof by];
    if (step !== undefined) {
      setSelected(entries[Math.min(Math.max(place + step, 0), entries.length - 1)]?.name ?? "");
    } else if (event.key === "Escape") {
      setSelected("");
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <>
      <div class="recq-bar" role="toolbar" aria-label="catalog">
        <input
          type="search"
          placeholder="name, field or description"
          aria-label="name, field or description"
          value={choice.text}
          onInput={(event) => setChoice({ ...choice, text: event.currentTarget.value })}
          data-testid="catalog-text"
        />
        <Filter
          label="kind"
          testId="catalog-kind"
          values={offered.kinds}
          value={choice.kind}
          onChoose={(kind) => setChoice({ ...choice, kind })}
        />
        <Filter
          label="component"
          testId="catalog-component"
          values={offered.components}
          value={choice.component}
          onChoose={(component) => setChoice({ ...choice, component })}
        />
        <Filter
          label="domain"
          testId="catalog-domain"
          values={offered.domains}
          value={choice.domain}
          onChoose={(domain) => setChoice({ ...choice, domain })}
        />
        <span class="recq-grow" />
        <span class="recq-quiet" role="status" data-testid="catalog-count">
          {entries.length.toLocaleString("en")} of {scene.entries.length.toLocaleString("en")}
          {scene.leftOut > 0 ? `, ${scene.leftOut.toLocaleString("en")} more in recq.catalog_df()` : ""}
        </span>
      </div>
      {notice ? <Notice notice={notice} /> : null}
      <div class="recq-catalog-body">
        <div class="recq-catalog-main">
          <div class="recq-catalog-head" aria-hidden="true">
            <span>kind</span>
            <span>name</span>
            <span>domain</span>
            <span class="recq-catalog-number">calls</span>
            <span class="recq-catalog-number">per s</span>
            <span class="recq-catalog-number">p95</span>
            <span class="recq-catalog-number">failed</span>
          </div>
          <div
            class="recq-catalog-scroll"
            ref={scroll}
            tabIndex={0}
            role="listbox"
            aria-label="payloads and components; arrows move"
            aria-activedescendant={selected ? `${id}-${selected}` : undefined}
            onKeyDown={onKey}
            onScroll={(event) => setScrolled(event.currentTarget.scrollTop)}
            data-testid="catalog-list"
          >
            {entries.length === 0 ? (
              <Nothing scene={scene} onAll={() => setChoice(EVERYTHING)} />
            ) : (
              <div class="recq-catalog-tall" style={{ height: `${entries.length * ROW}px` }} role="presentation">
                {entries.slice(sight.first, sight.last).map((entry, place) => (
                  <CatalogRow
                    key={entry.name}
                    id={`${id}-${entry.name}`}
                    entry={entry}
                    metric={measured(scene, entry.handlers)}
                    y={(sight.first + place) * ROW}
                    selected={entry.name === selected}
                    onOpen={() => open(entry.name)}
                  />
                ))}
              </div>
            )}
          </div>
        </div>
        {chosen ? (
          <CatalogDetails
            entry={chosen}
            scene={scene}
            connection={connection}
            part={part}
            onOpen={open}
            onClose={() => setSelected("")}
          />
        ) : null}
      </div>
    </>
  );
};
