/** The picture on the page: parsed once for each model, then marked, lit and moved without drawing it again. */
import { select } from "d3-selection";
import { type ZoomBehavior, zoom, zoomIdentity, zoomTransform } from "d3-zoom";
import { isAlarming, labelOf, overlaid, type Room } from "../layout/edge_words.ts";
import { componentOf, type Edge, type GraphScene, hidden, keyOf, related } from "../scene/graph_scene.ts";

const SVG = "http://www.w3.org/2000/svg";
const PULSE_MS = 350;
/** Width of a character of a label. */
const CHARACTER = 5.3;
/** Half the width of what stands beside an edge, which is kept inside the stage. */
const BESIDE = 140;
/** The smallest scale a picture starts with. */
const LEGIBLE = 0.6;

/** A place on the stage, from its top left corner. */
export type Point = { readonly x: number; readonly y: number };
const NOWHERE: Point = { x: 0, y: 0 };

/** Below something's middle. */
const placeIn = (stage: HTMLElement, node: Element): Point => {
  const box = node.getBoundingClientRect();
  const around = stage.getBoundingClientRect();
  const middle = box.x + box.width / 2 - around.x;
  return {
    x: Math.max(Math.min(middle, around.width - BESIDE), Math.min(BESIDE, around.width / 2)),
    y: box.bottom - around.y + 6,
  };
};

export type Listeners = {
  readonly onHover: (node: string, place: Point) => void;
  readonly onEdge: (edge: Edge | null, place: Point) => void;
  readonly onOpen: (node: string) => void;
};

