/** What an anywidget loads first: shows the static picture, then asks the kernel once a page for the module that draws. */
import { Connection } from "../protocol/connection.ts";
import { type Model, textOf } from "../protocol/model.ts";
import { moduleOf } from "../protocol/modules.ts";

const connections = new Map<string, Connection>();

const connectionOf = (model: Model): Connection => {
  const key = textOf(model, "key");
  const connection = connections.get(key) ?? new Connection(model);
  connections.set(key, connection);
  return connection;
};

const still = (model: Model): HTMLElement => {
  const picture = document.createElement("div");
  picture.className = "recq-still";
  picture.innerHTML = textOf(model, "picture");
  return picture;
};

/** The notebook keeps the picture as an output of its own; beside a live view it would be seen twice. */
const twinHidden = (model: Model): HTMLElement => {
  const style = document.createElement("style");
  style.textContent = `.jp-OutputArea-child:has(.recq-twin-${textOf(model, "key")}) { display: none; }`;
  return style;
};

/** Said where a reader would wonder why nothing happens: a kernel without subshells reads clicks between cells. */
const waitingHint = (model: Model): HTMLElement => {
  const hint = document.createElement("p");
  hint.className = "recq-waits";
  hint.dataset.testid = "recq-waits";
  hint.textContent = "This kernel has no subshells: clicks wait until the running cell ends.";
  hint.style.cssText = "margin: 2px 10px; font-size: 12px; color: var(--jp-ui-font-color2, #59636e)";
  hint.hidden = model.get("live") === true;
  return hint;
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
  const hidden = twinHidden(model);
  const hint = waitingHint(model);
  const becameLive = (): void => {
    hint.hidden = model.get("live") === true;
  };
  model.on("change:live", becameLive);
  el.replaceChildren(hidden, picture);
  let unmount: (() => void) | undefined;
  let gone = false;
  moduleOf(connection, textOf(model, "bundle")).then(
    (module) => {
      if (gone) {
        return;
      }
      const root = document.createElement("div");
      root.className = "recq-widget";
      root.dataset.lmSuppressShortcuts = "true";
      el.replaceChildren(hidden, root, hint);
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
    model.off("change:live", becameLive);
    unmount?.();
  };
}

export default { initialize, render };
