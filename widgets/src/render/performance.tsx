/** Measured service times and rates, a row for each handler. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { milliseconds } from "../layout/arrow.ts";
import { sparkline } from "../layout/sparkline.ts";
import type { Connection } from "../protocol/connection.ts";
import { isPerformanceBody } from "../protocol/generated/performance.ts";
import { jump } from "../scene/focus.ts";
import {
  COLUMNS,
  type Column,
  EMPTY,
  type PerformanceScene,
  REMEMBERED,
  sorted,
  withMeasurements,
} from "../scene/performance_scene.ts";
import { Notice, noticeOf } from "./notice.tsx";

const HEADINGS: Readonly<Record<Column, string>> = {
  handler: "handler",
  count: "calls",
  rate: "per second",
  failed: "failed",
  p50: "median",
  p95: "95 %",
  longest: "longest",
};

const Spark = ({ rates }: { readonly rates: readonly number[] }): JSX.Element => (
  <svg width={120} height={20} role="img" aria-label={`rate, at most ${Math.max(...rates, 0)} a second`}>
    <path d={sparkline(rates, REMEMBERED, 120, 20)} fill="none" stroke="var(--recq-accent)" stroke-width={1.5} />
  </svg>
);

type Props = { readonly connection: Connection; readonly part: string };

export const Performance = ({ connection, part }: Props): JSX.Element => {
  const [scene, setScene] = useState<PerformanceScene>(EMPTY);
  const [notice, setNotice] = useState<Notice | null>(null);
  const [by, setBy] = useState<Column>("count");
  const [descending, setDescending] = useState(true);
  useEffect(
    () =>
      connection.look(part, (body) => {
        if (isPerformanceBody(body)) {
          setScene((before) => withMeasurements(before, body));
        } else {
          setNotice(noticeOf(body));
        }
      }),
    [connection, part],
  );
  const sort = (column: Column): void => {
    setDescending(column === by ? !descending : column !== "handler");
    setBy(column);
  };
  const longest = Math.max(...scene.handlers.map((one) => one.p95), 0.001);

  return (
    <>
      {notice ? <Notice notice={notice} /> : null}
      {scene.handlers.length === 0 ? (
        <p class="recq-empty">
          No handler has run yet. Send a command: <code>recq.send(...)</code>
        </p>
      ) : (
        <div class="recq-scroll">
          <table data-testid="performance-table">
            <thead>
              <tr>
                {COLUMNS.map((column) => (
                  <th key={column} aria-sort={column === by ? (descending ? "descending" : "ascending") : "none"}>
                    <button type="button" onClick={() => sort(column)} data-testid={`performance-by-${column}`}>
                      {HEADINGS[column]} {column === by ? (descending ? "▾" : "▴") : ""}
                    </button>
                  </th>
                ))}
                <th>rate lately</th>
              </tr>
            </thead>
            <tbody>
              {sorted(scene.handlers, by, descending).map((one) => (
                <tr key={one.handler} data-testid="performance-row" data-handler={one.handler}>
                  <td>
                    <button
                      type="button"
                      class="recq-performance-name"
                      onClick={() => jump(connection.session, "graph", one.handler)}
                    >
                      {one.handler}
                    </button>{" "}
                    <span class="recq-quiet">{one.kind}</span>
                  </td>
                  <td class="recq-number">{one.count.toLocaleString("en")}</td>
                  <td class="recq-number">{one.rate >= 0.1 ? one.rate : ""}</td>
                  <td class="recq-number" style={one.failed > 0 ? { color: "var(--recq-bad)" } : {}}>
                    {one.failed || ""}
                  </td>
                  <td class="recq-number">{milliseconds(one.p50)}</td>
                  <td class="recq-number">
                    {milliseconds(one.p95)}
                    <div class="recq-performance-bar" style={{ width: `${Math.max((one.p95 / longest) * 100, 2)}%` }} />
                  </td>
                  <td class="recq-number">{milliseconds(one.longest)}</td>
                  <td>
                    <Spark rates={scene.rates.get(one.handler) ?? []} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
};
