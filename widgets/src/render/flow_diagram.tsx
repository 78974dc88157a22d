/** The diagram itself: a list of hops that scrolls under the heads of the lifelines, of which only what is in sight is drawn. */
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { HEAD, heightOf, ROW } from "../layout/flow_height.ts";
import { isNarrow, type Lanes, nameLines } from "../layout/lanes.ts";
import { windowOf } from "../layout/window.ts";
import { keyOf, type Shown } from "../scene/flow_groups.ts";
import { accountedFor, type FlowScene } from "../scene/flow_scene.ts";
import { FlowBars } from "./flow_bars.tsx";
import { FlowRow } from "./flow_row.tsx";

type Props = {
  readonly scene: FlowScene;
  readonly rows: readonly Shown[];
  readonly lanes: Lanes;
  readonly start: number;
  readonly following: boolean;
  /** Key of the row the keyboard is at. */
  readonly active: string;
  /** Drops the filters; null where there are none. */
  readonly onEverything: (() => void) | null;
  /** Told how wide the diagram may be. */
  readonly onRoom: (width: number) => void;
  readonly onMove: (shown: Shown) => void;
  readonly onOpen: (shown: Shown) => void;
  readonly onClose: () => void;
  /** Details of a hop. */
  readonly children: ComponentChildren;
};

/** Between two lines of a name. */
const LEADING = 13;

const LaneHead = ({ lanes }: { readonly lanes: Lanes }): JSX.Element => (
  <svg
    class={isNarrow(lanes.gap) ? "recq-flow-head recq-flow-narrow" : "recq-flow-head"}
    width={lanes.width}
    height={HEAD}
    aria-hidden="true"
  >
    {lanes.names.map((one) => {
      const lines = nameLines(one.name, lanes.gap);
      const top = lines.length > 1 ? 14 : 20;
      return (
        <g key={one.name} transform={`translate(${lanes.x.get(one.name) ?? 0} 0)`}>
          <title>{one.name}</title>
          {lines.map((line, place) => (
            <text key={line} y={top + LEADING * place} text-anchor="middle" fill="currentColor" font-weight="600">
              {line}
            </text>
          ))}
          <text y={top + LEADING * lines.length + 1} text-anchor="middle" class="recq-flow-kind">
            {one.kind}
          </text>
        </g>
      );
    })}
  </svg>
);

const newName = (): string => `recq-flow-${crypto.getRandomValues(new Uint32Array(1))[0]?.toString(36) ?? ""}`;

/** Where a key leads from a row, of so many; undefined for keys that lead nowhere. */
const placeAfter = (key: string, place: number, count: number, page: number): number | undefined => {
  const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page };
  const step = steps[key];
  if (step !== undefined) {
    return Math.min(Math.max(place + step, 0), count - 1);
  }
  return key === "Home" ? 0 : key === "End" ? count - 1 : undefined;
};

/** How large the scrolled box is, also after it has changed. */
const useSize = (box: { readonly current: HTMLElement | null }) => {
  const [size, setSize] = useState({ width: 836, height: 400 });
  useEffect(() => {
    const node = box.current;
    if (!node) {
      return undefined;
    }
    const measure = (): void => setSize({ width: node.clientWidth, height: node.clientHeight });
    const watch = new ResizeObserver(measure);
    watch.observe(node);
    measure();
    return () => watch.disconnect();
  }, [box]);
  return size;
};

/** Escape closes from within the details, too, and the keyboard is back where it was. */
const useEscape = (onClose: () => void, box: { readonly current: HTMLElement | null }) => {
  const body = useRef<HTMLDivElement>(null);
  const close = useRef(onClose);
  close.current = onClose;
  useEffect(() => {
    const node = body.current;
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === "Escape" && event.target !== box.current) {
        close.current();
        box.current?.focus();
        event.stopPropagation();
      }
    };
    node?.addEventListener("keydown", onKey);
    return () => node?.removeEventListener("keydown", onKey);
  }, [box]);
  return body;
};

