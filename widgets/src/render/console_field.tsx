/** One field of a form, with those inside it. Everything is native controls, so that the keyboard reaches all of it. */
import type { ComponentChildren, JSX } from "preact";
import { useId } from "preact/hooks";
import { keyOf } from "../scene/console_scene.ts";
import { type Draft, filled, fresh, nameOf } from "../scene/draft.ts";
import { Below, Line, type Props, testId } from "./console_line.tsx";

const Many = ({ node, draft, path, world, onDraft, label }: Props): JSX.Element => {
  const id = useId();
  const items = draft.t === "list" ? draft.items : [];
  const inner = node.nodes[0];
  const put = (next: readonly Draft[]): void => {
    world.touch(path);
    onDraft({ t: "list", items: next });
  };
  const tuple = node.control === "tuple";
  return (
    <fieldset class="recq-console-group" aria-label={label} aria-describedby={`${id}-below`}>
      {items.map((item, place) => {
        const one = tuple ? node.nodes[place] : inner;
        return one ? (
          <div key={place} class="recq-console-item">
            <span class="recq-console-place">{place + 1}</span>
            <div class="recq-console-inner">
              <Control
                node={one}
                draft={item}
                path={[...path, place]}
                world={world}
                label={`${label} ${place + 1}`}
                onDraft={(next) => put(items.map((kept, at) => (at === place ? next : kept)))}
              />
            </div>
            {tuple ? null : (
              <button
                type="button"
                class="recq-console-small"
                aria-label={`remove ${label} ${place + 1}`}
                onClick={() => put(items.filter((_, at) => at !== place))}
                data-testid={testId("remove", [...path, place])}
              >
                ✕
              </button>
            )}
          </div>
        ) : null;
      })}
      {tuple || !inner ? null : (
        <button
          type="button"
          disabled={node.most >= 0 && items.length >= node.most}
          onClick={() => put([...items, fresh(inner)])}
          data-testid={testId("add", path)}
        >
          + item
        </button>
      )}
      <Below node={node} path={path} world={world} id={`${id}-below`} />
    </fieldset>
  );
};

const Entries = ({ node, draft, path, world, onDraft, label }: Props): JSX.Element => {
  const id = useId();
  const [key, value] = node.nodes;
  const entries = draft.t === "map" ? draft.entries : [];
  const put = (next: typeof entries): void => {
    world.touch(path);
    onDraft({ t: "map", entries: next });
  };
  return (
    <fieldset class="recq-console-group" aria-label={label} aria-describedby={`${id}-below`}>
      {entries.map((entry, place) => {
        const name = key ? nameOf(key, entry.key) : "";
        const change = (part: Partial<typeof entry>): void =>
          put(entries.map((kept, at) => (at === place ? { ...kept, ...part } : kept)));
        return key && value ? (
          <div key={place} class="recq-console-item" data-testid={testId("entry", [...path, place])}>
            <div class="recq-console-key">
              <Control
                node={key}
                draft={entry.key}
                path={[...path, name, "[key]"]}
                world={world}
                label={`${label}, key ${place + 1}`}
                onDraft={(next) => change({ key: next })}
              />
            </div>
            <div class="recq-console-inner">
              <Control
                node={value}
                draft={entry.value}
                path={[...path, name]}
                world={world}
                label={`${label}, value ${place + 1}`}
                onDraft={(next) => change({ value: next })}
              />
            </div>
            <button
              type="button"
              class="recq-console-small"
              aria-label={`remove ${label} ${place + 1}`}
              onClick={() => put(entries.filter((_, at) => at !== place))}
              data-testid={testId("remove", [...path, place])}
            >
              ✕
            </button>
          </div>
        ) : null;
      })}
      {key && value ? (
        <button
          type="button"
          disabled={node.most >= 0 && entries.length >= node.most}
          onClick={() => put([...entries, { key: fresh(key), value: fresh(value) }])}
          data-testid={testId("add", path)}
        >
          + entry
        </button>
      ) : null}
      <Below node={node} path={path} world={world} id={`${id}-below`} />
    </fieldset>
  );
};

