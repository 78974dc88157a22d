/** What to look for in the event store. */
import type { JSX } from "preact";
import { useId } from "preact/hooks";
import type { FilterBody } from "../protocol/generated/events.ts";
import type { EventsScene } from "../scene/events_scene.ts";
import { EVERYTHING, isFiltered } from "../scene/events_view.ts";

type Props = {
  readonly scene: EventsScene;
  readonly filter: FilterBody;
  readonly onChange: (filter: FilterBody) => void;
};

export const EventFilterBar = ({ scene, filter, onChange }: Props): JSX.Element => {
  const id = useId();
  return (
    <search class="recq-bar recq-events-bar" aria-label="filter events">
      <select
        aria-label="event name"
        value={filter.name}
        onChange={(event) => onChange({ ...filter, name: event.currentTarget.value })}
        data-testid="events-name"
      >
        <option value="">every event</option>
        {scene.names.map((one) => (
          <option key={one.value} value={one.value}>
            {one.value}
          </option>
        ))}
      </select>
      <input
        type="search"
        placeholder="aggregate id"
        aria-label="aggregate id"
        value={filter.aggregate}
        onInput={(event) => onChange({ ...filter, aggregate: event.currentTarget.value })}
        data-testid="events-aggregate"
      />
      {scene.contexts.length > 1 || filter.context ? (
        <select
          aria-label="context"
          value={filter.context}
          onChange={(event) => onChange({ ...filter, context: event.currentTarget.value })}
          data-testid="events-context"
        >
          <option value="">every context</option>
          {scene.contexts.map((one) => (
            <option key={one.value} value={one.value}>
              {one.value}
            </option>
          ))}
        </select>
      ) : null}
      <input
        type="search"
        placeholder="text in payload"
        aria-label="text in payload"
        value={filter.text}
        onInput={(event) => onChange({ ...filter, text: event.currentTarget.value })}
        data-testid="events-text"
      />
      <span class="recq-events-times recq-quiet">
        <label class="recq-events-moment" for={`${id}-since`}>
          <span>from</span>
          <input
            id={`${id}-since`}
            type="datetime-local"
            step={1}
            value={filter.since}
            onInput={(event) => onChange({ ...filter, since: event.currentTarget.value })}
            data-testid="events-since"
          />
        </label>
        <label class="recq-events-moment" for={`${id}-until`}>
          <span>to</span>
          <input
            id={`${id}-until`}
            type="datetime-local"
            step={1}
            value={filter.until}
            onInput={(event) => onChange({ ...filter, until: event.currentTarget.value })}
            data-testid="events-until"
          />
        </label>
      </span>
      {filter.correlation ? (
        <button type="button" onClick={() => onChange({ ...filter, correlation: "" })} data-testid="events-flow">
          one flow ✕
        </button>
      ) : null}
      <button
        type="button"
        disabled={!isFiltered(filter)}
        onClick={() => onChange(EVERYTHING)}
        data-testid="events-everything"
      >
        show all
      </button>
      <span class="recq-grow" />
      <span class="recq-quiet" aria-live="polite" data-testid="events-count">
        {scene.total.toLocaleString("en")} {isFiltered(filter) ? `of ${scene.head.toLocaleString("en")} ` : ""}
        {scene.total === 1 && !isFiltered(filter) ? "event" : "events"}
      </span>
    </search>
  );
};
