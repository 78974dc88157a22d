/** The model as of an event: what the event changed, one aggregate, one read model. */
import type { JSX } from "preact";
import { useId } from "preact/hooks";
import type { Changed, PastBody } from "../protocol/generated/events.ts";

type Props = {
  readonly past: PastBody;
  readonly onAggregate: (aggregate: string) => void;
  readonly onTable: (table: string) => void;
};

const SIGNS: Readonly<Record<string, string>> = { added: "+", removed: "−", changed: "~" };

const Change = ({ change }: { readonly change: Changed }): JSX.Element => (
  <tr data-testid="events-change" data-field={change.field} data-what={change.what}>
    <td>
      {change.name} <span class="recq-quiet">{change.key}</span>
    </td>
    <td>
      <span title={change.what}>{SIGNS[change.what] ?? ""}</span> {change.field}
    </td>
    <td>
      {change.what === "added" ? null : <span class="recq-events-gone">{change.before}</span>}{" "}
      {change.what === "removed" ? null : <span class="recq-events-come">{change.after}</span>}
    </td>
  </tr>
);

export const EventPast = ({ past, onAggregate, onTable }: Props): JSX.Element => {
  const id = useId();
  const table = past.tables.find((one) => one.name === past.table);
  return (
    <div data-testid="events-past" data-number={past.number}>
      <h4>
        {past.number === 0 ? "Before the first event" : `As of event ${past.number.toLocaleString("en")}`}{" "}
        <span class="recq-quiet" style={{ fontWeight: 400 }}>
          replayed in {past.took.toFixed(0)} ms
        </span>
      </h4>
      <h5>what this event changed</h5>
      {past.changes.length === 0 ? (
        <p class="recq-quiet">No field of an aggregate or read model.</p>
      ) : (
        <div class="recq-events-table">
          <table>
            <tbody>
              {past.changes.map((change, place) => (
                <Change key={place} change={change} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {past.changes_total > past.changes.length ? (
        <p class="recq-quiet">
          {past.changes.length} of {past.changes_total.toLocaleString("en")} changed fields
        </p>
      ) : null}
      <h5>
        <label for={`${id}-aggregate`}>aggregate</label>
        <select
          id={`${id}-aggregate`}
          value={past.aggregate}
          onChange={(event) => onAggregate(event.currentTarget.value)}
          data-testid="events-aggregate-choice"
        >
          {past.aggregate === "" ? <option value="">choose one</option> : null}
          {past.aggregates.map((one) => (
            <option key={one.aggregate_id} value={one.aggregate_id}>
              {one.aggregate_id} ({one.name || "no component"}, version {one.version})
            </option>
          ))}
        </select>
        {past.aggregates_total > past.aggregates.length ? (
          <span class="recq-quiet">of {past.aggregates_total.toLocaleString("en")}</span>
        ) : null}
      </h5>
      {past.problem ? <p class="recq-problem">{past.problem}</p> : null}
      {past.state ? <pre data-testid="events-state">{past.state}</pre> : null}
      <h5>
        <label for={`${id}-table`}>read model</label>
        <select
          id={`${id}-table`}
          value={past.table}
          onChange={(event) => onTable(event.currentTarget.value)}
          data-testid="events-table-choice"
        >
          {past.tables.map((one) => (
            <option key={one.name} value={one.name}>
              {one.name} ({one.rows.toLocaleString("en")} rows{one.changed > 0 ? `, ${one.changed} changed` : ""})
            </option>
          ))}
        </select>
        {table && table.rows > past.rows.length ? (
          <span class="recq-quiet">
            {past.rows.length} of {table.rows.toLocaleString("en")} rows
          </span>
        ) : null}
      </h5>
      <div class="recq-events-table">
        <table data-testid="events-read-model">
          <thead>
            <tr>
              {past.columns.map((column) => (
                <th key={column}>{column}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {past.rows.map((row, place) => (
              <tr key={place} class={past.fresh[place] ? "recq-events-fresh" : ""}>
                {row.map((value, column) => (
                  <td key={past.columns[column]}>{value}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {past.failures_total > 0 ? (
        <>
          <h5>not projected so far: {past.failures_total.toLocaleString("en")}</h5>
          {past.failures.map((one) => (
            <p class="recq-problem" key={`${one.component} ${one.number}`} data-testid="events-failure">
              {one.component}, event {one.number}: {one.error}
            </p>
          ))}
        </>
      ) : null}
    </div>
  );
};
