/** What the console part sends; its Python twin is widgets/protocol/console.py. */
import type { Body } from "./envelope.ts";

export type Control =
  | "text"
  | "long_text"
  | "secret"
  | "integer"
  | "number"
  | "decimal"
  | "bool"
  | "choice"
  | "date"
  | "datetime"
  | "time"
  | "duration"
  | "uuid"
  | "bytes"
  | "const"
  | "object"
  | "list"
  | "tuple"
  | "map"
  | "union"
  | "optional"
  | "json";
export type Choice = { readonly label: string; readonly value: unknown };
export type FormNode = {
  readonly control: Control;
  readonly name: string;
  readonly label: string;
  readonly description: string;
  readonly hint: string;
  readonly required: boolean;
  readonly has_default: boolean;
  readonly default: unknown;
  readonly role: string;
  readonly choices: readonly Choice[];
  readonly nodes: readonly FormNode[];
  readonly least: number;
  readonly most: number;
};
export type PayloadEntry = {
  readonly name: string;
  readonly kind: string;
  readonly component: string;
  readonly answer: string;
  readonly description: string;
  readonly version: number;
};
export type Caused = {
  readonly hop: string;
  readonly kind: string;
  readonly name: string;
  readonly component: string;
  readonly number: number;
  readonly outcome: string;
};
export type Call = {
  readonly call: number;
  readonly name: string;
  readonly kind: string;
  readonly state: string;
  readonly code: string;
  readonly text: string;
  readonly remedy: string;
  readonly input: string;
  readonly source: string;
  readonly sent_at: string;
  readonly took: number;
  readonly event: string;
  readonly number: number;
  readonly aggregate_id: string;
  readonly version: number;
  readonly view: unknown;
  readonly rows: number;
  readonly caused: readonly Caused[];
  readonly caused_more: number;
};
export type ConsoleSnapshot = Body & {
  readonly kind: "console";
  readonly payloads: readonly PayloadEntry[];
  readonly calls: readonly Call[];
  readonly selected: string;
};
export type ConsoleNews = Body & {
  readonly kind: "console_news";
  readonly payloads: readonly PayloadEntry[] | null;
  readonly calls: readonly Call[];
};
export type Form = Body & {
  readonly kind: "form";
  readonly name: string;
  readonly version: number;
  readonly root: FormNode;
  readonly draft: unknown;
};
export type Path = readonly (string | number)[];
export type InputProblem = { readonly path: Path; readonly text: string };
export type Checked = Body & {
  readonly kind: "checked";
  readonly name: string;
  readonly problems: readonly InputProblem[];
  readonly source: string;
};
export type Ids = Body & { readonly kind: "ids"; readonly known: readonly string[]; readonly minted: string };

export const isConsole = (body: Body): body is ConsoleSnapshot =>
  body.kind === "console" && Array.isArray(body.payloads) && Array.isArray(body.calls);
export const isConsoleNews = (body: Body): body is ConsoleNews =>
  body.kind === "console_news" && Array.isArray(body.calls);
export const isForm = (body: Body): body is Form => body.kind === "form" && typeof body.root === "object";
export const isChecked = (body: Body): body is Checked => body.kind === "checked" && Array.isArray(body.problems);
export const isIds = (body: Body): body is Ids =>
  body.kind === "ids" && Array.isArray(body.known) && typeof body.minted === "string";
