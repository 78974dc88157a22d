/** `recq.flow()` and `%%recq_trace`. */
import { render } from "preact";
import type { Connection } from "../protocol/connection.ts";
import own from "../render/flow.css";
import { Flow } from "../render/flow.tsx";
import { styled } from "../render/styled.ts";

export const mount = (root: HTMLElement, connection: Connection, parts: readonly string[]): (() => void) => {
  const place = document.createElement("div");
  root.replaceChildren(place);
  styled(root, own);
  render(<Flow connection={connection} part={parts[0] ?? "flow"} />, place);
  return () => render(null, place);
};
