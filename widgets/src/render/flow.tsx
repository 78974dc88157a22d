/** The live sequence diagram. */
import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { lanesOf } from "../layout/lanes.ts";
import { windowOf } from "../layout/window.ts";
import type { Connection } from "../protocol/connection.ts";
import { type HopDetails, isFlowNews, isFlowSnapshot, isHopDetails } from "../protocol/generated/flow.ts";
import { accountedFor, EMPTY, type FlowScene, fromSnapshot, withNews } from "../scene/flow_scene.ts";
import { type Choice, EVERYTHING, isChosen, isEverything, type Shown, shownRows } from "../scene/flow_view.ts";
import { onJump } from "../scene/focus.ts";
import { copy } from "./clipboard.ts";
import { FlowDetails } from "./flow_details.tsx";
import { FlowRow, ROW } from "./flow_row.tsx";
import { colourOf } from "./kind.ts";
import { Notice, noticeOf } from "./notice.tsx";

const HEAD = 46;

type Props = { readonly connection: Connection; readonly part: string };

const keyOf = (shown: Shown): string =>
  shown.type === "hop" ? `hop ${shown.hop.step}` : shown.type === "gap" ? shown.key : `group ${shown.correlation}`;

const useFlow = (connection: Connection, part: string, following: boolean) => {
  const [scene, setScene] = useState<FlowScene>(EMPTY);
  const [notice, setNotice] = useState<Notice | null>(null);
  const live = useRef<FlowScene>(EMPTY);
  const follows = useRef(following);
  follows.current = following;
  useEffect(
    () =>
      connection.look(part, (body) => {
        if (isFlowSnapshot(body)) {
          live.current = fromSnapshot(body);
        } else if (isFlowNews(body)) {
          live.current = withNews(live.current, body);
        } else {
          setNotice(noticeOf(body));
          return;
        }
        if (follows.current) {
          setScene(live.current);
        }
      }),
    [connection, part],
  );
  useEffect(() => {
    if (following) {
      setScene(live.current);
    }
  }, [following]);
  return { scene, notice };
};

