/** What is read from the kernel's picture once it is part of the page. */
import type { Room } from "../layout/edge_words.ts";
import { componentOf } from "../scene/graph_scene.ts";

/** A place on the stage, from its top left corner. */
export type Point = { readonly x: number; readonly y: number };
/** Half the width of what stands beside an edge, which is kept inside the stage. */
const BESIDE = 140;

/** Below something's middle. */
export const placeIn = (stage: HTMLElement, node: Element): Point => {
  const box = node.getBoundingClientRect();
  const around = stage.getBoundingClientRect();
  const middle = box.x + box.width / 2 - around.x;
  return {
    x: Math.max(Math.min(middle, around.width - BESIDE), Math.min(BESIDE, around.width / 2)),
    y: box.bottom - around.y + 6,
  };
};

/** The kernel's picture as nodes of this page; scripts and handlers would stay behind, were there any. */
export const parsed = (text: string): SVGSVGElement | null => {
  const root = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
  for (const node of root.querySelectorAll("script, foreignObject, iframe, image, use, a")) {
    node.remove();
  }
  for (const node of [root, ...root.querySelectorAll("*")]) {
    for (const name of node.getAttributeNames().filter((one) => /^on|href$/i.test(one))) {
      node.removeAttribute(name);
    }
  }
  return root.localName === "svg" ? (document.importNode(root, true) as unknown as SVGSVGElement) : null;
};

const movedBy = (node: Element | null | undefined): Point | null => {
  const place = /translate\(([-\d.]+) ([-\d.]+)\)/.exec(node?.getAttribute("transform") ?? "");
  return place ? { x: Number(place[1]), y: Number(place[2]) } : null;
};

/** Where a node lies in the picture; a handler takes the whole width of its component. */
export const roomOf = (inner: SVGGElement | null, name: string): Room | null => {
  const nodes = [...(inner?.querySelectorAll<SVGGElement>("[data-node]") ?? [])];
  const node = nodes.find((one) => one.dataset.node === name);
  const box = nodes.find((one) => one.dataset.node === (name.includes(".") ? componentOf(name) : name));
  const place = movedBy(box);
  const rect = box?.querySelector("rect");
  if (!node || !rect || !place) {
    return null;
  }
  const origin = movedBy(inner?.querySelector(":scope > g[transform]"));
  const x = (origin?.x ?? 0) + place.x;
  const y = (origin?.y ?? 0) + place.y;
  const width = Number(rect.getAttribute("width"));
  const row = node === box ? null : Number(node.querySelector("text")?.getAttribute("y") ?? 0);
  return row === null
    ? { x, y, width, height: Number(rect.getAttribute("height")) }
    : { x, y: y + row - 10, width, height: 12 };
};
