/** What an anywidget loads first: shows the static picture, then asks the kernel once a page for the module that draws. */
import { Connection } from "../protocol/connection.ts";
import { type Model, textOf } from "../protocol/model.ts";

type Mount = (root: HTMLElement, connection: Connection, parts: readonly string[]) => () => void;
type Module = { readonly mount: Mount };

const shared = globalThis as unknown as Record<symbol, Map<string, Promise<Module>> | undefined>;
const known = Symbol.for("recq.modules");
const modules = shared[known] ?? new Map<string, Promise<Module>>();
shared[known] = modules;
const connections = new Map<string, Connection>();

const connectionOf = (model: Model): Connection => {
  const key = textOf(model, "key");
  const connection = connections.get(key) ?? new Connection(model);
  connections.set(key, connection);
  return connection;
};

const loaded = async (text: string): Promise<Module> => {
  const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  try {
    return (await import(/* @vite-ignore */ url)) as Module;
  } finally {
    URL.revokeObjectURL(url);
  }
};

const moduleOf = (model: Model, connection: Connection): Promise<Module> => {
  const name = `${textOf(model, "bundle")}@${textOf(model, "digest")}`;
  const before = modules.get(name);
  if (before) {
    return before;
  }
  const asked = connection.ask("", { kind: "code" }).then((body) => {
    if (body.kind !== "code" || typeof body.text !== "string") {
      throw new Error(typeof body.text === "string" ? body.text : "The kernel has no module for this widget.");
    }
    return loaded(body.text);
  });
  modules.set(name, asked);
  asked.catch(() => modules.delete(name));
  return asked;
};

const still = (model: Model): HTMLElement => {
  const picture = document.createElement("div");
  picture.className = "recq-still";
  picture.innerHTML = textOf(model, "picture");
  return picture;
};

const partsOf = (model: Model): readonly string[] => {
  const parts = model.get("parts");
  return Array.isArray(parts) ? parts.filter((part): part is string => typeof part === "string") : [];
};

function initialize({ model }: { model: Model }): () => void {
  const connection = connectionOf(model);
  return () => {
    connection.close();
    connections.delete(textOf(model, "key"));
  };
}

function render({ model, el }: { model: Model; el: HTMLElement }): () => void {
  const connection = connectionOf(model);
  const picture = still(model);
  el.replaceChildren(picture);
  let unmount: (() => void) | undefined;
  let gone = false;
  moduleOf(model, connection).then(
    (module) => {
      if (gone) {
        return;
      }
      const root = document.createElement("div");
      root.className = "recq-widget";
      root.dataset.lmSuppressShortcuts = "true";
      el.replaceChildren(root);
      unmount = module.mount(root, connection, partsOf(model));
    },
    (error: Error) => {
      const note = document.createElement("p");
      note.className = "recq-still-note";
      note.textContent = `Not live: ${error.message}`;
      picture.append(note);
    },
  );
  return () => {
    gone = true;
    unmount?.();
  };
}

export default { initialize, render };
