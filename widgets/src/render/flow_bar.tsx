/** The flow's toolbar: follow or pause, what to show, and copying it. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { FlowScene } from "../scene/flow_scene.ts";
import { type Choice, flowsIn, kindsIn } from "../scene/flow_view.ts";

/** How long it says that something was copied. */
const SAID_MS = 2_500;

type Props = {
  readonly scene: FlowScene;
  readonly components: readonly string[];
  readonly choice: Choice;
  readonly onChoose: (choice: Choice) => void;
  readonly following: boolean;
  readonly onFollow: (following: boolean) => void;
  /** Resolves once the text is on the clipboard. */
  readonly onCopy: () => Promise<void>;
};

const CopyButton = ({ onCopy }: { readonly onCopy: () => Promise<void> }): JSX.Element => {
  const [said, setSaid] = useState("");
  useEffect(() => {
    if (said === "") {
      return undefined;
    }
    const timer = setTimeout(() => setSaid(""), SAID_MS);
    return () => clearTimeout(timer);
  }, [said]);
  const copy = (): void => {
    onCopy().then(
      () => setSaid("copied as Mermaid"),
      (error: Error) => setSaid(`not copied: ${error.message}`),
    );
  };
  return (
    <>
      <span class="recq-flow-spoken" aria-live="polite" data-testid="flow-said">
        {said}
      </span>
      <button type="button" class="recq-flow-copy" title={said} onClick={copy} data-testid="flow-mermaid">
        {said.startsWith("not") ? "not copied ✕" : said ? "copied ✓" : "copy as Mermaid"}
      </button>
    </>
  );
};

type FlowSelectProps = Pick<Props, "scene" | "choice" | "onChoose">;

const FlowSelect = ({ scene, choice, onChoose }: FlowSelectProps): JSX.Element => (
  <>
    <select
      aria-label="flow"
      title="one flow: a message and all that it caused"
      value={choice.correlation}
      onChange={(event) => onChoose({ ...choice, correlation: event.currentTarget.value })}
      data-testid="flow-correlation"
    >
      <option value="">every flow</option>
      {flowsIn(scene, choice.correlation).map((flow) => (
        <option key={flow.correlation} value={flow.correlation}>
          {flow.name}, {flow.hops} {flow.hops === 1 ? "hop" : "hops"}
          {flow.failed > 0 ? `, ${flow.failed} failed` : ""}
        </option>
      ))}
    </select>
    {choice.correlation ? (
      <button
        type="button"
        aria-label="show every flow"
        title="show every flow"
        onClick={() => onChoose({ ...choice, correlation: "" })}
        data-testid="flow-all"
      >
        ✕
      </button>
    ) : null}
  </>
);

export const FlowBar = (props: Props): JSX.Element => {
  const { scene, components, choice, onChoose, following, onFollow, onCopy } = props;
  return (
    <div class="recq-bar recq-flow-bar" role="toolbar" aria-label="flow">
      <button
        type="button"
        class="recq-flow-follow"
        aria-pressed={following}
        title={following ? "new hops are shown as they come" : "what comes is kept; go on to see it"}
        onClick={() => onFollow(!following)}
        data-testid="flow-follow"
      >
        {following ? "following" : "paused"}
      </button>
      <input
        type="search"
        placeholder="filter by name"
        aria-label="filter by name"
        value={choice.text}
        onInput={(event) => onChoose({ ...choice, text: event.currentTarget.value })}
        data-testid="flow-text"
      />
      <select
        aria-label="kind of message"
        value={choice.kind}
        onChange={(event) => onChoose({ ...choice, kind: event.currentTarget.value })}
        data-testid="flow-kind"
      >
        <option value="">every kind</option>
        {kindsIn(scene).map((kind) => (
          <option key={kind}>{kind}</option>
        ))}
      </select>
      <select
        aria-label="component"
        value={choice.component}
        onChange={(event) => onChoose({ ...choice, component: event.currentTarget.value })}
        data-testid="flow-component"
      >
        <option value="">every component</option>
        {components.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
      <FlowSelect scene={scene} choice={choice} onChoose={onChoose} />
      <span class="recq-grow" />
      <CopyButton onCopy={onCopy} />
    </div>
  );
};
