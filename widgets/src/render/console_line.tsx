/** A field of one line or of one text: typed freely, and said to be right or wrong by the kernel. */
import type { JSX } from "preact";
import { useId } from "preact/hooks";
import type { FormNode } from "../protocol/generated/console.ts";
import { keyOf } from "../scene/console_scene.ts";
import type { Draft, Path } from "../scene/draft.ts";

export type FieldWorld = {
  readonly problems: ReadonlyMap<string, string>;
  readonly touch: (path: Path) => void;
  readonly ids: readonly string[];
  readonly askIds: () => void;
  readonly mint: () => Promise<string>;
};
export type Props = {
  readonly node: FormNode;
  readonly draft: Draft;
  readonly path: Path;
  readonly world: FieldWorld;
  readonly onDraft: (draft: Draft) => void;
  readonly label: string;
};

const PLACEHOLDERS: { readonly [control: string]: string } = {
  datetime: "2026-01-31T14:30:00Z",
  time: "14:30:00",
  duration: "02:30:00 or P1DT2H",
  uuid: "00000000-0000-4000-8000-000000000000",
  decimal: "12.50",
  integer: "0",
  number: "0.0",
  json: "any JSON, e.g. [1, 2]",
};
export const testId = (what: string, path: Path): string => `console-${what}-${path.join(".")}`;

/** What is said below a field: its problem, or what it is for. */
export const Below = ({
  node,
  path,
  world,
  id,
}: Omit<Props, "draft" | "onDraft" | "label"> & { readonly id: string }) => {
  const problem = world.problems.get(keyOf(path));
  const help = [node.description, node.hint].filter((text) => text !== "").join(" · ");
  return (
    <span
      id={id}
      class={problem ? "recq-console-problem" : "recq-console-help"}
      aria-live="polite"
      data-testid={problem ? testId("problem", path) : undefined}
    >
      {problem ?? help}
    </span>
  );
};

export const Line = ({ node, draft, path, world, onDraft, label }: Props): JSX.Element => {
  const id = useId();
  const text = draft.t === "text" ? draft.text : "";
  const wrong = world.problems.has(keyOf(path));
  const common = {
    value: text,
    "aria-label": label,
    "aria-invalid": wrong,
    "aria-describedby": `${id}-below`,
    placeholder: PLACEHOLDERS[node.control] ?? "",
    spellcheck: false,
    autocomplete: "off",
    onBlur: () => world.touch(path),
    "data-testid": testId("field", path),
  };
  const put = (value: string): void => {
    world.touch(path);
    onDraft({ t: "text", text: value });
  };
  const minted = async (): Promise<void> => put(await world.mint());
  return (
    <>
      <span class="recq-console-line">
        {node.control === "json" || node.control === "long_text" ? (
          <textarea
            {...common}
            rows={4}
            class="recq-console-json"
            onInput={(event) => put(event.currentTarget.value)}
          />
        ) : node.control === "date" ? (
          <input {...common} type="date" onInput={(event) => put(event.currentTarget.value)} />
        ) : node.control === "secret" ? (
          <input {...common} type="password" onInput={(event) => put(event.currentTarget.value)} />
        ) : (
          <input
            {...common}
            type="text"
            inputMode={node.control === "integer" ? "numeric" : node.control === "number" ? "decimal" : "text"}
            {...(node.role === "aggregate_id" ? { list: `${id}-ids`, onFocus: world.askIds } : {})}
            onInput={(event) => put(event.currentTarget.value)}
          />
        )}
        {node.role === "aggregate_id" ? (
          <>
            <datalist id={`${id}-ids`} data-testid="console-ids">
              {world.ids.map((one) => (
                <option key={one} value={one} />
              ))}
            </datalist>
            <button type="button" onClick={minted} data-testid={testId("mint", path)} title="make a new aggregate id">
              new id
            </button>
          </>
        ) : null}
        {node.control === "uuid" ? (
          <button type="button" onClick={() => put(crypto.randomUUID())} data-testid={testId("new", path)}>
            new
          </button>
        ) : null}
        {node.control === "datetime" ? (
          <button type="button" onClick={() => put(new Date().toISOString())} data-testid={testId("now", path)}>
            now
          </button>
        ) : null}
      </span>
      <Below node={node} path={path} world={world} id={`${id}-below`} />
    </>
  );
};