const Empty = ({ onEverything }: Pick<Props, "onEverything">): JSX.Element =>
  onEverything ? (
    <p class="recq-empty">
      No hop fits the filters.{" "}
      <button type="button" onClick={onEverything} data-testid="flow-everything">
        show everything
      </button>
    </p>
  ) : (
    <p class="recq-empty">
      No message yet. Send one: <code>recq.send(...)</code>
    </p>
  );

export const FlowDiagram = (props: Props): JSX.Element => {
  const { scene, rows, lanes, start, following, active, children, onRoom, onMove, onOpen, onClose } = props;
  const box = useRef<HTMLDivElement>(null);
  const body = useEscape(onClose, box);
  const [name] = useState(newName);
  const [scrolled, setScrolled] = useState(0);
  const size = useSize(box);
  const tallest = useRef(0);
  tallest.current = Math.max(tallest.current, heightOf(rows.length, scene.chosen));
  const sight = windowOf(scrolled - HEAD, size.height, ROW, rows.length);
  const place = rows.findIndex((row) => keyOf(row) === active);
  const idOf = (shown: Shown): string => `${name}-${keyOf(shown).replaceAll(" ", "-")}`;
  const current = rows[place];
  const isDrawn = place >= sight.first && place < sight.last;

  useEffect(() => onRoom(size.width), [onRoom, size.width]);
  useEffect(() => {
    if (following && box.current) {
      box.current.scrollTop = box.current.scrollHeight;
    }
  }, [following, rows, size.height]);
  useEffect(() => {
    const node = box.current;
    if (!node || place < 0 || following) {
      return;
    }
    const top = HEAD + place * ROW;
    if (top < node.scrollTop + HEAD) {
      node.scrollTop = top - HEAD;
    } else if (top + ROW > node.scrollTop + size.height) {
      node.scrollTop = top + ROW - size.height + 4;
    }
  }, [active, size.height, following]);

  const onKey = (event: KeyboardEvent): void => {
    const page = Math.max(Math.floor((size.height - HEAD) / ROW) - 1, 1);
    const next = placeAfter(event.key, place, rows.length, page);
    const shown = next === undefined ? undefined : rows[next];
    if (shown) {
      onMove(shown);
    } else if ((event.key === "Enter" || event.key === " ") && current) {
      onOpen(current);
    } else if (event.key === "Escape") {
      onClose();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div
      class={`recq-flow-body${children ? " recq-flow-detailed" : ""}`}
      style={{ "--recq-flow-height": `${tallest.current}px` }}
      ref={body}
    >
      <div
        class="recq-flow-scroll"
        ref={box}
        tabIndex={0}
        role="listbox"
        aria-label="hops, oldest first; arrows move, Enter opens, Escape closes"
        aria-activedescendant={current && isDrawn ? idOf(current) : undefined}
        onKeyDown={onKey}
        onScroll={(event) => setScrolled(event.currentTarget.scrollTop)}
        data-testid="flow-diagram"
        data-hops={scene.rows.length}
        data-accounted={accountedFor(scene)}
      >
        {rows.length === 0 ? (
          <Empty onEverything={props.onEverything} />
        ) : (
          <>
            <LaneHead lanes={lanes} />
            <svg width={lanes.width} height={rows.length * ROW + 8} role="presentation">
              {lanes.names.map((one) => {
                const x = lanes.x.get(one.name) ?? 0;
                return <line key={one.name} class="recq-flow-lane" x1={x} x2={x} y1={0} y2={rows.length * ROW + 8} />;
              })}
              <FlowBars rows={rows} lanes={lanes} sight={sight} />
              {rows.slice(sight.first, sight.last).map((shown, offset) => (
                <FlowRow
                  key={keyOf(shown)}
                  id={idOf(shown)}
                  place={sight.first + offset + 1}
                  count={rows.length}
                  shown={shown}
                  y={(sight.first + offset) * ROW}
                  lanes={lanes}
                  start={start}
                  selected={keyOf(shown) === active}
                  onOpen={() => onOpen(shown)}
                />
              ))}
            </svg>
          </>
        )}
      </div>
      {children}
    </div>
  );
};
