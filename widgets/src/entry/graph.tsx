/** `recq.graph()`. */
import { render } from "preact";
import type { Connection } from "../protocol/connection.ts";
import own from "../render/graph.css";
import { Graph } from "../render/graph.tsx";
import { styled } from "../render/styled.ts";

export const mount = (root: HTMLElement, connection: Connection, parts: readonly string[]): (() => void) => {
  const place = document.createElement("div");
  root.replaceChildren(place);
  styled(root, own);
  render(<Graph connection={connection} part={parts[0] ?? "graph"} />, place);
  return () => render(null, place);
};
