/** The picture on the page: parsed once for each model, then marked, lit and moved without drawing it again. */
import { select } from "d3-selection";
import { type ZoomBehavior, zoom, zoomIdentity, zoomTransform } from "d3-zoom";
import { isAlarming, linesOf, overlaid } from "../layout/edge_words.ts";
import { heightFor, lieOf, moreOf, nudge, pictureFor, type Size } from "../layout/graph_layout.ts";
import { type Edge, type GraphScene, hidden, keyOf, related } from "../scene/graph_scene.ts";
import { type Point, parsed, placeIn, roomOf } from "./graph_markup.ts";

const SVG = "http://www.w3.org/2000/svg";
const PULSE_MS = 350;
/** Width of a character of a label. */
const CHARACTER = 6.4;
const LABEL = 15;
/** Where an arrow key leads among the edges of a node. */
const STEPS: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };

const NOWHERE: Point = { x: 0, y: 0 };

export type Listeners = {
  readonly onHover: (node: string, place: Point) => void;
  readonly onEdge: (edge: Edge | null, place: Point) => void;
  readonly onOpen: (node: string) => void;
  /** In which directions there is more than is in sight, as arrows. */
  readonly onMore: (directions: string) => void;
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
  #scene: GraphScene | null = null;
  #size: Size = { width: 600, height: 300 };
  #sought = "";
  /** The node whose edges the keyboard goes through. */
  #from: SVGGElement | null = null;

  constructor(place: HTMLElement, listeners: Listeners) {
    this.#place = place;
    this.#listeners = listeners;
    let width = place.clientWidth;
    new ResizeObserver(() => {
      if (this.#scene && place.clientWidth > 0 && place.clientWidth !== width) {
        width = place.clientWidth;
        this.show(this.#scene);
        this.#start();
        this.#find(true);
      }
    }).observe(place);
  }

  /** Draws the arrangement for the room there is, once for each model, and marks what has happened. */
  show(scene: GraphScene): void {
    const before = this.#scene;
    this.#scene = scene;
    const picture = pictureFor(scene.pictures, this.#place.clientWidth, scene.legible);
    if (picture && picture.svg !== this.#drawn) {
      const isKept = before !== null && before.pictures !== scene.pictures;
      this.#draw(picture.svg, isKept && this.#svg ? zoomTransform(this.#svg) : null);
    }
    this.#mark(scene);
  }

  #draw(text: string, before: ReturnType<typeof zoomTransform> | null): void {
    const svg = parsed(text);
    this.#drawn = text;
    if (!svg) {
      return;
    }
    const inner = document.createElementNS(SVG, "g");
    inner.append(...[...svg.childNodes].filter((node) => !["title", "style"].includes(node.nodeName)));
    svg.append(inner);
    this.#size = { width: Number(svg.getAttribute("width")) || 600, height: Number(svg.getAttribute("height")) || 300 };
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
      .on("zoom", (event: { transform: { x: number; y: number; k: number; toString(): string } }) => {
        inner.setAttribute("transform", event.transform.toString());
        this.#listeners.onMore(moreOf(this.#size, this.#stage(), event.transform));
      });
    select(svg).call(this.#zoom).on("dblclick.zoom", null);
    if (before) {
      this.#heighten();
      select(svg).call(this.#zoom.transform, before);
    } else {
      this.#start();
    }
    this.#find(before === null);
    this.#listen(inner);
  }

  #stage(): Size {
    return { width: this.#place.clientWidth, height: this.#place.clientHeight };
  }

  #heighten(): void {
    const height = heightFor(this.#size, this.#place.clientWidth, this.#scene?.legible ?? 1);
    this.#place.style.height = `${height}px`;
  }

  /** All of it, or, where that would be too small to read, its beginning. */
  #start(): void {
    this.#heighten();
    this.#lay(this.#scene?.legible ?? 1);
  }

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
      node.addEventListener("focus", () => {
        this.#reveal(node);
        hover();
      });
      node.addEventListener("blur", () => this.#listeners.onHover("", NOWHERE));
      node.addEventListener("dblclick", (event) => {
        event.stopPropagation();
        this.#listeners.onOpen(name);
      });
      node.addEventListener("keydown", (event) => {
        if (event.target === node && event.key === "Enter") {
          this.#listeners.onOpen(name);
        } else if (event.target === node && event.key in STEPS) {
          event.preventDefault();
          this.#from = node;
          this.#step(null, 0);
        } else {
          return;
        }
        event.stopPropagation();
      });
    }
  }

  /** From an edge of a node to another; from none to the first. */
  #step(edge: Element | null, by: number): void {
    const name = this.#from?.getAttribute("data-node") ?? "";
    const isOf = (end: string): boolean => end === name || end.startsWith(`${name}.`);
    const all = [...this.#edges, ...this.#overlaid];
    const around = [...all.filter((one) => isOf(one.target)), ...all.filter((one) => isOf(one.source))];
    const place = around.findIndex((one) => one.node === edge);
    const next = around[(Math.max(place, 0) + by + around.length) % Math.max(around.length, 1)];
    (next?.node as SVGGElement | undefined)?.focus();
  }

  /** What has the keyboard's focus is in sight. */
  #reveal(node: Element): void {
    if (!node.matches(":focus-visible") || !this.#svg || !this.#zoom) {
      return;
    }
    const box = (node.querySelector(":scope > .edge") ?? node).getBoundingClientRect();
    const stage = this.#place.getBoundingClientRect();
    const x = nudge(box.left - stage.left, box.right - stage.left, stage.width);
    const y = nudge(box.top - stage.top, box.bottom - stage.top, stage.height);
    const { k } = zoomTransform(this.#svg);
    if (x !== 0 || y !== 0) {
      select(this.#svg).call(this.#zoom.translateBy, x / k, y / k);
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
      this.#label(edge.node, facts?.label ?? "", isAlarming(facts));
      const declared = known.get(key);
      const said = [`${edge.source} → ${edge.target}`, ...(declared ? linesOf(declared, facts) : [])].join(", ");
      if (edge.node.getAttribute("aria-label") !== said) {
        edge.node.setAttribute("aria-label", said);
      }
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
    const box = {
      class: "recq-graph-ground",
      x: Number(x) - width / 2,
      y: Number(y) - LABEL / 2,
      width,
      height: LABEL,
      rx: 3,
    };
    for (const [name, value] of Object.entries(box)) {
      ground.setAttribute(name, String(value));
    }
    if (label.textContent !== text) {
      label.textContent = text;
    }
    label.setAttribute("class", isBad ? "recq-graph-badge recq-late" : "recq-graph-badge");
    label.setAttribute("x", x);
    label.setAttribute("y", String(Number(y) + 4));
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
      const [from, to] = [roomOf(this.#inner, edge.source), roomOf(this.#inner, edge.target)];
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

  #listenToEdge(node: Element, edge: Edge): void {
    node.querySelector("title")?.remove(); // what it says is beside it
    node.setAttribute("tabindex", "-1");
    node.setAttribute("role", "button");
    node.setAttribute("data-testid", "graph-edge");
    const point = () => {
      node.classList.add("recq-pointed");
      this.#listeners.onEdge(edge, placeIn(this.#place, node.querySelector(".reach") ?? node));
    };
    const leave = () => {
      node.classList.remove("recq-pointed");
      this.#listeners.onEdge(null, NOWHERE);
    };
    node.addEventListener("mouseenter", point);
    node.addEventListener("mouseleave", leave);
    node.addEventListener("focus", () => {
      this.#reveal(node);
      point();
    });
    node.addEventListener("blur", leave);
    const open = () => this.#listeners.onOpen(edge.source.includes(".") ? edge.target : edge.source);
    node.addEventListener("dblclick", (event) => {
      event.stopPropagation();
      open();
    });
    node.addEventListener("keydown", (event) => {
      const { key } = event as KeyboardEvent;
      if (key === "Enter") {
        open();
      } else if (key === "Escape") {
        this.#from?.focus();
      } else if (key in STEPS) {
        this.#step(node, STEPS[key] ?? 0);
      } else {
        return;
      }
      event.preventDefault();
      event.stopPropagation();
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

  /** Brings a node to the middle, and again where the picture is drawn anew; false where there is none of the name. */
  fly(name: string): boolean {
    this.#sought = name;
    return this.#find(true);
  }

  #find(moves: boolean): boolean {
    const name = this.#sought;
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
    if (!moves) {
      return true;
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

  /** All of it, however small. */
  fit(): void {
    this.#lay(0);
  }

  #lay(least: number): void {
    if (this.#svg && this.#zoom) {
      const { x, y, k } = lieOf(this.#size, this.#stage(), least);
      select(this.#svg).call(this.#zoom.transform, zoomIdentity.translate(x, y).scale(k));
    }
  }

  zoomBy(factor: number): void {
    if (this.#svg && this.#zoom) {
      select(this.#svg).call(this.#zoom.scaleBy, factor);
    }
  }
}
