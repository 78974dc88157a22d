/** `recq.events()`. */
import { render } from "preact";
import type { Connection } from "../protocol/connection.ts";
import own from "../render/events.css";
import { Events } from "../render/events.tsx";
import { styled } from "../render/styled.ts";

export const mount = (root: HTMLElement, connection: Connection, parts: readonly string[]): (() => void) => {
  const place = document.createElement("div");
  root.replaceChildren(place);
  styled(root, own);
  render(<Events connection={connection} part={parts[0] ?? "events"} />, place);
  return () => render(null, place);
};
