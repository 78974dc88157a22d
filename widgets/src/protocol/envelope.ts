/** Frames and Intents as they travel, and the guard at the border; their Python twin is widgets/protocol/envelope.py. */
export type Body = { readonly kind: string; readonly [name: string]: unknown };

export type Frame = {
  readonly frame: number;
  readonly part: string;
  readonly to: string | null;
  readonly answers: number | null;
  readonly body: Body;
};

export type Intent = {
  readonly intent: number;
  readonly part: string;
  readonly page: string;
  readonly body: Body;
};

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

export const isBody = (value: unknown): value is Body => isRecord(value) && typeof value.kind === "string";

export const isFrame = (value: unknown): value is Frame =>
  isRecord(value) &&
  typeof value.frame === "number" &&
  typeof value.part === "string" &&
  (value.to === null || typeof value.to === "string") &&
  (value.answers === null || typeof value.answers === "number") &&
  isBody(value.body);