/** A field with its name, its type and, where it may be left out, the way back to its default. */
const Field = ({
  node,
  draft,
  path,
  world,
  onDraft,
}: Omit<Props, "draft" | "onDraft" | "label"> & {
  readonly draft: Draft | undefined;
  readonly onDraft: (draft: Draft | undefined) => void;
}): JSX.Element => {
  const left = draft === undefined;
  const shown = draft ?? filled(node, node.default);
  return (
    <div class={left ? "recq-console-field recq-console-left" : "recq-console-field"}>
      <span class="recq-console-name">
        <b>{node.name}</b>
        <span class="recq-console-type" title={node.label}>
          {node.label}
        </span>
        {node.required ? null : left ? (
          <span class="recq-console-default" data-testid={testId("default", path)}>
            default
          </span>
        ) : (
          <button
            type="button"
            class="recq-console-small"
            title="back to the default"
            aria-label={`${node.name}: back to the default`}
            onClick={() => onDraft(undefined)}
            data-testid={testId("reset", path)}
          >
            ↺
          </button>
        )}
      </span>
      <div class="recq-console-control">
        <Control node={node} draft={shown} path={path} world={world} onDraft={onDraft} label={node.name} />
      </div>
    </div>
  );
};

export const Fields = ({ node, draft, path, world, onDraft }: Omit<Props, "label">): JSX.Element => {
  const fields = draft.t === "object" ? draft.fields : {};
  return (
    <>
      {node.nodes.map((one) => (
        <Field
          key={one.name}
          node={one}
          draft={fields[one.name]}
          path={[...path, one.name]}
          world={world}
          onDraft={(next) => {
            const { [one.name]: _, ...others } = fields;
            onDraft({ t: "object", fields: next === undefined ? others : { ...fields, [one.name]: next } });
          }}
        />
      ))}
    </>
  );
};

const Group = ({ children, label }: { readonly children: ComponentChildren; readonly label: string }): JSX.Element => (
  <fieldset class="recq-console-group" aria-label={label}>
    {children}
  </fieldset>
);

export const Control = (props: Props): JSX.Element => {
  const { node, draft, path, world, onDraft, label } = props;
  const id = useId();
  const below = <Below node={node} path={path} world={world} id={`${id}-below`} />;
  const touched = (next: Draft): void => {
    world.touch(path);
    onDraft(next);
  };
  switch (draft.t) {
    case "text":
      return <Line {...props} />;
    case "list":
      return <Many {...props} />;
    case "map":
      return <Entries {...props} />;
    case "const":
      return <code class="recq-console-const">{node.choices[0]?.label ?? "nothing"}</code>;
    case "bool":
      return (
        <>
          <label class="recq-console-check">
            <input
              type="checkbox"
              checked={draft.on}
              aria-label={label}
              aria-describedby={`${id}-below`}
              onChange={(event) => touched({ t: "bool", on: event.currentTarget.checked })}
              data-testid={testId("field", path)}
            />
            {draft.on ? "yes" : "no"}
          </label>
          {below}
        </>
      );
    case "choice":
      return (
        <>
          <select
            value={String(draft.index)}
            aria-label={label}
            aria-invalid={world.problems.has(keyOf(path))}
            aria-describedby={`${id}-below`}
            onChange={(event) => touched({ t: "choice", index: Number(event.currentTarget.value) })}
            data-testid={testId("field", path)}
          >
            <option value="-1">choose…</option>
            {node.choices.map((choice, place) => (
              <option key={choice.label} value={String(place)}>
                {choice.label}
              </option>
            ))}
          </select>
          {below}
        </>
      );
    case "object":
      return (
        <Group label={label}>
          <Fields node={node} draft={draft} path={path} world={world} onDraft={onDraft} />
          {below}
        </Group>
      );
    case "optional": {
      const inner = node.nodes[0];
      return (
        <>
          <label class="recq-console-check">
            <input
              type="checkbox"
              checked={draft.inner !== null}
              aria-label={`${label}: give a value`}
              onChange={(event) =>
                touched({ t: "optional", inner: event.currentTarget.checked && inner ? fresh(inner) : null })
              }
              data-testid={testId("given", path)}
            />
            {draft.inner === null ? "nothing" : "a value"}
          </label>
          {draft.inner !== null && inner ? (
            <Control
              {...props}
              node={inner}
              draft={draft.inner}
              onDraft={(next) => onDraft({ ...draft, inner: next })}
            />
          ) : (
            below
          )}
        </>
      );
    }
    case "union": {
      const inner = node.nodes[draft.branch];
      return (
        <>
          <select
            value={String(draft.branch)}
            aria-label={`${label}: which kind`}
            onChange={(event) => {
              const branch = Number(event.currentTarget.value);
              const next = node.nodes[branch];
              if (next) {
                touched({ t: "union", branch, inner: fresh(next) });
              }
            }}
            data-testid={testId("branch", path)}
          >
            {node.nodes.map((one, place) => (
              <option key={place} value={String(place)}>
                {one.label}
              </option>
            ))}
          </select>
          {inner ? (
            <Control
              {...props}
              node={inner}
              draft={draft.inner}
              onDraft={(next) => onDraft({ ...draft, inner: next })}
            />
          ) : null}
        </>
      );
    }
  }
};
