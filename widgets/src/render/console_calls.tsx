/** What became of what was sent: the reply or the rejection, the view as a table, and what it caused. */
import type { JSX } from "preact";
import { tableOf, type ViewTable } from "../layout/view_table.ts";
import type { Call, Caused } from "../protocol/generated/console.ts";

const WORDS: { readonly [state: string]: string } = {
  pending: "pending…",
  confirmed: "confirmed",
  answered: "answered",
  rejected: "rejected",
  failed: "failed",
  timed_out: "timed out: outcome unknown",
  cancelled: "given up: outcome unknown",
};
const tone = (state: string): string =>
  state === "confirmed" || state === "answered" ? "good" : state === "pending" ? "quiet" : "bad";

const Table = ({ table }: { readonly table: ViewTable }): JSX.Element => (
  <table class="recq-console-view" data-testid="console-view">
    <thead>
      <tr>
        {table.columns.map((column) => (
          <th key={column} scope="col">
            {column}
          </th>
        ))}
      </tr>
    </thead>
    <tbody>
      {table.rows.map((row, place) => (
        <tr key={place}>
          {row.map((cell, at) => (
            <td key={at} class={cell.quiet ? "recq-quiet" : undefined}>
              {cell.table ? <Table table={cell.table} /> : cell.text}
            </td>
          ))}
        </tr>
      ))}
    </tbody>
  </table>
);

const Effect = ({ one }: { readonly one: Caused }): JSX.Element => {
  const bad = one.hop === "failed" || one.hop === "rejected" || one.hop === "timed_out";
  const event = one.number > 0 ? ` #${one.number}` : "";
  return (
    <li class={bad ? "recq-console-bad" : undefined} data-testid="console-caused">
      {one.hop === "published" ? (
        <>
          <b>{one.name}</b>
          {event} published by {one.component || "outside"}
        </>
      ) : one.hop === "consumed" || (one.hop === "failed" && event) ? (
        <span class="recq-console-step">
          {bad ? "✗" : "✓"} {one.component} {bad ? "could not handle" : "handled"} {one.name}
          {event}
        </span>
      ) : (
        <span class="recq-console-step">
          {one.name} {one.hop} {one.component ? `by ${one.component}` : ""}
        </span>
      )}
      {one.outcome ? <span>: {one.outcome}</span> : null}
    </li>
  );
};

type Props = {
  readonly call: Call;
  readonly open: boolean;
  readonly onCopy: (call: Call) => void;
  readonly onAgain: (call: Call) => void;
  readonly onGiveUp: (call: Call) => void;
};

/** Its own event is told with the reply; what is told here is what came of it. */
const effectsOf = (call: Call): readonly Caused[] =>
  call.caused.filter((one) => one.hop !== "published" || one.number !== call.number || call.state !== "confirmed");

export const CallCard = ({ call, open, onCopy, onAgain, onGiveUp }: Props): JSX.Element => (
  <details
    class="recq-console-call"
    open={open}
    data-testid="console-call"
    data-state={call.state}
    data-call={call.call}
  >
    <summary>
      <span class={`recq-console-state recq-console-${tone(call.state)}`} data-testid="console-state">
        {WORDS[call.state] ?? call.state}
      </span>
      <span class="recq-console-called" title={call.name}>
        {call.name}
      </span>
      <span class="recq-quiet">{call.state === "pending" ? "" : `${call.took.toFixed(1)} ms`}</span>
    </summary>
    <div class="recq-console-outcome">
      {call.code || call.text ? (
        <p class="recq-console-bad">
          {call.code ? (
            <code class="recq-console-code" data-testid="console-code">
              {call.code}
            </code>
          ) : null}{" "}
          {call.text}
          {call.remedy ? <span class="recq-quiet"> → {call.remedy}</span> : null}
        </p>
      ) : null}
      {call.state === "confirmed" ? (
        <p>
          {call.event ? (
            <>
              <b>{call.event}</b> #{call.number}
              {call.aggregate_id ? (
                <span class="recq-quiet">
                  {" "}
                  {call.aggregate_id}
                  {call.version ? `, version ${call.version}` : ""}
                </span>
              ) : null}
            </>
          ) : (
            "No event was published."
          )}
        </p>
      ) : null}
      {call.state === "answered" ? (
        call.rows === 0 ? (
          <p class="recq-quiet" data-testid="console-view">
            No views: the list is empty.
          </p>
        ) : (
          <div class="recq-console-views">
            <Table table={tableOf(call.view)} />
            {Array.isArray(call.view) && call.rows > call.view.length ? (
              <p class="recq-quiet">
                {call.view.length.toLocaleString("en")} of {call.rows.toLocaleString("en")} views are shown.
              </p>
            ) : null}
          </div>
        )
      ) : null}
      {effectsOf(call).length > 0 ? (
        <ul class="recq-console-caused">
          {effectsOf(call).map((one, place) => (
            <Effect key={place} one={one} />
          ))}
          {call.caused_more > 0 ? <li class="recq-quiet">and {call.caused_more.toLocaleString("en")} more</li> : null}
        </ul>
      ) : null}
      <p class="recq-console-input" title={call.input}>
        <code>{call.input || "What was sent is too long to be shown."}</code>
      </p>
      <span class="recq-console-line">
        {call.source ? (
          <button type="button" onClick={() => onCopy(call)} data-testid="console-copy-call">
            copy as cell
          </button>
        ) : null}
        {call.input ? (
          <button type="button" onClick={() => onAgain(call)} data-testid="console-again">
            fill in again
          </button>
        ) : null}
        {call.state === "pending" ? (
          <button type="button" onClick={() => onGiveUp(call)} data-testid="console-give-up">
            stop waiting
          </button>
        ) : null}
      </span>
    </div>
  </details>
);
