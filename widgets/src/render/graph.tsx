/** The application graph with its traffic. */
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { linesOf } from "../layout/edge_words.ts";
import type { Connection } from "../protocol/connection.ts";
import { isGraphModel, isGraphNews } from "../protocol/generated/graph.ts";
import { jump, onJump } from "../scene/focus.ts";
import {
  type Edge,
  EMPTY,
  edgesAt,
  fromModel,
  type GraphScene,
  hidden,
  keyOf,
  untried,
  withGraphNews,
} from "../scene/graph_scene.ts";
import type { Point } from "./graph_markup.ts";
import { GraphStage } from "./graph_stage.ts";
import { Notice, noticeOf } from "./notice.tsx";

type Props = { readonly connection: Connection; readonly part: string };

type Pointed = { readonly node: string; readonly edge: Edge | null; readonly at: Point };

/** Edges a note about a node lists. */
const LISTED = 8;
/** Untried edges that are named; all of them are dotted. */
const NAMED = 4;

/** What is known of the edge or the node that is pointed at. */
const Beside = ({ scene, pointed }: { readonly scene: GraphScene; readonly pointed: Pointed }): JSX.Element | null => {
  const { edge } = pointed;
  const found = edge ? scene.edges.find((one) => keyOf(one) === keyOf(edge)) : undefined;
  const beside = edge ? [] : edgesAt(scene, pointed.node);
  const lines = found
    ? linesOf(found, scene.traffic.get(keyOf(found)))
    : beside
        .slice(0, LISTED)
        .map((one) => `${one.source} → ${one.target}: ${scene.traffic.get(keyOf(one))?.label || "never seen"}`);
  if (lines.length === 0) {
    return null;
  }
  return (
    <div
      class="recq-graph-beside"
      style={{ left: `${pointed.at.x}px`, top: `${pointed.at.y}px` }}
      role="status"
      data-testid="graph-beside"
    >
      {found ? (
        <b>
          {found.source} → {found.target}
        </b>
      ) : null}
      {lines.map((line) => (
        <div key={line}>{line}</div>
      ))}
      {beside.length > LISTED ? <div class="recq-quiet">and {beside.length - LISTED} more</div> : null}
    </div>
  );
};

const said = (edge: Edge & { readonly kind: string }): string => `${edge.source} → ${edge.target}`;

export const Graph = ({ connection, part }: Props): JSX.Element => {
  const [scene, setScene] = useState<GraphScene>(EMPTY);
  const [notice, setNotice] = useState<Notice | null>(null);
  const [sought, setSought] = useState("");
  const [told, setTold] = useState("");
  const [more, setMore] = useState("");
  const [pointed, setPointed] = useState<Pointed | null>(null);
  const place = useRef<HTMLDivElement>(null);
  const stage = useRef<GraphStage | null>(null);
  /** What another picture asked for before this one had anything to show. */
  const early = useRef("");

  useEffect(
    () =>
      connection.look(part, (body) => {
        if (isGraphModel(body)) {
          setScene((before) => fromModel(before, body));
        } else if (isGraphNews(body)) {
          setScene((before) => withGraphNews(before, body));
        } else {
          setNotice(noticeOf(body));
        }
      }),
    [connection, part],
  );
  useEffect(() => {
    if (!place.current || scene.pictures.length === 0) {
      return;
    }
    stage.current ??= new GraphStage(place.current, {
      onHover: (node, at) => {
        stage.current?.light(node);
        setPointed(node === "" ? null : { node, edge: null, at });
      },
      onEdge: (edge, at) => setPointed(edge ? { node: "", edge, at } : null),
      onMore: setMore,
      onOpen: (target) => {
        setTold(
          jump(connection.session, "flow", target)
            ? `the flow shows ${target}`
            : "open recq.flow() to see its messages",
        );
      },
    });
    stage.current.show(scene);
    if (early.current !== "") {
      stage.current.fly(early.current);
      early.current = "";
    }
  }, [scene, connection]);
  useEffect(
    () =>
      onJump(connection.session, part, (target) => {
        setSought(target);
        if (stage.current) {
          stage.current.fly(target);
        } else {
          early.current = target;
        }
      }),
    [connection, part],
  );
  const seek = (name: string): void => {
    setSought(name);
    const found = stage.current?.fly(name) ?? false;
    stage.current?.light("");
    setTold(name !== "" && !found ? `nothing is called ${name}` : "");
  };
  const hiding = hidden(scene);
  const idle = untried(scene);

  return (
    <>
      <div class="recq-bar" role="toolbar" aria-label="graph">
        <input
          type="search"
          placeholder="find by name"
          aria-label="find a handler or payload"
          value={sought}
          onInput={(event) => seek(event.currentTarget.value)}
          data-testid="graph-search"
        />
        <span class="recq-quiet" aria-live="polite" data-testid="graph-said">
          {told}
        </span>
        <span class="recq-grow" />
        <button type="button" aria-label="zoom in" onClick={() => stage.current?.zoomBy(1.3)}>
          +
        </button>
        <button type="button" aria-label="zoom out" onClick={() => stage.current?.zoomBy(1 / 1.3)}>
          −
        </button>
        <button
          type="button"
          onClick={() => {
            seek("");
            stage.current?.fit();
          }}
          data-testid="graph-fit"
        >
          fit
        </button>
      </div>
      {notice ? <Notice notice={notice} /> : null}
      {scene.nodes.length === 0 ? (
        <p class="recq-empty">
          No component yet. Define one: <code>%%recq_component</code>
        </p>
      ) : null}
      <div class="recq-graph-around">
        <section
          class="recq-graph-stage"
          ref={place}
          aria-label="application graph; Tab moves between handlers, arrows between their edges, Escape back, Enter shows the flow"
          data-testid="graph-stage"
          data-round={scene.round}
          hidden={scene.nodes.length === 0}
        />
        {more === "" || scene.nodes.length === 0 ? null : (
          <div class="recq-graph-more" data-testid="graph-more">
            more {more} drag to move
          </div>
        )}
        {pointed ? <Beside scene={scene} pointed={pointed} /> : null}
      </div>
      <div class="recq-graph-note recq-quiet" data-testid="graph-note">
        {hiding.length > 0 ? (
          <div class="recq-problem" data-testid="graph-hidden">
            seen, not declared (red): {hiding.map(said).join(" · ")}
          </div>
        ) : null}
        <span data-testid="graph-untried">
          {idle.length === 0
            ? "everything declared has been seen"
            : `declared, never seen (dotted): ${idle.length} — ${idle
                .slice(0, NAMED)
                .map(said)
                .join(" · ")}${idle.length > NAMED ? " …" : ""}`}
        </span>
        <div>
          On an edge: messages, and median time or what is wrong; point at it for more. Ctrl and the wheel zoom,
          dragging moves; arrow keys go along a handler's edges.
        </div>
      </div>
    </>
  );
};
