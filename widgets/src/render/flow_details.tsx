/** All about one hop, below the diagram, or beside it where there is room. */
import type { JSX } from "preact";
import { milliseconds } from "../layout/arrow.ts";
import type { Hop, HopDetails } from "../protocol/generated/flow.ts";

const PARTS = [
  ["lock wait", "lock_wait", "#9aa0a6"],
  ["retrieve", "retrieve", "#8e24aa"],
  ["handler", "handler", "#1e88e5"],
  ["store", "store", "#ef6c00"],
] as const;

type Props = {
  readonly hop: Hop;
  readonly receiver: string;
  readonly details: HopDetails | null;
  readonly problem: string;
  readonly isOnlyFlow: boolean;
  readonly onClose: () => void;
  readonly onFlow: () => void;
};

const Durations = ({ details }: { readonly details: HopDetails }): JSX.Element | null => {
  const total = PARTS.reduce((sum, [, key]) => sum + details[key], 0);
  if (total === 0) {
    return null;
  }
  return (
    <div data-testid="flow-durations">
      <div class="recq-flow-parts" aria-hidden="true">
        {PARTS.map(([name, key, colour]) =>
          details[key] > 0 ? (
            <span key={name} style={{ flexGrow: (100 * details[key]) / total, background: colour }} />
          ) : null,
        )}
      </div>
      <dl>
        {PARTS.map(([name, key, colour]) =>
          details[key] > 0 ? (
            <>
              <dt class="recq-quiet">
                <span style={{ color: colour }}>●</span> {name}
              </dt>
              <dd>{milliseconds(details[key])}</dd>
            </>
          ) : null,
        )}
      </dl>
    </div>
  );
};

const Facts = ({
  hop,
  receiver,
  isOnlyFlow,
  onFlow,
}: Pick<Props, "hop" | "receiver" | "isOnlyFlow" | "onFlow">): JSX.Element => (
  <dl>
    <dt class="recq-quiet">hop</dt>
    <dd>
      {hop.hop.replace("_", " ")}
      {hop.outcome ? `: ${hop.outcome}` : ""}
    </dd>
    {hop.view ? (
      <>
        <dt class="recq-quiet">carries</dt>
        <dd>{hop.view}</dd>
      </>
    ) : null}
    <dt class="recq-quiet">from</dt>
    <dd>{hop.source}</dd>
    <dt class="recq-quiet">to</dt>
    <dd>{receiver}</dd>
    {hop.handler ? (
      <>
        <dt class="recq-quiet">handler</dt>
        <dd>{hop.handler}</dd>
      </>
    ) : null}
    <dt class="recq-quiet">flow</dt>
    <dd>
      {isOnlyFlow ? (
        "the only one shown"
      ) : (
        <button type="button" class="recq-flow-only" onClick={onFlow} data-testid="flow-only">
          only this flow
        </button>
      )}
    </dd>
  </dl>
);

export const FlowDetails = (props: Props): JSX.Element => {
  const { hop, details, problem, onClose } = props;
  return (
    <aside class="recq-flow-details" aria-label="details of the hop" data-testid="flow-details">
      <div class="recq-flow-title">
        <h4>{hop.name}</h4>
        <button type="button" aria-label="close details" title="close" onClick={onClose} data-testid="flow-close">
          ✕
        </button>
      </div>
      <div class="recq-flow-columns">
        <section>
          <Facts {...props} />
          {problem ? <p class="recq-problem">{problem}</p> : null}
          {details ? <Durations details={details} /> : null}
        </section>
        {details ? (
          <section>
            <strong>payload</strong>
            <pre data-testid="flow-payload">{details.payload}</pre>
            {details.cut ? <p class="recq-quiet">The payload is longer; the rest is in recq.events.</p> : null}
            <strong>metadata</strong>
            <pre data-testid="flow-metadata">{details.metadata}</pre>
          </section>
        ) : null}
        {details?.source ? (
          <section class="recq-flow-source">
            <strong>
              {details.source.place}, line {details.source.line}
            </strong>
            <pre data-testid="flow-source">{details.source.text}</pre>
          </section>
        ) : null}
      </div>
    </aside>
  );
};
