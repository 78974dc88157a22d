/** One row of the sequence diagram: a hop, a burst that was only counted, or a folded flow. */
import type { JSX } from "preact";
import { type Arrow, arrowOf, isFailure, labelOf, milliseconds, receiverOf, type Stroke } from "../layout/arrow.ts";
import { ROW } from "../layout/flow_height.ts";
import { CLOCK, type Lanes } from "../layout/lanes.ts";
import type { Group, Shown } from "../scene/flow_groups.ts";
import { colourOf } from "./kind.ts";

const LABEL = 44;
const CHARACTER = 7.4;
const MIDDLE = 21;

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
  readonly id?: string;
  readonly place?: number;
  readonly count?: number;
};

/** A request's and an event's head is filled, a reply's is open, a failure's is a cross. */
export const Head = (props: {
  readonly stroke: Stroke;
  readonly x: number;
  readonly y: number;
  readonly step: number;
}): JSX.Element => {
  const { stroke, x, y, step } = props;
  if (stroke === "failure") {
    return <path class="recq-flow-open" d={`M${x - 11 * step} ${y - 4}l${8 * step} 8m0 -8l${-8 * step} 8`} />;
  }
  if (stroke === "reply") {
    return <path class="recq-flow-open" d={`M${x - 8 * step} ${y - 4}L${x - step} ${y}l${-7 * step} 4`} />;
  }
  return <path class="recq-flow-tip" d={`M${x} ${y}l${-8 * step} -4v8z`} />;
};

const Clock = ({ at, start }: { readonly at: number; readonly start: number }): JSX.Element => (
  <text x={8} y={MIDDLE} class="recq-flow-clock">
    {clock(at, start)}
  </text>
);

/** Where a label stands: over the middle of its arrow, but in sight. */
const centreOf = (arrow: Arrow, label: string, lanes: Lanes): number => {
  const half = (label.length * CHARACTER) / 2;
  return Math.round(Math.min(Math.max((arrow.from + arrow.to) / 2, CLOCK + half), lanes.width - 4 - half));
};

const ArrowLine = ({ arrow, lanes }: { readonly arrow: Arrow; readonly lanes: Lanes }): JSX.Element => {
  const label = shortened(arrow.label, LABEL);
  if (arrow.from === arrow.to) {
    return (
      <>
        <path class="recq-flow-line" d={`M${arrow.from} ${MIDDLE - 8}h26v10h-20`} />
        <Head stroke={arrow.stroke} x={arrow.from} y={MIDDLE + 2} step={-1} />
        <text x={arrow.from + 32} y={MIDDLE}>
          {label}
        </text>
      </>
    );
  }
  const step = arrow.to > arrow.from ? 1 : -1;
  return (
    <>
      <path class="recq-flow-line" d={`M${arrow.from} ${MIDDLE}H${arrow.to - 6 * step}`} />
      <Head stroke={arrow.stroke} x={arrow.to} y={MIDDLE} step={step} />
      {arrow.through === null ? null : <circle class="recq-flow-tip" cx={arrow.through} cy={MIDDLE} r={3.5} />}
      <text x={centreOf(arrow, label, lanes)} y={MIDDLE - 6} text-anchor="middle">
        {label}
      </text>
    </>
  );
};

const hopsOf = (group: Group) => group.rows.flatMap((row) => (row.type === "hop" ? [row.hop] : []));

const told = (group: Group): { readonly text: string; readonly failed: string } => {
  const hops = hopsOf(group);
  const [first] = hops;
  const failed = hops.filter(isFailure).length;
  const took = milliseconds((hops.at(-1)?.at ?? 0) - (first?.at ?? 0));
  const name = shortened(first?.name ?? "", 40);
  return {
    text: `${name} and what it caused: ${hops.length} hops in ${took}`,
    failed: failed > 0 ? `, ${failed} failed` : "",
  };
};

const spoken = (shown: Shown, lanes: Lanes): string => {
  switch (shown.type) {
    case "gap":
      return `${shown.count.toLocaleString("en")} hops of a burst, counted only`;
    case "group": {
      const { text, failed } = told(shown);
      return `${text}${failed}, ${shown.opened ? "unfolded" : "folded"}`;
    }
    default: {
      const { hop } = shown;
      return `${hop.source} → ${receiverOf(hop, lanes)}: ${labelOf(hop, lanes)}`;
    }
  }
};

const Line = ({ shown, lanes, start }: Pick<Props, "shown" | "lanes" | "start">): JSX.Element => {
  if (shown.type === "gap") {
    return (
      <text x={CLOCK + 8} y={MIDDLE} class="recq-flow-clock">
        … {spoken(shown, lanes)}
      </text>
    );
  }
  if (shown.type === "group") {
    const { text, failed } = told(shown);
    return (
      <>
        <Clock at={hopsOf(shown)[0]?.at ?? start} start={start} />
        <text x={CLOCK + 8} y={MIDDLE}>
          {shown.opened ? "▾" : "▸"} {text}
          <tspan class="recq-flow-failed">{failed}</tspan>
        </text>
      </>
    );
  }
  return (
    <>
      <Clock at={shown.hop.at} start={start} />
      <ArrowLine arrow={arrowOf(shown.hop, lanes)} lanes={lanes} />
    </>
  );
};

const lookOf = (shown: Shown, lanes: Lanes): { readonly name: string; readonly colour: string } => {
  if (shown.type !== "hop") {
    return { name: shown.type, colour: "var(--recq-quiet)" };
  }
  const { stroke } = arrowOf(shown.hop, lanes);
  const colour = colourOf(shown.hop.view === "" ? shown.hop.kind : "view");
  return { name: stroke, colour: stroke === "failure" ? "var(--recq-bad)" : colour };
};

export const FlowRow = (props: Props): JSX.Element => {
  const { shown, y, lanes, start, selected, onOpen } = props;
  const { name, colour } = lookOf(shown, lanes);
  return (
    <g
      id={props.id}
      class={`recq-flow-row recq-flow-${name}`}
      style={{ color: colour }}
      role="option"
      aria-label={spoken(shown, lanes)}
      aria-selected={selected}
      aria-posinset={props.place}
      aria-setsize={props.count}
      data-testid={`flow-${shown.type}`}
      data-name={shown.type === "hop" ? shown.hop.name : undefined}
      data-hop={shown.type === "hop" ? shown.hop.hop : undefined}
      data-correlation={shown.type === "hop" ? shown.hop.correlation : undefined}
      transform={`translate(0 ${y})`}
      onClick={onOpen}
    >
      <rect class="recq-flow-ground" width="100%" height={ROW} />
      <title>{spoken(shown, lanes)}</title>
      <Line shown={shown} lanes={lanes} start={start} />
    </g>
  );
};
