/** One row of the sequence diagram: a hop, a burst that was only counted, or a folded flow. */
import type { JSX } from "preact";
import { arrowOf } from "../layout/arrow.ts";
import type { Lanes } from "../layout/lanes.ts";
import type { Shown } from "../scene/flow_view.ts";
import { colourOf } from "./kind.ts";

export const ROW = 30;
const LABEL = 34;

const shortened = (text: string, most: number): string => {
  const flat = text.replace(/\s+/g, " ");
  return flat.length > most ? `${flat.slice(0, most - 1)}…` : flat;
};

const clock = (at: number, start: number): string => {
  const passed = at - start;
  return passed >= 10_000 ? `${(passed / 1000).toFixed(1)} s` : `${passed.toFixed(1)} ms`;
};

type Props = {
  readonly shown: Shown;
  readonly y: number;
  readonly lanes: Lanes;
  readonly start: number;
  readonly selected: boolean;
  readonly onOpen: () => void;
};

const Line = ({ shown, lanes, start }: Pick<Props, "shown" | "lanes" | "start">): JSX.Element => {
  const middle = ROW - 9;
  if (shown.type === "gap") {
    return (
      <text x={12} y={middle} class="recq-flow-clock">
        … {shown.count.toLocaleString("en")} hops of a burst, counted only
      </text>
    );
  }
  if (shown.type === "group") {
    const first = shown.rows[0];
    const name = first?.type === "hop" ? first.hop.name : "";
    const at = first?.type === "hop" ? first.hop.at : start;
    const failed = shown.rows.filter((row) => row.type === "hop" && row.hop.outcome !== "").length;
    return (
      <>
        <text x={8} y={middle} class="recq-flow-clock">
          {clock(at, start)}
        </text>
        <text x={84} y={middle}>
          ▸ {shortened(name, 40)} and what it caused: {shown.rows.length} hops
          {failed > 0 ? `, ${failed} failed` : ""}
        </text>
      </>
    );
  }
  const { hop } = shown;
  const arrow = arrowOf(hop, lanes);
  const colour = arrow.failed ? "var(--recq-bad)" : colourOf(hop.kind);
  const dash = arrow.dashed ? "6 4" : undefined;
  const label = shortened(arrow.label, LABEL);
  if (arrow.from === arrow.to) {
    return (
      <>
        <text x={8} y={middle} class="recq-flow-clock">
          {clock(hop.at, start)}
        </text>
        <path
          d={`M${arrow.from} ${middle - 8}h26v10h-22`}
          fill="none"
          stroke={colour}
          stroke-width={1.6}
          stroke-dasharray={dash}
        />
        <path d={`M${arrow.from + 1} ${middle + 2}l7 -4v8z`} fill={colour} />
        <text x={arrow.from + 32} y={middle}>
          {label}
        </text>
      </>
    );
  }
  const step = arrow.to > arrow.from ? 1 : -1;
  const centre = (arrow.from + arrow.to) / 2;
  return (
    <>
      <text x={8} y={middle} class="recq-flow-clock">
        {clock(hop.at, start)}
      </text>
      <line
        x1={arrow.from}
        y1={middle}
        x2={arrow.to - 6 * step}
        y2={middle}
        stroke={colour}
        stroke-width={1.6}
        stroke-dasharray={dash}
      />
      <path d={`M${arrow.to} ${middle}l${-8 * step} -4v8z`} fill={colour} />
      {arrow.through === null ? null : <circle cx={arrow.through} cy={middle} r={3.5} fill={colour} />}
      <text x={centre} y={middle - 5} text-anchor="middle" class="recq-flow-label">
        {label}
      </text>
    </>
  );
};

const spoken = (shown: Shown): string => {
  if (shown.type === "gap") {
    return `${shown.count} hops of a burst`;
  }
  if (shown.type === "group") {
    return `flow of ${shown.rows.length} hops`;
  }
  const { hop } = shown;
  return `${hop.name} ${hop.hop.replace("_", " ")}, from ${hop.source} to ${hop.target}${hop.outcome ? `: ${hop.outcome}` : ""}`;
};

export const FlowRow = ({ shown, y, lanes, start, selected, onOpen }: Props): JSX.Element => (
  <g
    class="recq-flow-row"
    role="option"
    aria-label={spoken(shown)}
    aria-selected={selected}
    data-testid={`flow-${shown.type}`}
    data-name={shown.type === "hop" ? shown.hop.name : undefined}
    data-hop={shown.type === "hop" ? shown.hop.hop : undefined}
    transform={`translate(0 ${y})`}
    onClick={onOpen}
  >
    <rect class="recq-flow-ground" width={lanes.width} height={ROW} />
    <title>{spoken(shown)}</title>
    <Line shown={shown} lanes={lanes} start={start} />
  </g>
);
