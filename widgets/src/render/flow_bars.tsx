/** Handlers at work, on their lifelines. */
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { barsOf } from "../layout/bars.ts";
import { ROW } from "../layout/flow_height.ts";
import type { Lanes } from "../layout/lanes.ts";
import type { Window } from "../layout/window.ts";
import type { Shown } from "../scene/flow_groups.ts";
import { colourOf } from "./kind.ts";

/** Where a row's arrow is. */
const MIDDLE = 21;
const MOST_LEVELS = 3;
/** How far a bar reaches below the last row it covers. */
const BEYOND = 12;

type Props = { readonly rows: readonly Shown[]; readonly lanes: Lanes; readonly sight: Window };

/** Those in sight; of several on one lifeline the later ones stand further right. */
export const FlowBars = ({ rows, lanes, sight }: Props): JSX.Element => {
  const bars = useMemo(() => barsOf(rows, lanes), [rows, lanes]);
  return (
    <g>
      {bars
        .filter((bar) => bar.first < sight.last && bar.last >= sight.first)
        .map((bar) => (
          <rect
            key={`${bar.hop.step}`}
            class="recq-flow-bar-rect"
            style={{ color: colourOf(bar.hop.kind) }}
            x={(lanes.x.get(bar.lane) ?? 0) - 4 + 5 * Math.min(bar.level, MOST_LEVELS)}
            y={bar.first * ROW + MIDDLE}
            width={8}
            height={Math.max((bar.last - bar.first) * ROW + (bar.beyond ? BEYOND : 0), 6)}
            rx={2}
          />
        ))}
    </g>
  );
};
