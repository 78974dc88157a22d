/** One consumer as two rows of the table: its figures, and below them why it is as it is. */
import type { JSX } from "preact";
import { share, sparkline } from "../layout/sparkline.ts";
import type { ConsumerRow } from "../protocol/generated/consumers.ts";
import type { Doing } from "./consumers.tsx";

const WIDTH = 64;
const HEIGHT = 22;
const MINUTE = 60;
const TONES: { readonly [health: string]: string } = {
  running: "good",
  replaying: "busy",
  starting: "busy",
  paused: "quiet",
  stopped: "quiet",
  stalled: "bad",
};

type Props = {
  readonly row: ConsumerRow;
  readonly chosen: boolean;
  readonly onChoose: () => void;
  readonly onAct: Doing;
};

export const ConsumerLine = ({ row, chosen, onChoose, onAct }: Props): JSX.Element => {
  const paused = row.health === "paused";
  const why = row.reason || (row.last_error ? `last error: ${row.last_error}` : "");
  const part = share(row.position, row.head);
  const count = (number: number): string => number.toLocaleString("en");
  return (
    <tr data-testid={`consumer-${row.consumer_id}`} data-health={row.health} data-position={row.position}>
      <td class="recq-consumers-who">
        <b title={row.consumer_id}>{row.component}</b>
        <span class="recq-quiet">
          {row.kind}
          {row.context === "*" ? "" : ` · context ${row.context}`}
          {row.version === 1 ? "" : ` · version ${row.version}`}
        </span>
        <span
          class={row.reason && !paused ? "recq-consumers-why recq-consumers-bad" : "recq-consumers-why recq-quiet"}
          title={why}
          data-testid={`consumer-why-${row.consumer_id}`}
        >
          {why}
          {row.attempts > 0 ? ` (${row.attempts} attempts)` : ""}
        </span>
      </td>
      <td>
        <span class={`recq-consumers-health recq-consumers-${TONES[row.health] ?? "quiet"}`}>
          {row.busy || row.health}
        </span>
      </td>
      <td>
        <div
          class="recq-consumers-lag"
          role="progressbar"
          aria-label={`${row.component}: passed ${count(row.position)} of ${count(row.head)} events`}
          aria-valuemin={0}
          aria-valuemax={row.head}
          aria-valuenow={row.position}
        >
          <span style={{ width: `${(part * 100).toFixed(1)}%` }} />
        </div>
        <span class="recq-quiet">
          {count(row.position)} of {count(row.head)}
        </span>
      </td>
      <td class="recq-consumers-number">
        <span data-testid={`consumer-lag-${row.consumer_id}`}>{count(row.lag)}</span>
        <span class="recq-consumers-rate" data-testid={`consumer-rate-${row.consumer_id}`}>
          {row.rate >= 100 ? count(Math.round(row.rate)) : row.rate.toFixed(1)}/s
        </span>
      </td>
      <td>
        <svg width={WIDTH} height={HEIGHT} role="img" aria-label={`lag over the last minute, now ${count(row.lag)}`}>
          <path class="recq-consumers-spark" d={sparkline(row.trend, MINUTE, WIDTH, HEIGHT)} />
        </svg>
      </td>
      <td>
        {row.dead_events > 0 ? (
          <button
            type="button"
            class="recq-consumers-dead"
            aria-pressed={chosen}
            title="show its dead events only"
            onClick={onChoose}
            data-testid={`consumer-dead-${row.consumer_id}`}
          >
            {count(row.dead_events)}
          </button>
        ) : (
          <span class="recq-quiet">0</span>
        )}
      </td>
      <td class="recq-consumers-do">
        <button
          type="button"
          disabled={row.busy !== ""}
          onClick={() => onAct(paused ? "resume" : "pause", row.consumer_id)}
          data-testid={`consumer-${paused ? "resume" : "pause"}-${row.consumer_id}`}
          aria-label={`${paused ? "resume" : "pause"} ${row.consumer_id}`}
        >
          {paused ? "resume" : "pause"}
        </button>
        <button
          type="button"
          disabled={row.busy !== ""}
          onClick={() => onAct("replay", row.consumer_id)}
          data-testid={`consumer-replay-${row.consumer_id}`}
          aria-label={`replay ${row.consumer_id}`}
        >
          replay…
        </button>
      </td>
    </tr>
  );
};
