/** What colours and lines of the diagram mean, and how much of the flow it shows. */
import type { JSX } from "preact";
import type { Stroke } from "../layout/arrow.ts";
import { Head } from "./flow_row.tsx";
import { colourOf } from "./kind.ts";

const LINES: readonly (readonly [Stroke, string])[] = [
  ["event", "asynchronous"],
  ["reply", "reply"],
  ["failure", "failure"],
];

type Props = {
  readonly kinds: readonly string[];
  readonly rows: number;
  readonly forgotten: number;
  /** Hops that came since it was paused. */
  readonly waiting: number;
};

export const FlowLegend = ({ kinds, rows, forgotten, waiting }: Props): JSX.Element => (
  <div class="recq-flow-note recq-quiet">
    {kinds.map((kind) => (
      <span key={kind}>
        <span style={{ color: colourOf(kind) }}>●</span> {kind}
      </span>
    ))}
    {LINES.map(([stroke, text]) => (
      <span key={stroke} aria-hidden="true">
        <svg
          class={`recq-flow-${stroke}`}
          width="30"
          height="10"
          style={{ color: stroke === "failure" ? "var(--recq-bad)" : "currentColor" }}
          role="presentation"
        >
          <path class="recq-flow-line" d="M0 5h20" />
          <Head stroke={stroke} x={28} y={5} step={1} />
        </svg>{" "}
        {text}
      </span>
    ))}
    <span class="recq-flow-waiting" data-testid="flow-waiting">
      {waiting > 0 ? `${waiting.toLocaleString("en")} new ${waiting === 1 ? "hop" : "hops"} since the pause` : ""}
    </span>
    <span data-testid="flow-rows">
      {rows.toLocaleString("en")} {rows === 1 ? "row" : "rows"}
      {forgotten > 0 ? `, ${forgotten.toLocaleString("en")} earlier hops are not shown` : ""}
    </span>
  </div>
);
