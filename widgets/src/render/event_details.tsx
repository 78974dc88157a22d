/** All about one event: payload, metadata, and what led to it and came of it. */
import type { JSX } from "preact";
import type { EventDetails, Related } from "../protocol/generated/events.ts";
import { colourOf } from "./kind.ts";

type Props = {
  readonly details: EventDetails;
  readonly onOpen: (number: number) => void;
  readonly onAggregate: (aggregate: string) => void;
  readonly onFlow: (correlation: string) => void;
};

const GROUPS = [
  ["cause", "caused by"],
  ["effect", "led to"],
  ["same flow", "in the same flow"],
] as const;

const RelatedList = ({ related, onOpen }: { related: readonly Related[]; onOpen: (number: number) => void }) => (
  <ul class="recq-events-related">
    {related.map((one) => (
      <li key={one.number}>
        <button
          type="button"
          class="recq-events-link"
          onClick={() => onOpen(one.number)}
          data-testid={`events-${one.relation.replace(" ", "-")}`}
        >
          <span class="recq-events-name" style={{ "--recq-kind": colourOf(one.kind) }}>
            {one.number.toLocaleString("en")} {one.name}
          </span>{" "}
          {one.aggregate}
        </button>
        {one.via ? <span class="recq-quiet"> by {one.via}</span> : null}
      </li>
    ))}
  </ul>
);

export const EventDetailsView = ({ details, onOpen, onAggregate, onFlow }: Props): JSX.Element => {
  const { event } = details;
  return (
    <>
      <h4 data-testid="events-title">
        {event.number.toLocaleString("en")}{" "}
        <span class="recq-events-name" style={{ "--recq-kind": colourOf(event.kind) }}>
          {event.name}
        </span>
      </h4>
      <dl>
        <dt class="recq-quiet">aggregate</dt>
        <dd>
          {event.aggregate ? (
            <button
              type="button"
              class="recq-events-link"
              title="only the events of this aggregate"
              onClick={() => onAggregate(event.aggregate)}
              data-testid="events-only-aggregate"
            >
              {event.aggregate}
            </button>
          ) : (
            "none: a service event"
          )}
          {event.version > 0 ? `, version ${event.version}` : ""}
        </dd>
        <dt class="recq-quiet">published by</dt>
        <dd>{details.sender}</dd>
        <dt class="recq-quiet">time</dt>
        <dd>{event.at.replace("T", " ").replace("+00:00", " UTC")}</dd>
      </dl>
      <h5>payload</h5>
      <pre data-testid="events-payload">{details.payload}</pre>
      {details.cut ? <p class="recq-quiet">The payload is longer; the rest is in recq.events.</p> : null}
      {GROUPS.map(([relation, title]) => {
        const some = details.related.filter((one) => one.relation === relation);
        return some.length > 0 ? (
          <div key={relation}>
            <h5>{title}</h5>
            <RelatedList related={some} onOpen={onOpen} />
          </div>
        ) : null;
      })}
      {details.related_more > 0 ? (
        <p class="recq-quiet">and {details.related_more.toLocaleString("en")} more of this flow</p>
      ) : null}
      <h5>metadata</h5>
      <pre data-testid="events-metadata">{details.metadata}</pre>
      <dl>
        <dt class="recq-quiet">event id</dt>
        <dd>{details.event_id}</dd>
        <dt class="recq-quiet">caused by message</dt>
        <dd>{details.causation}</dd>
        <dt class="recq-quiet">flow</dt>
        <dd>
          <button
            type="button"
            class="recq-events-link"
            title="only the events of this flow"
            onClick={() => onFlow(details.correlation)}
            data-testid="events-only-flow"
          >
            {details.correlation}
          </button>
        </dd>
      </dl>
    </>
  );
};
