/** What the consumers widget knows from the kernel. */
import type {
  ConsumerRow,
  ConsumersBody,
  DeadEventRow,
  ScheduledRow,
  Tables,
} from "../protocol/generated/consumers.ts";

export type ConsumersScene = {
  readonly head: number;
  readonly consumers: readonly ConsumerRow[];
  readonly tables: Tables;
  readonly problem: string;
};
const NO_TABLES: Tables = {
  dead: [],
  dead_total: 0,
  sagas: [],
  sagas_total: 0,
  scheduled: [],
  scheduled_total: 0,
};
export const NO_CONSUMERS: ConsumersScene = { head: 0, consumers: [], tables: NO_TABLES, problem: "" };

export const withConsumers = (scene: ConsumersScene, body: ConsumersBody): ConsumersScene => ({
  head: body.head,
  consumers: body.consumers,
  tables: body.tables ?? scene.tables,
  problem: body.problem,
});

/** The dead events of one consumer, or of all. */
export const deadOf = (tables: Tables, consumer: string): readonly DeadEventRow[] =>
  consumer === "" ? tables.dead : tables.dead.filter((row) => row.consumer_id === consumer);

/** What is asked before a scheduled command is taken back. */
export const questionForSchedule = (row: ScheduledRow): string =>
  `Cancel ${row.command_name}? It is never sent, and ${row.saga_name} is not told.`;

/** What is asked before data goes, or work is done again; empty where nothing is lost. */
export const questionFor = (
  action: string,
  row: ConsumerRow | undefined,
  number: number | null,
  count: number,
): string => {
  if (action === "replay" && row) {
    const what =
      row.kind === "projector"
        ? "Its read model is emptied and filled again; queries wait until it has caught up."
        : `It handles every event again: what a handler does outside of this system is done again${
            row.kind === "saga" ? ", and commands it sends keep their ids, so none takes effect twice." : "."
          }`;
    return `Replay ${row.component} from the first of ${row.head.toLocaleString("en")} events? ${what}`;
  }
  if (action === "delete") {
    return number === null
      ? `Delete ${count.toLocaleString("en")} dead event${count === 1 ? "" : "s"}${row ? ` of ${row.component}` : ""} for good? The log keeps the events, but nothing will handle them here any more.`
      : `Delete dead event ${number}${row ? ` of ${row.component}` : ""} for good? The log keeps the event, but nothing will handle it here any more.`;
  }
  return "";
};
