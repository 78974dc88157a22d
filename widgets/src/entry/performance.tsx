/** `recq.performance()`. */
import { render } from "preact";
import type { Connection } from "../protocol/connection.ts";
import own from "../render/performance.css";
import { Performance } from "../render/performance.tsx";
import { styled } from "../render/styled.ts";

export const mount = (root: HTMLElement, connection: Connection, parts: readonly string[]): (() => void) => {
  const place = document.createElement("div");
  root.replaceChildren(place);
  styled(root, own);
  render(<Performance connection={connection} part={parts[0] ?? "performance"} />, place);
  return () => render(null, place);
};
