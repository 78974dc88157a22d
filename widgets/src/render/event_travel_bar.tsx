/** The slider of time travel: from before the first event to the newest. */
import type { JSX } from "preact";

type Props = {
  readonly head: number;
  readonly place: number | null;
  readonly selected: number;
  readonly waiting: string;
  readonly onPlace: (number: number) => void;
  readonly onEnd: () => void;
};

export const EventTravelBar = ({ head, place, selected, waiting, onPlace, onEnd }: Props): JSX.Element => {
  const from = place ?? (selected > 0 ? selected : head);
  const said =
    waiting ||
    (place === null
      ? "now"
      : place === 0
        ? "before the first event"
        : `as of ${place.toLocaleString("en")} of ${head.toLocaleString("en")}`);
  return (
    <div class="recq-events-travel" role="toolbar" aria-label="time travel">
      <span>time travel</span>
      <button
        type="button"
        aria-label="one event back"
        disabled={from <= 0}
        onClick={() => onPlace(from - 1)}
        data-testid="events-back"
      >
        ◀
      </button>
      <input
        type="range"
        min={0}
        max={head}
        step={1}
        value={from}
        disabled={head === 0}
        aria-label="as of event"
        aria-valuetext={said}
        onInput={(event) => onPlace(event.currentTarget.valueAsNumber)}
        data-testid="events-slider"
      />
      <button
        type="button"
        aria-label="one event on"
        disabled={from >= head}
        onClick={() => onPlace(from + 1)}
        data-testid="events-on"
      >
        ▶
      </button>
      <output data-testid="events-place">{said}</output>
      {place === null ? (
        <button
          type="button"
          disabled={head === 0}
          onClick={() => onPlace(selected > 0 ? selected : head)}
          data-testid="events-travel"
        >
          show state
        </button>
      ) : (
        <button type="button" onClick={onEnd} data-testid="events-now">
          back to now
        </button>
      )}
    </div>
  );
};
