/** All about one payload or component: documentation, fields, who makes and who handles it, its JSON Schema. */
import type { ComponentChildren, JSX } from "preact";
import { useState } from "preact/hooks";
import type { Connection } from "../protocol/connection.ts";
import { type AskSchema, isSchemaText } from "../protocol/generated/catalog.ts";
import { type CatalogScene, componentOf, type Entry, measured } from "../scene/catalog_scene.ts";
import { jump } from "../scene/focus.ts";
import { Chip, milliseconds } from "./catalog_row.tsx";
import { copy } from "./clipboard.ts";
import { noticeOf } from "./notice.tsx";

type Props = {
  readonly entry: Entry;
  readonly scene: CatalogScene;
  readonly connection: Connection;
  readonly part: string;
  readonly onOpen: (name: string) => void;
  readonly onClose: () => void;
};

const isRequest = (entry: Entry): boolean => entry.kind.endsWith("command") || entry.kind === "query";

const Section = ({ title, children }: { title: string; children: ComponentChildren }): JSX.Element => (
  <section>
    <h5>{title}</h5>
    {children}
  </section>
);

const Links = ({ ids, scene, onOpen }: { ids: readonly string[]; scene: CatalogScene; onOpen: Props["onOpen"] }) => (
  <ul class="recq-catalog-links">
    {ids.map((id) => {
      const { count, failed, p95 } = measured(scene, [id]);
      return (
        <li key={id}>
          <button type="button" class="recq-catalog-link" onClick={() => onOpen(componentOf(id))}>
            {id}
          </button>
          {count > 0 ? (
            <span class="recq-quiet">
              {count.toLocaleString("en")} × · p95 {milliseconds(p95)}
              {failed > 0 ? <span class="recq-catalog-bad"> · {failed.toLocaleString("en")} failed</span> : null}
            </span>
          ) : (
            <span class="recq-quiet">not called yet</span>
          )}
        </li>
      );
    })}
  </ul>
);

const Jumps = ({ entry, connection }: Pick<Props, "entry" | "connection">): JSX.Element => {
  const [said, setSaid] = useState("");
  const parts = isRequest(entry) ? ["graph", "flow", "console"] : ["graph", "flow"];
  const go = (part: string): void =>
    setSaid(jump(connection.session, part, entry.name) ? "" : `The ${part} is not in this page: run recq.${part}()`);
  return (
    <div class="recq-catalog-jumps">
      {parts.map((part) => (
        <button key={part} type="button" onClick={() => go(part)} data-testid={`catalog-to-${part}`}>
          {part === "console" ? (entry.kind === "query" ? "ask in console" : "send in console") : `show in ${part}`}
        </button>
      ))}
      <span class="recq-quiet" role="status" data-testid="catalog-said">
        {said}
      </span>
    </div>
  );
};

const Schema = ({ name, connection, part }: { name: string } & Pick<Props, "connection" | "part">): JSX.Element => {
  const [text, setText] = useState("");
  const [problem, setProblem] = useState("");
  const ask = (): void => {
    setProblem("");
    connection.ask(part, { kind: "schema", name } satisfies AskSchema).then(
      (body) => (isSchemaText(body) ? setText(body.text) : setProblem(noticeOf(body)?.text ?? "No schema came.")),
      (error: Error) => setProblem(error.message),
    );
  };
  return (
    <Section title="JSON Schema">
      {text ? (
        <>
          <button type="button" onClick={() => copy(text)}>
            copy
          </button>
          <pre data-testid="catalog-schema">{text}</pre>
        </>
      ) : (
        <button type="button" onClick={ask} data-testid="catalog-ask-schema">
          show
        </button>
      )}
      {problem ? <p class="recq-problem">{problem}</p> : null}
    </Section>
  );
};

