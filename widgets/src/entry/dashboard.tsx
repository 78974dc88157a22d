/** `recq.dashboard()`. */
import { render } from "preact";
import type { Connection } from "../protocol/connection.ts";
import own from "../render/dashboard.css";
import { Dashboard } from "../render/dashboard.tsx";
import { styled } from "../render/styled.ts";

export const mount = (root: HTMLElement, connection: Connection, parts: readonly string[]): (() => void) => {
  const place = document.createElement("div");
  root.replaceChildren(place);
  styled(root, own);
  render(<Dashboard connection={connection} parts={parts} />, place);
  return () => render(null, place);
};
