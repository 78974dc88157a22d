/** What the consumers part sends; its Python twin is widgets/protocol/consumers.py. */
import type { Body } from "./envelope.ts";

export type ConsumerRow = {
  readonly consumer_id: string;
  readonly component: string;
  readonly kind: string;
  readonly version: number;
  readonly context: string;
  readonly position: number;
  readonly head: number;
  readonly lag: number;
  readonly rate: number;
  readonly health: string;
  readonly reason: string;
  readonly attempts: number;
  readonly dead_events: number;
  readonly last_error: string;
  readonly busy: string;
  readonly trend: readonly number[];
};
export type DeadEventRow = {
  readonly consumer_id: string;
  readonly sequence_number: number;
  readonly event_name: string;
  readonly aggregate_id: string;
  readonly context: string;
  readonly exception: string;
  readonly place: string;
  readonly traceback: string;
  readonly attempts: number;
  readonly dead_at: string;
};
export type SagaRow = {
  readonly saga_id: string;
  readonly saga_name: string;
  readonly associations: readonly (readonly string[])[];
  readonly state: string;
};
export type ScheduledRow = {
  readonly schedule_id: string;
  readonly command_name: string;
  readonly saga_name: string;
  readonly saga_id: string;
  readonly payload: string;
  readonly due_at: string;
  readonly attempts: number;
  readonly last_error: string;
  readonly given_up: boolean;
};
export type Tables = {
  readonly dead: readonly DeadEventRow[];
  readonly dead_total: number;
  readonly sagas: readonly SagaRow[];
  readonly sagas_total: number;
  readonly scheduled: readonly ScheduledRow[];
  readonly scheduled_total: number;
};
export type ConsumersBody = Body & {
  readonly kind: "consumers";
  readonly head: number;
  readonly consumers: readonly ConsumerRow[];
  readonly tables: Tables | null;
  readonly problem: string;
};
export type Act = {
  readonly kind: "act";
  readonly action: "pause" | "resume" | "replay" | "redrive" | "delete";
  readonly consumer: string;
  readonly sequence_number: number | null;
  readonly confirmed: boolean;
};
export type Acted = Body & { readonly kind: "acted"; readonly text: string; readonly failed: boolean };

export const isConsumers = (body: Body): body is ConsumersBody =>
  body.kind === "consumers" && Array.isArray(body.consumers);
export const isActed = (body: Body): body is Acted => body.kind === "acted" && typeof body.text === "string";
