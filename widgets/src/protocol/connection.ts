/** The page's end of a widget: numbers intents, hands frames to their parts, acknowledges what was shown. */
import { type Ack, type Bye, type Hello, type Intent, isAgain, isFrame, type Problem } from "./generated/envelope.ts";
import type { Body } from "./guard.ts";
import { type Model, textOf } from "./model.ts";

export type Listener = (body: Body) => void;

const ANSWER_WITHIN_MS = 60_000;

const newPage = (): string => Array.from(crypto.getRandomValues(new Uint8Array(8)), (one) => one.toString(16)).join("");

export class Connection {
  readonly #model: Model;
  readonly #page = newPage();
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #waiting = new Map<number, { resolve: (body: Body) => void; reject: (error: Error) => void }>();
  #intents = 0;
  #shown = 0;
  #acknowledging = false;

  constructor(model: Model) {
    this.#model = model;
    model.on("msg:custom", this.#arrived);
    model.on("comm_live_update", this.#helloAgain);
  }

  /** What all widgets of one session have in common. */
  get session(): string {
    return textOf(this.#model, "session");
  }

  /** What tells this build of a module from any other. */
  digestOf(bundle: string): string {
    const digests = this.#model.get("digests");
    return typeof digests === "object" && digests !== null && bundle in digests
      ? String((digests as Record<string, unknown>)[bundle])
      : "";
  }

  readonly #arrived = (content: unknown): void => {
    if (!isFrame(content) || (content.to !== null && content.to !== this.#page)) {
      return;
    }
    this.#shown = Math.max(this.#shown, content.frame);
    this.#acknowledgeSoon();
    const waiting = content.answers === null ? undefined : this.#waiting.get(content.answers);
    if (content.answers !== null && content.to === this.#page && waiting) {
      this.#waiting.delete(content.answers);
      waiting.resolve(content.body);
      return;
    }
    if (isAgain(content.body)) {
      this.#helloAgain();
      return;
    }
    const parts = content.part === "" ? [...this.#listeners.keys()] : [content.part];
    for (const part of parts) {
      this.#tell(part, content.body);
    }
  };

  #tell(part: string, body: Body): void {
    for (const listener of this.#listeners.get(part) ?? []) {
      listener(body);
    }
  }

  /** The kernel had given this page up, e.g. while its tab was hidden; or it is gone, which asking it shows. */
  readonly #helloAgain = (): void => {
    for (const part of this.#listeners.keys()) {
      this.ask(part, { kind: "hello" } satisfies Hello).then(
        (snapshot) => this.#tell(part, snapshot),
        () => {},
      );
    }
  };

  /** One acknowledgement for all frames of an animation frame; hidden tabs draw none and so are sent less. */
  #acknowledgeSoon(): void {
    if (this.#acknowledging) {
      return;
    }
    this.#acknowledging = true;
    requestAnimationFrame(() => {
      this.#acknowledging = false;
      if (this.#listeners.size === 0) {
        return; // it said bye: who is not looking would be asked to look again, for ever
      }
      this.#post("", { kind: "ack", frame: this.#shown } satisfies Ack);
    });
  }

  #post(part: string, body: Body): number {
    this.#intents += 1;
    const intent: Intent = { intent: this.#intents, part, page: this.#page, body };
    try {
      this.#model.send(intent);
    } catch {
      this.#lost();
    }
    return this.#intents;
  }

  /** The kernel was restarted or is gone: nothing asked will be answered. */
  #lost(): void {
    const text = "The kernel that drew this is gone.";
    for (const part of this.#listeners.keys()) {
      this.#tell(part, {
        kind: "problem",
        text: `${text} This is its last picture.`,
        remedy: `Run the cells of the model again, then recq.${textOf(this.#model, "bundle")}().`,
      } satisfies Problem);
    }
    for (const waiting of this.#waiting.values()) {
      waiting.reject(new Error(text));
    }
    this.#waiting.clear();
  }

  /** Sends an intent and waits for its answer; rejects when none comes, e.g. because the kernel is gone. */
  ask(part: string, body: Body): Promise<Body> {
    return new Promise((resolve, reject) => {
      const number = this.#intents + 1;
      const timer = setTimeout(() => {
        this.#waiting.delete(number);
        reject(new Error("The kernel does not answer. Is it running?"));
      }, ANSWER_WITHIN_MS);
      this.#waiting.set(number, {
        resolve: (answer) => {
          clearTimeout(timer);
          resolve(answer);
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      });
      this.#post(part, body);
    });
  }

  /** Looks at a part: the listener is given its snapshot, then its news, until the returned function is called. */
  look(part: string, listener: Listener): () => void {
    const listeners = this.#listeners.get(part) ?? new Set();
    this.#listeners.set(part, listeners);
    listeners.add(listener);
    this.ask(part, { kind: "hello" } satisfies Hello).then(
      (snapshot) => listeners.has(listener) && listener(snapshot),
      (error: Error) => listener({ kind: "problem", text: error.message, remedy: "" } satisfies Problem),
    );
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) {
        this.#listeners.delete(part);
        this.#post(part, { kind: "bye" } satisfies Bye);
      }
    };
  }

  close(): void {
    this.#model.off("msg:custom", this.#arrived);
    this.#model.off("comm_live_update", this.#helloAgain);
    this.#listeners.clear();
    this.#waiting.clear();
  }
}
