/** `recq.catalog()`. */
import { render } from "preact";
import type { Connection } from "../protocol/connection.ts";
import own from "../render/catalog.css";
import { Catalog } from "../render/catalog.tsx";
import { styled } from "../render/styled.ts";

export const mount = (root: HTMLElement, connection: Connection, parts: readonly string[]): (() => void) => {
  const place = document.createElement("div");
  root.replaceChildren(place);
  styled(root, own);
  render(<Catalog connection={connection} part={parts[0] ?? "catalog"} />, place);
  return () => render(null, place);
};