const PayloadFacts = ({ entry, scene, connection, part, onOpen }: Props): JSX.Element | null => {
  const { payload } = entry;
  if (!payload) {
    return null;
  }
  return (
    <>
      {payload.answer ? (
        <p>
          answered with <code>{payload.answer}</code>
        </p>
      ) : null}
      <Section title="Fields">
        {payload.fields.length > 0 ? (
          <table class="recq-catalog-fields">
            <tbody>
              {payload.fields.map((field) => (
                <tr key={field.name}>
                  <th scope="row">{field.name}</th>
                  <td>
                    <code>{field.type}</code>
                    {field.default === null ? null : <span class="recq-quiet"> = {field.default}</span>}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        ) : (
          <p class="recq-quiet">none</p>
        )}
      </Section>
      <Section title="Made by">
        {payload.producers.length > 0 ? (
          <Links ids={payload.producers} scene={scene} onOpen={onOpen} />
        ) : (
          <p class="recq-quiet">{isRequest(entry) ? "no handler; it comes from outside" : "no handler yet"}</p>
        )}
      </Section>
      <Section title="Handled by">
        {payload.handlers.length > 0 ? (
          <Links ids={payload.handlers} scene={scene} onOpen={onOpen} />
        ) : (
          <p class="recq-quiet">nobody</p>
        )}
      </Section>
      <Schema key={payload.name} name={payload.name} connection={connection} part={part} />
    </>
  );
};

const ComponentFacts = ({ entry, scene, onOpen }: Props): JSX.Element | null => {
  const { component } = entry;
  if (!component) {
    return null;
  }
  return (
    <>
      {component.state ? (
        <p>
          state <code>{component.state}</code>
        </p>
      ) : null}
      {component.tables.length > 0 ? (
        <p>
          tables <code>{component.tables.join(", ")}</code>
        </p>
      ) : null}
      <Section title="Handlers">
        {component.handlers.map((handler) => {
          const metric = measured(scene, [handler.id]);
          return (
            <div key={handler.id} class="recq-catalog-handler" data-testid="catalog-handler" data-name={handler.id}>
              <code>{handler.name}</code> <span class="recq-quiet">@{handler.kind}</span>
              {handler.description ? <p>{handler.description}</p> : null}
              <p>
                {handler.handles ? (
                  <>
                    handles{" "}
                    <button type="button" class="recq-catalog-link" onClick={() => onOpen(handler.handles)}>
                      {handler.handles}
                    </button>
                  </>
                ) : (
                  "called from outside"
                )}
                {handler.relations.map((relation) => (
                  <span key={`${relation.verb} ${relation.payload}`}>
                    {", "}
                    {relation.verb}{" "}
                    <button type="button" class="recq-catalog-link" onClick={() => onOpen(relation.payload)}>
                      {relation.payload}
                    </button>
                  </span>
                ))}
              </p>
              <p class="recq-quiet">
                {metric.count === 0
                  ? "not called yet"
                  : `${metric.count.toLocaleString("en")} calls, ${metric.failed.toLocaleString("en")} failed, p50 ${milliseconds(metric.p50)}, p95 ${milliseconds(metric.p95)}`}
              </p>
            </div>
          );
        })}
      </Section>
    </>
  );
};

export const CatalogDetails = (props: Props): JSX.Element => {
  const { entry, connection, onClose } = props;
  const facts = entry.payload ?? entry.component;
  return (
    <aside class="recq-catalog-details" aria-label={entry.name} data-testid="catalog-details">
      <header>
        <h4>{entry.name}</h4>
        <button type="button" aria-label="close" onClick={onClose} data-testid="catalog-close">
          ✕
        </button>
      </header>
      <p>
        <Chip kind={entry.kind} />{" "}
        <span class="recq-quiet">{[entry.domain, facts.place].filter(Boolean).join(" · ")}</span>
      </p>
      <Jumps key={entry.name} entry={entry} connection={connection} />
      <p dir="auto" data-testid="catalog-description">
        {facts.description || <span class="recq-quiet">No docstring: its first paragraph would stand here.</span>}
      </p>
      <PayloadFacts {...props} />
      <ComponentFacts {...props} />
    </aside>
  );
};
