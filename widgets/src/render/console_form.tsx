/** The form of one payload: filled in, checked in the kernel as one types, sent, copied as a cell. */
import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Connection } from "../protocol/connection.ts";
import {
  type AskIds,
  type Form,
  type InputProblem,
  isChecked,
  isIds,
  isSent,
  type PayloadEntry,
} from "../protocol/generated/console.ts";
import { keyOf, shownProblems } from "../scene/console_scene.ts";
import { adapted, type Draft, fresh, written } from "../scene/draft.ts";
import { copy } from "./clipboard.ts";
import { Fields } from "./console_field.tsx";
import { colourOf } from "./kind.ts";
import { noticeOf } from "./notice.tsx";

const CHECK_AFTER_MS = 150;

type Props = {
  readonly connection: Connection;
  readonly part: string;
  readonly form: Form;
  readonly entry: PayloadEntry;
  /** A draft to begin with instead of the one that was kept; another object each time. */
  readonly given: Draft | null;
  readonly onSaid: (text: string) => void;
};

export const PayloadForm = ({ connection, part, form, entry, given, onSaid }: Props): JSX.Element => {
  const [draft, setDraft] = useState<Draft>(() => given ?? adapted(form.root, form.draft));
  const [problems, setProblems] = useState<readonly InputProblem[]>([]);
  const [failure, setFailure] = useState("");
  const [touched, setTouched] = useState<ReadonlySet<string>>(new Set());
  const [all, setAll] = useState(false);
  const [sending, setSending] = useState(false);
  const [ids, setIds] = useState<readonly string[]>([]);
  const checks = useRef(0);
  const input = useMemo(() => written(form.root, draft), [form.root, draft]);
  const query = entry.kind === "query";

  const body = (kind: string) => ({ kind, name: form.name, input: input.text, branches: input.branches, draft });

  /** Asks the kernel; the newest answer wins. Gives the cell's text, empty while something is wrong. */
  const check = async (): Promise<string> => {
    checks.current += 1;
    const mine = checks.current;
    const answer = await connection.ask(part, body("check"));
    if (mine !== checks.current) {
      return "";
    }
    if (isChecked(answer)) {
      setProblems(answer.problems);
      setFailure("");
      return input.broken.length > 0 ? "" : answer.source;
    }
    setFailure(noticeOf(answer)?.text ?? "");
    return "";
  };
  useEffect(() => {
    const timer = setTimeout(() => check().catch((error: Error) => setFailure(error.message)), CHECK_AFTER_MS);
    return () => clearTimeout(timer);
  }, [input]);

  const found = [
    ...problems.filter((one) => !input.broken.some((b) => keyOf(b.path) === keyOf(one.path))),
    ...input.broken,
  ];
  const shown = shownProblems(found, touched, all);
  const whole = shown.get(keyOf([]));

  const askIds = async (): Promise<string> => {
    const answer = await connection.ask(part, { kind: "ids", name: form.name } satisfies AskIds);
    if (isIds(answer)) {
      setIds(answer.known);
      return answer.minted;
    }
    setFailure(noticeOf(answer)?.text ?? "");
    return "";
  };
  const world = {
    problems: shown,
    touch: (path: readonly (string | number)[]) =>
      setTouched((before) => (before.has(keyOf(path)) ? before : new Set([...before, keyOf(path)]))),
    ids,
    askIds: () => {
      askIds().catch((error: Error) => setFailure(error.message));
    },
    mint: askIds,
  };

  const send = async (): Promise<void> => {
    setAll(true);
    if (input.broken.length > 0 || sending) {
      return;
    }
    setSending(true);
    try {
      const answer = await connection.ask(part, body("send"));
      if (isChecked(answer)) {
        checks.current += 1;
        setProblems(answer.problems);
      } else if (isSent(answer)) {
        setAll(false);
        setFailure("");
        onSaid(query ? "asked" : "sent");
      } else {
        setFailure(noticeOf(answer)?.text ?? "");
      }
    } catch (error) {
      setFailure(error instanceof Error ? error.message : String(error));
    } finally {
      setSending(false);
    }
  };
  const copyCell = async (): Promise<void> => {
    setAll(true);
    const source = await check();
    if (source !== "") {
      await copy(source);
      onSaid("copied: paste it into a cell");
    } else {
      onSaid("not copied: something is still wrong");
    }
  };

  return (
    <form
      class="recq-console-form"
      aria-label={form.name}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
      onKeyDown={(event) => {
        // JupyterLab takes a plain Enter for itself, so the form cannot leave it to the browser.
        const inField = event.target instanceof HTMLInputElement && event.target.type !== "checkbox";
        if (event.key === "Enter" && (inField || event.ctrlKey || event.metaKey || event.shiftKey)) {
          event.preventDefault();
          event.stopPropagation();
          send();
        }
      }}
      data-testid="console-form"
      data-name={form.name}
      data-problems={found.length}
    >
      <div class="recq-console-title">
        <span class="recq-chip" style={{ "--recq-kind": colourOf(entry.kind) }}>
          {entry.kind}
        </span>
        <b>{form.name}</b>
        <span class="recq-quiet">
          {entry.component ? `→ ${entry.component}` : "nothing handles it yet"}
          {entry.answer ? ` → ${entry.answer}` : ""}
        </span>
      </div>
      {form.root.description ? <p class="recq-console-doc">{form.root.description}</p> : null}
      <div class="recq-console-fields">
        {form.root.nodes.length === 0 ? <p class="recq-quiet">It has no fields: just send it.</p> : null}
        {form.root.control === "object" ? (
          <Fields node={form.root} draft={draft} path={[]} world={world} onDraft={setDraft} />
        ) : null}
        {whole ? (
          <p class="recq-problem" role="alert" data-testid="console-problem-">
            {whole}
          </p>
        ) : null}
        {failure ? (
          <p class="recq-problem" role="alert" data-testid="console-failure">
            {failure}
          </p>
        ) : null}
      </div>
      <div class="recq-console-actions">
        <button type="submit" class="recq-primary" disabled={sending} data-testid="console-send">
          {query ? "Ask" : "Send"}
        </button>
        <button type="button" onClick={copyCell} data-testid="console-copy">
          copy as cell
        </button>
        <button
          type="button"
          onClick={() => {
            setDraft(fresh(form.root));
            setTouched(new Set());
            setAll(false);
          }}
          data-testid="console-clear"
        >
          clear
        </button>
        <span class="recq-console-help recq-console-count" data-testid="console-count">
          {all && found.length > 0 ? `${found.length} to mend` : ""}
        </span>
      </div>
    </form>
  );
};
