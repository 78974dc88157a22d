/** `recq.consumers()`. */
import { render } from "preact";
import type { Connection } from "../protocol/connection.ts";
import own from "../render/consumers.css";
import { Consumers } from "../render/consumers.tsx";
import { styled } from "../render/styled.ts";

export const mount = (root: HTMLElement, connection: Connection, parts: readonly string[]): (() => void) => {
  const place = document.createElement("div");
  root.replaceChildren(place);
  styled(root, own);
  render(<Consumers connection={connection} part={parts[0] ?? "consumers"} />, place);
  return () => render(null, place);
};