/** The kernel's picture as nodes of this page; scripts and handlers would stay behind, were there any. */
const parsed = (text: string): SVGSVGElement | null => {
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

export class GraphStage {
  readonly #place: HTMLElement;
  readonly #listeners: Listeners;
  #svg: SVGSVGElement | null = null;
  #inner: SVGGElement | null = null;
  #zoom: ZoomBehavior<SVGSVGElement, unknown> | null = null;
  #edges: readonly (Edge & { readonly node: Element })[] = [];
  #overlaid: readonly (Edge & { readonly node: Element })[] = [];
  #overlaidKeys = "";
  #drawn = "";

  constructor(place: HTMLElement, listeners: Listeners) {
    this.#place = place;
    this.#listeners = listeners;
  }

  show(scene: GraphScene): void {
    if (scene.svg !== this.#drawn) {
      this.#draw(scene.svg);
    }
    this.#mark(scene);
  }

  #draw(text: string): void {
    const before = this.#svg ? zoomTransform(this.#svg) : null;
    const svg = parsed(text);
    this.#drawn = text;
    if (!svg) {
      return;
    }
    const inner = document.createElementNS(SVG, "g");
    inner.append(...[...svg.childNodes].filter((node) => !["title", "style"].includes(node.nodeName)));
    svg.append(inner);
    const width = Number(svg.getAttribute("width")) || 600;
    const height = Number(svg.getAttribute("height")) || 300;
    for (const name of ["width", "height", "viewBox", "style"]) {
      svg.removeAttribute(name);
    }
    this.#overlaid = [];
    this.#overlaidKeys = "";
    this.#place.replaceChildren(svg);
    this.#svg = svg;
    this.#inner = inner;
    this.#zoom = zoom<SVGSVGElement, unknown>()
      .scaleExtent([0.1, 4])
      .filter(
        (event: Event) => event.type !== "wheel" || (event as WheelEvent).ctrlKey || (event as WheelEvent).metaKey,
      )
      .on("zoom", (event: { transform: { toString(): string } }) =>
        inner.setAttribute("transform", event.transform.toString()),
      );
    select(svg).call(this.#zoom).on("dblclick.zoom", null);
    this.#size = [width, height];
    if (before) {
      select(svg).call(this.#zoom.transform, before);
    } else {
      this.fit(LEGIBLE);
    }
    this.#listen(inner);
  }

  #size: readonly [number, number] = [600, 300];

  #listen(inner: SVGGElement): void {
    this.#edges = [...inner.querySelectorAll("[data-edge]")].map((node) => ({
      node,
      source: node.getAttribute("data-source") ?? "",
      target: node.getAttribute("data-target") ?? "",
    }));
    for (const edge of this.#edges) {
      this.#listenToEdge(edge.node, edge);
    }
    for (const node of inner.querySelectorAll<SVGGElement>("[data-node]")) {
      const name = node.getAttribute("data-node") ?? "";
      const hover = () => this.#listeners.onHover(name, placeIn(this.#place, node));
      node.setAttribute("tabindex", "0");
      node.setAttribute("role", "button");
      node.setAttribute("aria-label", name);
      node.setAttribute("data-testid", "graph-node");
      node.addEventListener("mouseenter", hover);
      node.addEventListener("mouseleave", () => this.#listeners.onHover("", NOWHERE));
      node.addEventListener("focus", hover);
      node.addEventListener("blur", () => this.#listeners.onHover("", NOWHERE));
      node.addEventListener("dblclick", (event) => {
        event.stopPropagation();
        this.#listeners.onOpen(name);
      });
      node.addEventListener("keydown", (event) => {
        if (event.key === "Enter") {
          event.stopPropagation();
          this.#listeners.onOpen(name);
        }
      });
    }
  }

  #mark(scene: GraphScene): void {
    const known = new Map(scene.edges.map((edge) => [keyOf(edge), edge]));
    this.#overlay(scene);
    for (const edge of [...this.#edges, ...this.#overlaid]) {
      const key = keyOf(edge);
      const facts = scene.traffic.get(key);
      edge.node.setAttribute("data-count", String(facts?.count ?? 0));
      edge.node.classList.toggle("recq-untried", known.get(key)?.seen === false);
      this.#label(edge.node, labelOf(facts), isAlarming(facts));
      const pulse = scene.pulses.get(key);
      if (pulse) {
        edge.node.classList.add("recq-pulse");
        edge.node.classList.toggle("recq-failing", pulse === "failed");
        setTimeout(() => edge.node.classList.remove("recq-pulse", "recq-failing"), PULSE_MS);
      }
    }
  }

  /** On the edge, where the layout has left room for it. */
  #label(node: Element, text: string, isBad: boolean): void {
    const [x, y] = (node.getAttribute("data-label") ?? "").split(" ");
    const label = node.querySelector("text") ?? document.createElementNS(SVG, "text");
    const ground = node.querySelector("rect") ?? document.createElementNS(SVG, "rect");
    if (x === undefined || y === undefined || text === "") {
      label.remove();
      ground.remove();
      return;
    }
    const width = text.length * CHARACTER + 4;
    const box = { class: "recq-graph-ground", x: Number(x) - width / 2, y: Number(y) - 6.5, width, height: 13, rx: 3 };
    for (const [name, value] of Object.entries(box)) {
      ground.setAttribute(name, String(value));
    }
    if (label.textContent !== text) {
      label.textContent = text;
    }
    label.setAttribute("class", isBad ? "recq-graph-badge recq-late" : "recq-graph-badge");
    label.setAttribute("x", x);
    label.setAttribute("y", String(Number(y) + 3.5));
    if (!label.parentNode) {
      node.append(ground, label);
    }
  }

  /** Edges that no source declares have no place in the picture: they are drawn over it. */
  #overlay(scene: GraphScene): void {
    const wanted = hidden(scene).map(keyOf).join("\n");
    if (wanted === this.#overlaidKeys) {
      return;
    }
    this.#overlaidKeys = wanted;
    for (const old of this.#overlaid) {
      old.node.remove();
    }
    this.#overlaid = hidden(scene).flatMap((edge) => {
      const [from, to] = [this.#room(edge.source), this.#room(edge.target)];
      if (!from || !to || !this.#inner) {
        return [];
      }
      const node = document.createElementNS(SVG, "g");
      node.setAttribute("class", "recq-undeclared");
      node.setAttribute("data-source", edge.source);
      node.setAttribute("data-target", edge.target);
      node.setAttribute("data-edge", edge.kind);
      for (const name of ["reach", "edge"]) {
        const path = document.createElementNS(SVG, "path");
        path.setAttribute("class", name);
        path.setAttribute("d", overlaid(from, to));
        node.append(path);
      }
      this.#inner.append(node);
      this.#listenToEdge(node, edge);
      return [{ node, source: edge.source, target: edge.target }];
    });
  }

  /** Where a node lies in the picture; a handler takes the whole width of its component. */
  #room(name: string): Room | null {
    const nodes = [...(this.#inner?.querySelectorAll<SVGGElement>("[data-node]") ?? [])];
    const node = nodes.find((one) => one.dataset.node === name);
    const box = nodes.find((one) => one.dataset.node === (name.includes(".") ? componentOf(name) : name));
    const place = /translate\(([-\d.]+) ([-\d.]+)\)/.exec(box?.getAttribute("transform") ?? "");
    const rect = box?.querySelector("rect");
    if (!node || !rect || !place) {
      return null;
    }
    const [left, top] = this.#origin();
    const x = left + Number(place[1]);
    const y = top + Number(place[2]);
    const width = Number(rect.getAttribute("width"));
    const row = node === box ? null : Number(node.querySelector("text")?.getAttribute("y") ?? 0);
    return row === null
      ? { x, y, width, height: Number(rect.getAttribute("height")) }
      : { x, y: y + row - 10, width, height: 12 };
  }

  #origin(): readonly [number, number] {
    const moved = this.#inner?.querySelector(":scope > g[transform]")?.getAttribute("transform") ?? "";
    const place = /translate\(([-\d.]+) ([-\d.]+)\)/.exec(moved);
    return [Number(place?.[1] ?? 0), Number(place?.[2] ?? 0)];
  }

  #listenToEdge(node: Element, edge: Edge): void {
    node.querySelector("title")?.remove(); // what it says is beside it
    node.addEventListener("mouseenter", () => {
      node.classList.add("recq-pointed");
      this.#listeners.onEdge(edge, placeIn(this.#place, node.querySelector(".reach") ?? node));
    });
    node.addEventListener("mouseleave", () => {
      node.classList.remove("recq-pointed");
      this.#listeners.onEdge(null, NOWHERE);
    });
  }

  light(name: string): void {
    const on = name === "" ? new Set<string>() : related([...this.#edges, ...this.#overlaid], name);
    this.#place.classList.toggle("recq-lit", name !== "");
    for (const node of this.#inner?.querySelectorAll("[data-node]") ?? []) {
      const own = node.getAttribute("data-node") ?? "";
      node.classList.toggle("recq-on", on.has(own));
    }
    for (const edge of [...this.#edges, ...this.#overlaid]) {
      edge.node.classList.toggle("recq-on", on.has(edge.source) && on.has(edge.target));
    }
  }

  /** Brings a node to the middle; false where there is none of the name. */
  fly(name: string): boolean {
    const nodes = [...(this.#inner?.querySelectorAll<SVGGElement>("[data-node]") ?? [])];
    const wanted = name.toLowerCase();
    const node =
      nodes.find((one) => one.dataset.node === name) ??
      nodes.find((one) => one.dataset.node?.toLowerCase().includes(wanted));
    for (const one of nodes) {
      one.classList.toggle("recq-found", one === node && name !== "");
    }
    if (!node || !this.#svg || !this.#inner || !this.#zoom || name === "") {
      return false;
    }
    const box = node.getBoundingClientRect();
    const stage = this.#place.getBoundingClientRect();
    const now = zoomTransform(this.#svg);
    const x = now.invertX(box.x + box.width / 2 - stage.x);
    const y = now.invertY(box.y + box.height / 2 - stage.y);
    const scale = Math.max(now.k, 0.9);
    const there = zoomIdentity.translate(stage.width / 2 - x * scale, stage.height / 2 - y * scale).scale(scale);
    select(this.#svg).call(this.#zoom.transform, there);
    return true;
  }

  /** All of it, or, where that would be too small to read, its beginning. */
  fit(least = 0): void {
    if (!this.#svg || !this.#zoom) {
      return;
    }
    const [width, height] = this.#size;
    const whole = Math.min(this.#place.clientWidth / width, this.#place.clientHeight / height, 1.2);
    const scale = Math.max(whole, least);
    const x = (this.#place.clientWidth - width * scale) / 2;
    const y = (this.#place.clientHeight - height * scale) / 2;
    select(this.#svg).call(this.#zoom.transform, zoomIdentity.translate(Math.max(x, 0), Math.max(y, 0)).scale(scale));
  }

  zoomBy(factor: number): void {
    if (this.#svg && this.#zoom) {
      select(this.#svg).call(this.#zoom.scaleBy, factor);
    }
  }
}
