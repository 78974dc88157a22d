/** Modules that draw: each build is asked of the kernel once a page, however many widgets show it. */
import type { Connection } from "./connection.ts";
import { type AskCode, isCode, isProblem } from "./generated/envelope.ts";

export type Mount = (root: HTMLElement, connection: Connection, parts: readonly string[]) => () => void;
export type Module = { readonly mount: Mount };

const shared = globalThis as unknown as Record<symbol, Map<string, Promise<Module>> | undefined>;
const known = Symbol.for("recq.modules");
const modules = shared[known] ?? new Map<string, Promise<Module>>();
shared[known] = modules;

const loaded = async (text: string): Promise<Module> => {
  const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  try {
    return (await import(/* @vite-ignore */ url)) as Module;
  } finally {
    URL.revokeObjectURL(url);
  }
};

export const moduleOf = (connection: Connection, bundle: string): Promise<Module> => {
  const name = `${bundle}@${connection.digestOf(bundle)}`;
  const before = modules.get(name);
  if (before) {
    return before;
  }
  const asked = connection.ask("", { kind: "code", bundle } satisfies AskCode).then((body) => {
    if (!isCode(body)) {
      throw new Error(isProblem(body) ? body.text : "The kernel has no module for this widget.");
    }
    return loaded(body.text);
  });
  modules.set(name, asked);
  asked.catch(() => modules.delete(name));
  return asked;
};
