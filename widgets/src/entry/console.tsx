/** `recq.console()`. */
import { render } from "preact";
import type { Connection } from "../protocol/connection.ts";
import own from "../render/console.css";
import { Console } from "../render/console.tsx";
import { styled } from "../render/styled.ts";

export const mount = (root: HTMLElement, connection: Connection, parts: readonly string[]): (() => void) => {
  const place = document.createElement("div");
  root.replaceChildren(place);
  styled(root, own);
  render(<Console connection={connection} part={parts[0] ?? "console"} />, place);
  return () => render(null, place);
};
