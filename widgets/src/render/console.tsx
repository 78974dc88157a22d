/** The console: choose a command or query, fill in its form, send it, see what becomes of it. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Connection } from "../protocol/connection.ts";
import {
  type Call,
  type Form,
  type GiveUp,
  isConsoleNews,
  isConsoleSnapshot,
  isForm,
  isGivenUp,
  type OpenForm,
} from "../protocol/generated/console.ts";
import { type ConsoleScene, fromConsole, grouped, NOTHING, withConsoleNews } from "../scene/console_scene.ts";
import { type Draft, exactly, filled } from "../scene/draft.ts";
import { onJump } from "../scene/focus.ts";
import { copy } from "./clipboard.ts";
import { CallCard } from "./console_calls.tsx";
import { PayloadForm } from "./console_form.tsx";
import { colourOf } from "./kind.ts";
import { Notice, noticeOf } from "./notice.tsx";

type Props = { readonly connection: Connection; readonly part: string };
type Opened = { readonly form: Form; readonly given: Draft | null; readonly key: number };

export const Console = ({ connection, part }: Props): JSX.Element => {
  const [scene, setScene] = useState<ConsoleScene>(NOTHING);
  const [notice, setNotice] = useState<Notice | null>(null);
  const [text, setText] = useState("");
  const [selected, setSelected] = useState("");
  const [opened, setOpened] = useState<Opened | null>(null);
  const [said, setSaid] = useState("");

  useEffect(
    () =>
      connection.look(part, (body) => {
        if (isConsoleSnapshot(body)) {
          setScene(fromConsole(body));
          setSelected((before) => before || body.selected || (body.payloads[0]?.name ?? ""));
        } else if (isConsoleNews(body)) {
          setScene((before) => withConsoleNews(before, body));
        } else {
          setNotice(noticeOf(body));
        }
      }),
    [connection, part],
  );
  useEffect(
    () =>
      onJump(connection.session, part, (target) => {
        setText("");
        setSelected(target);
      }),
    [connection, part],
  );
  const entry = scene.payloads.find((one) => one.name === selected) ?? scene.payloads[0];
  const name = entry?.name ?? "";
  const version = entry?.version ?? 0;

  const open = async (wanted: string, input: string | null): Promise<void> => {
    const body = await connection.ask(part, { kind: "open_form", name: wanted } satisfies OpenForm);
    if (isForm(body)) {
      const given = input === null ? null : filled(body.root, exactly(input));
      setOpened((before) => ({ form: body, given, key: (before?.key ?? 0) + 1 }));
      setNotice(null);
    } else {
      setNotice(noticeOf(body));
    }
  };
  useEffect(() => {
    if (name) {
      open(name, null).catch((error: Error) => setNotice({ text: error.message, remedy: "" }));
    } else {
      setOpened(null);
    }
  }, [name, version]);

  const again = (call: Call): void => {
    setSelected(call.name);
    open(call.name, call.input).catch((error: Error) => setNotice({ text: error.message, remedy: "" }));
  };
  const giveUp = (call: Call): void => {
    connection
      .ask(part, { kind: "give_up", call: call.call } satisfies GiveUp)
      .then((body) => setNotice(isGivenUp(body) ? null : noticeOf(body)))
      .catch((error: Error) => setNotice({ text: error.message, remedy: "" }));
  };
  const copyCall = async (call: Call): Promise<void> => {
    await copy(call.source);
    setSaid("copied: paste it into a cell");
  };
  const move = (event: KeyboardEvent): void => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") {
      return;
    }
    const list = event.currentTarget instanceof HTMLElement ? event.currentTarget : null;
    const buttons = [...(list?.querySelectorAll("button") ?? [])];
    const place = buttons.findIndex((button) => button.matches(":focus"));
    buttons[Math.min(Math.max(place + (event.key === "ArrowDown" ? 1 : -1), 0), buttons.length - 1)]?.focus();
    event.preventDefault();
    event.stopPropagation();
  };

  if (scene.payloads.length === 0) {
    return (
      <>
        {notice ? <Notice notice={notice} /> : null}
        <p class="recq-empty" data-testid="console-empty">
          No command or query yet. Define one in a cell that starts with <code>%%recq_payload</code>, and its form
          appears here.
        </p>
      </>
    );
  }
  const groups = grouped(scene.payloads, text);
  return (
    <div class="recq-console-frame">
      {notice ? <Notice notice={notice} /> : null}
      <div class="recq-console" data-testid="console">
        <nav class="recq-console-list" aria-label="commands and queries">
          <input
            type="search"
            placeholder="find a command or query"
            aria-label="find a command or query"
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
            data-testid="console-find"
          />
          <div
            class="recq-console-names"
            role="toolbar"
            aria-orientation="vertical"
            aria-label="arrows move"
            onKeyDown={move}
          >
            {groups.map((group) => (
              <section key={group.kind} aria-label={group.kind}>
                <h4>{group.kind}</h4>
                {group.payloads.map((one) => (
                  <button
                    key={one.name}
                    type="button"
                    class="recq-console-pick"
                    style={{ "--recq-kind": colourOf(one.kind) }}
                    aria-current={one.name === name ? "true" : undefined}
                    title={
                      one.component ? `${one.name}, handled by ${one.component}` : `${one.name}: nothing handles it`
                    }
                    onClick={() => setSelected(one.name)}
                    data-testid={`console-pick-${one.name}`}
                  >
                    {one.name}
                  </button>
                ))}
              </section>
            ))}
            {groups.length === 0 ? <p class="recq-quiet">Nothing of that name.</p> : null}
          </div>
        </nav>
        {opened && entry && opened.form.name === entry.name ? (
          <PayloadForm
            key={opened.key}
            connection={connection}
            part={part}
            form={opened.form}
            entry={entry}
            given={opened.given}
            onSaid={setSaid}
          />
        ) : (
          <div class="recq-console-form" />
        )}
        <section class="recq-console-calls" aria-label="what was sent, newest first" data-testid="console-calls">
          <div class="recq-console-head">
            <b>Sent from here</b>
            <span class="recq-quiet" aria-live="polite" data-testid="console-said">
              {said}
            </span>
          </div>
          {scene.calls.length === 0 ? (
            <p class="recq-empty">
              Nothing sent yet. Fill in the form and press Enter: the reply, or the rejection with its code, appears
              here.
            </p>
          ) : (
            scene.calls.map((call, place) => (
              <CallCard
                key={call.call}
                call={call}
                open={place === 0}
                onCopy={copyCall}
                onAgain={again}
                onGiveUp={giveUp}
              />
            ))
          )}
        </section>
      </div>
    </div>
  );
};
