// @vitest-environment happy-dom
import { describe, expect, test, vi } from "vitest";
import { Connection } from "./connection.ts";
import type { Intent } from "./generated/envelope.ts";
import type { Body } from "./guard.ts";

class FakeModel {
  readonly sent: Intent[] = [];
  refuses = false;
  #listener: (content: unknown) => void = () => {};
  get = (_name?: string): unknown => "";
  on = (event: string, listener: (content: unknown) => void): void => {
    if (event === "msg:custom") {
      this.#listener = listener;
    } else {
      this.changeComm = () => listener(undefined);
    }
  };
  changeComm = (): void => {};
  off = (): void => {
    this.#listener = () => {};
  };
  send = (content: unknown): void => {
    if (this.refuses) {
      throw new Error("Cannot send");
    }
    this.sent.push(content as Intent);
  };
  arrive = (frame: number, body: Body, answers: Intent | null = null): void =>
    this.#listener({ frame, part: "flow", to: answers?.page ?? null, answers: answers?.intent ?? null, body });
  raw = (content: unknown): void => this.#listener(content);
}

const hello = (model: FakeModel): Intent => {
  const found = model.sent.find((one) => one.body.kind === "hello");
  if (!found) {
    throw new Error("no hello");
  }
  return found;
};

describe("a connection", () => {
  test("gives a listener its snapshot, then news, and acknowledges once a frame of animation", async () => {
    vi.useFakeTimers({ toFake: ["requestAnimationFrame"] });
    const model = new FakeModel();
    const heard: string[] = [];
    new Connection(model).look("flow", (body) => heard.push(body.kind));
    model.arrive(1, { kind: "snapshot" }, hello(model));
    await Promise.resolve();
    model.arrive(2, { kind: "news" });
    model.arrive(3, { kind: "news" });
    vi.advanceTimersToNextFrame();
    expect(heard).toEqual(["snapshot", "news", "news"]);
    expect(model.sent.filter((one) => one.body.kind === "ack").map((one) => one.body.frame)).toEqual([3]);
    vi.useRealTimers();
  });

  test("passes over what is no frame, and what another page was sent", () => {
    const model = new FakeModel();
    const heard: Body[] = [];
    new Connection(model).look("flow", (body) => heard.push(body));
    model.raw({ frame: 1, part: "flow", to: "another page", answers: null, body: { kind: "news" } });
    for (const wrong of [null, 7, "news", {}, { frame: "1" }, { frame: 1, part: "flow", to: null, answers: null }]) {
      model.raw(wrong);
    }
    expect(heard).toEqual([]);
  });

  test("says so when the kernel is gone, and refuses what is asked", async () => {
    const model = new FakeModel();
    const heard: Body[] = [];
    const connection = new Connection(model);
    connection.look("flow", (body) => heard.push(body));
    model.refuses = true;
    await expect(connection.ask("flow", { kind: "hop", step: 1 })).rejects.toThrow("gone");
    expect(heard.map((body) => body.kind)).toContain("problem");
  });

  test("takes leave when the last listener does", () => {
    const model = new FakeModel();
    const connection = new Connection(model);
    const leave = [connection.look("flow", () => {}), connection.look("flow", () => {})];
    leave[0]?.();
    expect(model.sent.map((one) => one.body.kind)).not.toContain("bye");
    leave[1]?.();
    expect(model.sent.at(-1)?.body.kind).toBe("bye");
  });

  test("acknowledges nothing once it has taken leave, or the kernel would ask it to look again for ever", () => {
    vi.useFakeTimers({ toFake: ["requestAnimationFrame"] });
    const model = new FakeModel();
    const leave = new Connection(model).look("flow", () => {});
    model.arrive(1, { kind: "snapshot" }, hello(model));
    leave();
    vi.advanceTimersToNextFrame();
    model.raw({ frame: 2, part: "", to: hello(model).page, answers: null, body: { kind: "again" } });
    vi.advanceTimersToNextFrame();
    expect(model.sent.map((one) => one.body.kind)).toEqual(["hello", "bye"]);
    vi.useRealTimers();
  });

  test("says so at once when the kernel's end of the comm is gone", () => {
    const model = new FakeModel();
    const heard: Body[] = [];
    new Connection(model).look("flow", (body) => heard.push(body));
    model.refuses = true;
    model.changeComm();
    expect(heard.map((body) => body.kind)).toEqual(["problem"]);
  });

  test("says hello again when the kernel had given its page up", async () => {
    const model = new FakeModel();
    const heard: string[] = [];
    new Connection(model).look("flow", (body) => heard.push(body.kind));
    const { page } = hello(model);
    model.sent.length = 0;
    model.raw({ frame: 9, part: "", to: page, answers: null, body: { kind: "again" } });
    model.arrive(10, { kind: "snapshot" }, hello(model));
    await Promise.resolve();
    expect(heard).toEqual(["snapshot"]);
  });

  test("rejects what is not answered in a minute, and takes the answer to nothing afterwards", async () => {
    vi.useFakeTimers();
    const model = new FakeModel();
    const asked = new Connection(model).ask("flow", { kind: "hop", step: 1 });
    const refused = expect(asked).rejects.toThrow("does not answer");
    await vi.advanceTimersByTimeAsync(60_000);
    await refused;
    vi.useRealTimers();
  });

  test("tells one build of a module from another, and hears nothing once closed", () => {
    const model = new FakeModel();
    model.get = (name?: string): unknown => (name === "digests" ? { flow: "abc" } : "s1");
    const connection = new Connection(model);
    const heard: Body[] = [];
    connection.look("flow", (body) => heard.push(body));
    expect([connection.session, connection.digestOf("flow"), connection.digestOf("graph")]).toEqual(["s1", "abc", ""]);
    connection.close();
    model.arrive(1, { kind: "news" });
    expect(heard).toEqual([]);
  });
});