export const Flow = ({ connection, part }: Props): JSX.Element => {
  const [following, setFollowing] = useState(true);
  const { scene, notice } = useFlow(connection, part, following);
  const [choice, setChoice] = useState<Choice>(EVERYTHING);
  const [selected, setSelected] = useState<string>("");
  const [details, setDetails] = useState<HopDetails | null>(null);
  const [problem, setProblem] = useState("");
  const [said, setSaid] = useState("");
  const [scrolled, setScrolled] = useState(0);
  const scroll = useRef<HTMLDivElement>(null);

  const rows = useMemo(() => shownRows(scene, choice), [scene, choice]);
  const room = scroll.current?.clientWidth ?? 836;
  const everyLane = useMemo(() => lanesOf(scene, room), [scene, room]);
  const lanes = useMemo(
    () =>
      isEverything(choice)
        ? everyLane
        : {
            ...lanesOf({ ...scene, rows: scene.rows.filter((row) => isChosen(row, choice)) }, room),
            handledBy: everyLane.handledBy,
          },
    [scene, choice, everyLane, room],
  );
  const kinds = useMemo(
    () => [...new Set(scene.rows.flatMap((row) => (row.type === "hop" ? [row.hop.kind] : [])))].sort(),
    [scene],
  );
  const first = scene.rows.find((row) => row.type === "hop");
  const start = first?.type === "hop" ? first.hop.at : 0;
  const height = scroll.current?.clientHeight ?? 400;
  const sight = windowOf(scrolled - HEAD, height, ROW, rows.length);
  const chosen = rows.find((row) => keyOf(row) === selected);

  useEffect(
    () => onJump(connection.session, part, (target) => setChoice({ ...EVERYTHING, text: target })),
    [connection, part],
  );
  useEffect(() => {
    if (following && scroll.current) {
      scroll.current.scrollTop = scroll.current.scrollHeight;
    }
  }, [following, rows]);

  const open = (shown: Shown): void => {
    setSelected(keyOf(shown));
    setDetails(null);
    setProblem("");
    if (shown.type === "group") {
      const opened = new Set(choice.opened);
      if (!opened.delete(shown.correlation)) {
        opened.add(shown.correlation);
      }
      setChoice({ ...choice, opened });
      setFollowing(false);
    } else if (shown.type === "hop") {
      setFollowing(false);
      connection.ask(part, { kind: "hop", step: shown.hop.step }).then(
        (body) => (isHopDetails(body) ? setDetails(body) : setProblem(noticeOf(body)?.text ?? "")),
        (error: Error) => setProblem(error.message),
      );
    }
  };
  const move = (by: number): void => {
    const place = rows.findIndex((row) => keyOf(row) === selected);
    const next = rows[Math.min(Math.max(place + by, 0), rows.length - 1)];
    if (next) {
      setSelected(keyOf(next));
      setFollowing(false);
      scroll.current?.scrollTo({ top: Math.max(rows.indexOf(next) * ROW - height / 2, 0) });
    }
  };
  const onKey = (event: KeyboardEvent): void => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      move(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Enter" && chosen) {
      open(chosen);
    } else if (event.key === "Escape") {
      setSelected("");
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };
  const copyMermaid = async (): Promise<void> => {
    const body = await connection.ask(part, { kind: "mermaid", correlation: choice.correlation });
    if (typeof body.text === "string") {
      await copy(body.text);
      setSaid("copied as Mermaid");
    }
  };

  return (
    <>
      <div class="recq-bar" role="toolbar" aria-label="flow">
        <button
          type="button"
          aria-pressed={following}
          onClick={() => setFollowing(!following)}
          data-testid="flow-follow"
        >
          {following ? "following" : "paused"}
        </button>
        <input
          type="search"
          placeholder="filter by name"
          aria-label="filter by name"
          value={choice.text}
          onInput={(event) => setChoice({ ...choice, text: event.currentTarget.value })}
          data-testid="flow-text"
        />
        <select
          aria-label="kind of message"
          value={choice.kind}
          onChange={(event) => setChoice({ ...choice, kind: event.currentTarget.value })}
          data-testid="flow-kind"
        >
          <option value="">every kind</option>
          {kinds.map((kind) => (
            <option key={kind}>{kind}</option>
          ))}
        </select>
        <select
          aria-label="component"
          value={choice.component}
          onChange={(event) => setChoice({ ...choice, component: event.currentTarget.value })}
          data-testid="flow-component"
        >
          <option value="">every component</option>
          {everyLane.names.map((one) => (
            <option key={one.name}>{one.name}</option>
          ))}
        </select>
        {choice.correlation ? (
          <button type="button" onClick={() => setChoice({ ...choice, correlation: "" })} data-testid="flow-all">
            one flow ✕
          </button>
        ) : null}
        <span class="recq-grow" />
        <span class="recq-quiet" aria-live="polite" data-testid="flow-said">
          {said}
        </span>
        <button type="button" onClick={copyMermaid} data-testid="flow-mermaid">
          copy as Mermaid
        </button>
      </div>
      {notice ? <Notice notice={notice} /> : null}
      <div class="recq-flow-body">
        <div
          class="recq-flow-scroll"
          ref={scroll}
          tabIndex={0}
          role="listbox"
          aria-label="hops, oldest first; arrows move, Enter opens"
          onKeyDown={onKey}
          onScroll={(event) => setScrolled(event.currentTarget.scrollTop)}
          data-testid="flow-diagram"
          data-hops={scene.rows.length}
          data-accounted={accountedFor(scene)}
        >
          {scene.rows.length === 0 ? (
            <p class="recq-empty">
              No message yet. Send one: <code>recq.send(...)</code>
            </p>
          ) : (
            <>
              <svg class="recq-flow-head" width={lanes.width} height={HEAD} aria-hidden="true">
                {lanes.names.map((one) => (
                  <g key={one.name} transform={`translate(${lanes.x.get(one.name) ?? 0} 0)`}>
                    <title>{one.name}</title>
                    <text y={20} text-anchor="middle" fill="currentColor" font-weight="600">
                      {one.name.length > 20 ? `${one.name.slice(0, 19)}…` : one.name}
                    </text>
                    <text y={36} text-anchor="middle" class="recq-flow-kind">
                      {one.kind}
                    </text>
                  </g>
                ))}
              </svg>
              <svg width={lanes.width} height={rows.length * ROW + 8} role="presentation">
                {lanes.names.map((one) => {
                  const x = lanes.x.get(one.name) ?? 0;
                  return <line key={one.name} class="recq-flow-lane" x1={x} x2={x} y1={0} y2={rows.length * ROW + 8} />;
                })}
                {rows.slice(sight.first, sight.last).map((shown, place) => (
                  <FlowRow
                    key={keyOf(shown)}
                    shown={shown}
                    y={(sight.first + place) * ROW}
                    lanes={lanes}
                    start={start}
                    selected={keyOf(shown) === selected}
                    onOpen={() => open(shown)}
                  />
                ))}
              </svg>
            </>
          )}
        </div>
        {chosen?.type === "hop" ? (
          <FlowDetails
            hop={chosen.hop}
            details={details}
            problem={problem}
            onClose={() => setSelected("")}
            onFlow={() => setChoice({ ...choice, correlation: chosen.hop.correlation })}
          />
        ) : null}
      </div>
      <div class="recq-flow-note recq-quiet">
        {kinds.map((kind) => (
          <span key={kind} style={{ marginRight: "12px" }}>
            <span style={{ color: colourOf(kind) }}>●</span> {kind}
          </span>
        ))}
        {rows.length.toLocaleString("en")} rows
        {scene.forgotten > 0 ? `, ${scene.forgotten.toLocaleString("en")} earlier hops are not shown` : ""}
      </div>
    </>
  );
};
