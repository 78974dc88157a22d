/** The application graph with its traffic. */
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Connection } from "../protocol/connection.ts";
import { isGraphModel, isGraphNews } from "../protocol/generated/graph.ts";
import { jump, onJump } from "../scene/focus.ts";
import {
  componentOf,
  EMPTY,
  fromModel,
  type GraphScene,
  hidden,
  untried,
  withGraphNews,
} from "../scene/graph_scene.ts";
import { GraphStage } from "./graph_stage.ts";
import { Notice, noticeOf } from "./notice.tsx";

type Props = { readonly connection: Connection; readonly part: string };

export const Graph = ({ connection, part }: Props): JSX.Element => {
  const [scene, setScene] = useState<GraphScene>(EMPTY);
  const [notice, setNotice] = useState<Notice | null>(null);
  const [sought, setSought] = useState("");
  const [said, setSaid] = useState("");
  const place = useRef<HTMLDivElement>(null);
  const stage = useRef<GraphStage | null>(null);

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
    if (!place.current || scene.svg === "") {
      return;
    }
    stage.current ??= new GraphStage(place.current, {
      onHover: (node) => stage.current?.light(node),
      onOpen: (node) => {
        const target = node.includes(".") ? componentOf(node) : node;
        setSaid(
          jump(connection.session, "flow", target)
            ? `the flow shows ${target}`
            : "open recq.flow() to see its messages",
        );
      },
    });
    stage.current.show(scene);
  }, [scene, connection]);
  useEffect(
    () =>
      onJump(connection.session, part, (target) => {
        setSought(target);
        stage.current?.fly(target);
      }),
    [connection, part],
  );
  const seek = (name: string): void => {
    setSought(name);
    const found = stage.current?.fly(name) ?? false;
    stage.current?.light("");
    setSaid(name !== "" && !found ? `nothing is called ${name}` : "");
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
          {said}
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
      <section
        class="recq-graph-stage"
        ref={place}
        aria-label="application graph; Tab moves between handlers, Enter shows their flow"
        data-testid="graph-stage"
        data-round={scene.round}
        hidden={scene.nodes.length === 0}
      />
      <div class="recq-graph-note recq-quiet" data-testid="graph-note">
        {hiding.length > 0 ? (
          <div class="recq-problem" data-testid="graph-hidden">
            seen, not declared: {hiding.map((one) => `${one.component} ${one.interaction} ${one.payload}`).join(" · ")}
          </div>
        ) : null}
        <span data-testid="graph-untried">
          {idle.length === 0
            ? "everything declared has been seen"
            : `declared, never seen (dotted): ${idle.length} — ${idle
                .slice(0, 8)
                .map((one) => `${one.component} ${one.interaction} ${one.payload}`)
                .join(" · ")}${idle.length > 8 ? " …" : ""}`}
        </span>
        <div>Beside a handler: calls, p50/p95. Ctrl and the wheel zoom, dragging moves.</div>
      </div>
    </>
  );
};
