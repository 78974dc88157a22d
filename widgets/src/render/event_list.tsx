/** The list of events: only what is in sight is drawn, however many there are. */
import type { JSX, RefObject } from "preact";
import { useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { at, type Extent, heightOf, type Scroll, scrolled } from "../layout/long_scroll.ts";
import type { EventRow } from "../protocol/generated/events.ts";
import { type EventsScene, rowAt } from "../scene/events_scene.ts";
import { clockOf } from "../scene/events_view.ts";
import { colourOf } from "./kind.ts";

export const ROW = 28;
export const SIGHT = 280;
const SETTLES_AFTER_MS = 150;

type Props = {
  readonly scene: EventsScene;
  readonly scroll: Scroll;
  readonly selected: number;
  readonly empty: JSX.Element;
  readonly onScroll: (scroll: Scroll) => void;
  readonly onOpen: (number: number) => void;
  readonly onStep: (step: number) => void;
};

export const extentOf = (scene: EventsScene): Extent => ({ rows: scene.shown, row: ROW, sight: SIGHT });

export const placesInSight = (scroll: Scroll, scene: EventsScene): { first: number; last: number } => ({
  first: Math.max(Math.floor(scroll.top / ROW), 0),
  last: Math.min(Math.ceil((scroll.top + SIGHT) / ROW), scene.shown),
});

type LineProps = {
  readonly row: EventRow;
  readonly y: number;
  readonly selected: boolean;
  readonly oneContext: boolean;
  readonly onOpen: () => void;
};

const Line = ({ row, y, selected, oneContext, onOpen }: LineProps): JSX.Element => (
  // biome-ignore lint/a11y/useKeyWithClickEvents: the list has the keys
  <div
    class="recq-events-line"
    tabIndex={-1}
    role="option"
    aria-selected={selected}
    aria-label={`event ${row.number}, ${row.name}, ${row.aggregate}`}
    data-testid="events-row"
    data-number={row.number}
    style={{ top: `${y}px` }}
    onClick={onOpen}
  >
    <span class="recq-events-number">{row.number.toLocaleString("en")}</span>
    <span class="recq-events-time" title={row.at}>
      {clockOf(row.at, new Date())}
    </span>
    <span class="recq-events-name" title={row.name} style={{ "--recq-kind": colourOf(row.kind) }}>
      {row.name}
    </span>
    <span title={row.aggregate}>{row.aggregate}</span>
    {oneContext ? null : <span title={row.context}>{row.context}</span>}
    <span class="recq-events-brief">{row.brief}</span>
  </div>
);

/** Once the reader rests, the bar goes where it belongs; what is seen does not move. */
const useSettledBar = (
  element: RefObject<HTMLDivElement | null>,
  scroll: Scroll,
  extent: Extent,
  onScroll: (scroll: Scroll) => void,
): void => {
  useLayoutEffect(() => {
    const settle = (): void => {
      const wanted = at(scroll.top, extent);
      if (element.current && Math.abs(element.current.scrollTop - wanted.bar) > 1) {
        onScroll(wanted);
        element.current.scrollTop = wanted.bar;
      }
    };
    const timer = setTimeout(settle, SETTLES_AFTER_MS);
    return () => clearTimeout(timer);
  }, [element, scroll, extent, onScroll]);
};

export const EventList = ({ scene, scroll, selected, empty, onScroll, onOpen, onStep }: Props): JSX.Element => {
  const element = useRef<HTMLDivElement>(null);
  const extent = useMemo(() => extentOf(scene), [scene]);
  useSettledBar(element, scroll, extent, onScroll);
  const sight = placesInSight(scroll, scene);
  const onKey = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 9, PageUp: -9 }[event.key];
    if (step === undefined) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    onStep(step);
  };
  const oneContext = scene.contexts.length <= 1;
  const lines: JSX.Element[] = [];
  for (let place = sight.first; place < sight.last; place += 1) {
    const row = rowAt(scene, place);
    const y = place * ROW - scroll.top;
    lines.push(
      row ? (
        <Line
          key={row.number}
          row={row}
          y={y}
          oneContext={oneContext}
          selected={row.number === selected}
          onOpen={() => onOpen(row.number)}
        />
      ) : (
        <div key={`waiting ${place}`} class="recq-events-line recq-quiet" style={{ top: `${y}px` }}>
          <span class="recq-events-number">…</span>
        </div>
      ),
    );
  }
  return (
    <div class={oneContext ? "recq-events-one-context" : ""}>
      <div
        class="recq-events-scroll"
        ref={element}
        tabIndex={0}
        role="listbox"
        aria-label="events, newest first; arrows open the next"
        onKeyDown={onKey}
        onScroll={(event) => onScroll(scrolled(scroll, event.currentTarget.scrollTop, extent))}
        data-testid="events-list"
        data-total={scene.total}
        data-shown={scene.shown}
      >
        <div class="recq-events-head" aria-hidden="true">
          <span class="recq-events-number">event</span>
          <span>time</span>
          <span>name</span>
          <span>aggregate</span>
          {oneContext ? null : <span>context</span>}
          <span>payload</span>
        </div>
        {scene.shown === 0 ? (
          empty
        ) : (
          <div style={{ height: `${heightOf(extent)}px` }}>
            <div class="recq-events-sight" style={{ height: `${Math.min(SIGHT, heightOf(extent))}px` }}>
              {lines}
            </div>
          </div>
        )}
      </div>
    </div>
  );
};
