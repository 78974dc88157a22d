/** Dead events, saga instances and scheduled commands, as tabs below the consumers. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { DeadEventRow, SagaRow, ScheduledRow } from "../protocol/generated/consumers.ts";
import { type ConsumersScene, deadOf } from "../scene/consumers_scene.ts";
import type { Deciding, Doing } from "./consumers.tsx";

type Tab = "dead" | "sagas" | "scheduled";
type Props = {
  readonly scene: ConsumersScene;
  readonly consumer: string;
  readonly onConsumer: (consumer: string) => void;
  readonly onAct: Doing;
  readonly onDecide: Deciding;
  readonly onFlow: (component: string) => void;
};

const TABS: readonly (readonly [Tab, string])[] = [
  ["dead", "Dead events"],
  ["sagas", "Sagas"],
  ["scheduled", "Scheduled commands"],
];
const when = (moment: string): string => moment.replace("T", " ").slice(0, 19);
const Cut = ({ shown, total }: { readonly shown: number; readonly total: number }): JSX.Element | null =>
  total > shown ? (
    <p class="recq-quiet recq-consumers-cut">
      {shown.toLocaleString("en")} of {total.toLocaleString("en")} are shown.
    </p>
  ) : null;

const DeadLine = ({ row, onAct }: { readonly row: DeadEventRow; readonly onAct: Doing }): JSX.Element => (
  <tr data-testid={`dead-${row.consumer_id}-${row.sequence_number}`}>
    <td>
      <b>{row.event_name}</b> <span class="recq-quiet">#{row.sequence_number}</span>
      <br />
      <span class="recq-quiet">{row.consumer_id}</span>
    </td>
    <td>
      <span class="recq-consumers-bad" data-testid={`dead-exception-${row.sequence_number}`}>
        {row.exception}
      </span>
      {row.place ? <code class="recq-consumers-place">{row.place}</code> : null}
      <details>
        <summary>traceback</summary>
        <pre>{row.traceback}</pre>
      </details>
    </td>
    <td>
      {row.attempts} {row.attempts === 1 ? "attempt" : "attempts"}
      <br />
      <span class="recq-quiet">{when(row.dead_at)}</span>
    </td>
    <td class="recq-consumers-do">
      <button
        type="button"
        onClick={() => onAct("redrive", row.consumer_id, row.sequence_number)}
        aria-label={`re-drive event ${row.sequence_number} of ${row.consumer_id}`}
        data-testid={`dead-redrive-${row.consumer_id}-${row.sequence_number}`}
      >
        re-drive
      </button>
      <button
        type="button"
        onClick={() => onAct("delete", row.consumer_id, row.sequence_number)}
        aria-label={`delete dead event ${row.sequence_number} of ${row.consumer_id}`}
        data-testid={`dead-delete-${row.consumer_id}-${row.sequence_number}`}
      >
        delete…
      </button>
    </td>
  </tr>
);

const Dead = ({ scene, consumer, onConsumer, onAct }: Props): JSX.Element => {
  const rows = deadOf(scene.tables, consumer);
  const owners = scene.consumers.filter((one) => one.dead_events > 0);
  const total =
    consumer === ""
      ? scene.tables.dead_total
      : (owners.find((one) => one.consumer_id === consumer)?.dead_events ?? rows.length);
  if (scene.tables.dead_total === 0) {
    return (
      <p class="recq-empty">
        No dead events. An event that a handler fails at again and again is parked here, so that the others are not held
        up; mend the handler, then re-drive it.
      </p>
    );
  }
  return (
    <>
      <div class="recq-consumers-tools">
        <select
          aria-label="whose dead events"
          value={consumer}
          onChange={(event) => onConsumer(event.currentTarget.value)}
          data-testid="dead-of"
        >
          <option value="">of every consumer</option>
          {owners.map((one) => (
            <option key={one.consumer_id} value={one.consumer_id}>
              {one.consumer_id} ({one.dead_events})
            </option>
          ))}
        </select>
        <button type="button" onClick={() => onAct("redrive", consumer, null, total)} data-testid="dead-redrive-all">
          re-drive all {total.toLocaleString("en")}
        </button>
        <button type="button" onClick={() => onAct("delete", consumer, null, total)} data-testid="dead-delete-all">
          delete all…
        </button>
      </div>
      <table>
        <thead>
          <tr>
            <th scope="col">event</th>
            <th scope="col">exception</th>
            <th scope="col">given up</th>
            <th scope="col">
              <span class="recq-consumers-hidden">actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <DeadLine key={`${row.consumer_id} ${row.sequence_number}`} row={row} onAct={onAct} />
          ))}
        </tbody>
      </table>
      <Cut shown={rows.length} total={total} />
    </>
  );
};

type SagasProps = {
  readonly rows: readonly SagaRow[];
  readonly total: number;
  readonly onFlow: (component: string) => void;
};
const Sagas = ({ rows, total, onFlow }: SagasProps): JSX.Element =>
  rows.length === 0 ? (
    <p class="recq-empty">
      No saga instance is under way. One begins with an event its saga starts at, and goes when it ends.
    </p>
  ) : (
    <>
      <table>
        <thead>
          <tr>
            <th scope="col">saga</th>
            <th scope="col">associated with</th>
            <th scope="col">state</th>
            <th scope="col">
              <span class="recq-consumers-hidden">actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.saga_id} data-testid="saga-row">
              <td>
                <b>{row.saga_name}</b>
                <br />
                <span class="recq-quiet">{row.saga_id}</span>
              </td>
              <td>
                {row.associations.map(([name, value]) => (
                  <div key={name}>
                    {name} = <code>{value}</code>
                  </div>
                ))}
              </td>
              <td>
                <code class="recq-consumers-json">{row.state}</code>
              </td>
              <td class="recq-consumers-do">
                <button
                  type="button"
                  onClick={() => onFlow(row.saga_name)}
                  aria-label={`show what ${row.saga_name} does in the flow`}
                  data-testid="saga-flow"
                >
                  show in flow
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <Cut shown={rows.length} total={total} />
    </>
  );

type ScheduledProps = { readonly rows: readonly ScheduledRow[]; readonly total: number; readonly onDecide: Deciding };
const Scheduled = ({ rows, total, onDecide }: ScheduledProps): JSX.Element =>
  rows.length === 0 ? (
    <p class="recq-empty">
      No command is scheduled. A saga schedules one with <code>scheduler.schedule(command, after=…)</code>.
    </p>
  ) : (
    <>
      <table>
        <thead>
          <tr>
            <th scope="col">command</th>
            <th scope="col">due (UTC)</th>
            <th scope="col">of saga</th>
            <th scope="col">attempts</th>
            <th scope="col">
              <span class="recq-consumers-hidden">actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.schedule_id} data-testid="scheduled-row">
              <td>
                <b>{row.command_name}</b>
                <br />
                <code class="recq-consumers-json">{row.payload}</code>
              </td>
              <td>{when(row.due_at)}</td>
              <td>{row.saga_name}</td>
              <td>
                {row.given_up ? <span class="recq-consumers-bad">given up after </span> : null}
                {row.attempts}
                {row.last_error ? <div class="recq-consumers-bad">{row.last_error}</div> : null}
              </td>
              <td class="recq-consumers-do">
                {row.given_up ? (
                  <button
                    type="button"
                    onClick={() => onDecide("retry", row)}
                    aria-label={`send ${row.command_name} of ${row.saga_id} once more`}
                    data-testid="scheduled-retry"
                  >
                    try again
                  </button>
                ) : null}
                <button
                  type="button"
                  onClick={() => onDecide("cancel", row)}
                  aria-label={`cancel ${row.command_name} of ${row.saga_id}`}
                  data-testid="scheduled-cancel"
                >
                  cancel…
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <Cut shown={rows.length} total={total} />
    </>
  );

export const ConsumerTables = (props: Props): JSX.Element => {
  const [tab, setTab] = useState<Tab>("dead");
  const { tables } = props.scene;
  const counts = { dead: tables.dead_total, sagas: tables.sagas_total, scheduled: tables.scheduled_total };
  const move = (event: KeyboardEvent): void => {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") {
      return;
    }
    const place = TABS.findIndex(([name]) => name === tab);
    const next = TABS[(place + (event.key === "ArrowRight" ? 1 : TABS.length - 1)) % TABS.length];
    if (next) {
      setTab(next[0]);
      const list = event.currentTarget;
      if (list instanceof HTMLElement) {
        list.querySelectorAll("button")[TABS.indexOf(next)]?.focus();
      }
    }
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <>
      <div class="recq-bar recq-consumers-tabs" role="tablist" aria-label="what the store keeps" onKeyDown={move}>
        {TABS.map(([name, label]) => (
          <button
            key={name}
            type="button"
            role="tab"
            aria-selected={tab === name}
            tabIndex={tab === name ? 0 : -1}
            onClick={() => setTab(name)}
            data-testid={`consumers-tab-${name}`}
          >
            {label} <span class={name === "dead" && counts.dead > 0 ? "recq-consumers-bad" : ""}>{counts[name]}</span>
          </button>
        ))}
      </div>
      <div class="recq-consumers-kept" role="tabpanel" data-testid={`consumers-${tab}`}>
        {tab === "dead" ? <Dead {...props} /> : null}
        {tab === "sagas" ? <Sagas rows={tables.sagas} total={tables.sagas_total} onFlow={props.onFlow} /> : null}
        {tab === "scheduled" ? (
          <Scheduled rows={tables.scheduled} total={tables.scheduled_total} onDecide={props.onDecide} />
        ) : null}
      </div>
    </>
  );
};
