/** Every consumer, how far it is, what it could not handle, and acting on it. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Connection } from "../protocol/connection.ts";
import {
  type Act,
  type ActOnScheduled,
  type ConsumerRow,
  isActed,
  isConsumersBody,
  type ScheduledRow,
} from "../protocol/generated/consumers.ts";
import {
  type ConsumersScene,
  NO_CONSUMERS,
  questionFor,
  questionForSchedule,
  withConsumers,
} from "../scene/consumers_scene.ts";
import { jump } from "../scene/focus.ts";
import { Confirm } from "./confirm.tsx";
import { ConsumerLine } from "./consumer_line.tsx";
import { ConsumerTables } from "./consumer_tables.tsx";
import { Notice, noticeOf } from "./notice.tsx";

export type Doing = (action: Act["action"], consumer: string, number?: number | null, count?: number) => void;
type Props = { readonly connection: Connection; readonly part: string };
export type Deciding = (action: ActOnScheduled["action"], row: ScheduledRow) => void;
type Wish = Act | ActOnScheduled;
type Said = { readonly text: string; readonly failed: boolean };

/** A question about cancelling is not answered with a button that says Cancel. */
const WORDS: { readonly [action in Wish["action"]]?: { readonly verb: string; readonly refusal?: string } } = {
  replay: { verb: "Replay" },
  delete: { verb: "Delete" },
  cancel: { verb: "Cancel the command", refusal: "Keep it" },
};

export const Consumers = ({ connection, part }: Props): JSX.Element => {
  const [scene, setScene] = useState<ConsumersScene>(NO_CONSUMERS);
  const [known, setKnown] = useState(false);
  const [notice, setNotice] = useState<Notice | null>(null);
  const [said, setSaid] = useState<Said>({ text: "", failed: false });
  const [asked, setAsked] = useState<{ readonly act: Wish; readonly question: string } | null>(null);
  const [chosen, setChosen] = useState("");

  useEffect(
    () =>
      connection.look(part, (body) => {
        if (isConsumersBody(body)) {
          setScene((before) => withConsumers(before, body));
          setKnown(true);
        } else {
          setNotice(noticeOf(body));
        }
      }),
    [connection, part],
  );

  const perform = async (act: Wish): Promise<void> => {
    setSaid({ text: "under way…", failed: false });
    try {
      const body = await connection.ask(part, act);
      if (isActed(body)) {
        setSaid({ text: body.text, failed: body.failed });
      } else {
        const wrong = noticeOf(body);
        setSaid({ text: wrong ? `${wrong.text} ${wrong.remedy ? `→ ${wrong.remedy}` : ""}` : "", failed: true });
      }
    } catch (error) {
      setSaid({ text: error instanceof Error ? error.message : String(error), failed: true });
    }
  };
  const act: Doing = (action, consumer, number = null, count = 1) => {
    const row = scene.consumers.find((one) => one.consumer_id === consumer);
    const question = questionFor(action, row, number, count);
    const wish: Act = { kind: "act", action, consumer, sequence_number: number, confirmed: question !== "" };
    if (question === "") {
      perform(wish);
    } else {
      setAsked({ act: wish, question });
    }
  };
  const decide: Deciding = (action, row) => {
    const question = action === "cancel" ? questionForSchedule(row) : "";
    const wish: ActOnScheduled = {
      kind: "scheduled",
      action,
      schedule_id: row.schedule_id,
      confirmed: question !== "",
    };
    if (question === "") {
      perform(wish);
    } else {
      setAsked({ act: wish, question });
    }
  };
  const showFlow = (component: string): void => {
    const shown = jump(connection.session, "flow", component);
    setSaid({
      text: shown ? `The flow shows ${component}.` : "The flow is not in this page: run recq.flow()",
      failed: false,
    });
  };
  const choose = (row: ConsumerRow): void => setChosen(chosen === row.consumer_id ? "" : row.consumer_id);

  if (scene.consumers.length === 0) {
    return (
      <>
        {notice ? <Notice notice={notice} /> : null}
        <p class="recq-empty" data-testid="consumers-empty">
          {known ? (
            <>
              No consumer yet. A class marked <code>@projector</code>, <code>@observer</code> or <code>@saga</code>{" "}
              reads the log, and appears here once it is defined.
            </>
          ) : (
            "Loading…"
          )}
        </p>
      </>
    );
  }
  return (
    <div class="recq-consumers" data-testid="consumers">
      <div class="recq-bar recq-consumers-bar">
        <span>
          Head of the log: <b data-testid="consumers-head">{scene.head.toLocaleString("en")}</b>
        </span>
        <span class="recq-grow" />
        <span
          class={said.failed ? "recq-consumers-said recq-consumers-bad" : "recq-consumers-said recq-quiet"}
          role="status"
          title={said.text}
          data-testid="consumers-said"
        >
          {said.text}
        </span>
      </div>
      {notice ? <Notice notice={notice} /> : null}
      {scene.problem ? <p class="recq-problem">{scene.problem}</p> : null}
      {asked ? (
        <Confirm
          question={asked.question}
          {...WORDS[asked.act.action]}
          onYes={() => {
            setAsked(null);
            perform(asked.act);
          }}
          onNo={() => setAsked(null)}
        />
      ) : null}
      <div class="recq-consumers-scroll">
        <table class="recq-consumers-table">
          <thead>
            <tr>
              <th scope="col">consumer</th>
              <th scope="col">health</th>
              <th scope="col">checkpoint of head</th>
              <th scope="col" class="recq-consumers-number">
                lag, speed
              </th>
              <th scope="col">last minute</th>
              <th scope="col">dead</th>
              <th scope="col">
                <span class="recq-consumers-hidden">actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {scene.consumers.map((row) => (
              <ConsumerLine
                key={row.consumer_id}
                row={row}
                chosen={row.consumer_id === chosen}
                onChoose={() => choose(row)}
                onAct={act}
              />
            ))}
          </tbody>
        </table>
      </div>
      <ConsumerTables
        scene={scene}
        consumer={chosen}
        onConsumer={setChosen}
        onAct={act}
        onDecide={decide}
        onFlow={showFlow}
      />
    </div>
  );
};
