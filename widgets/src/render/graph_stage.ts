/** The picture on the page: parsed once for each model, then marked, lit and moved without drawing it again. */
import { select } from "d3-selection";
import { type ZoomBehavior, zoom, zoomIdentity, zoomTransform } from "d3-zoom";
import { milliseconds } from "../layout/arrow.ts";
import { type Edge, type GraphScene, isTried, pulseOf, related } from "../scene/graph_scene.ts";

const SVG = "http://www.w3.org/2000/svg";
const PULSE_MS = 350;
/** The smallest scale a picture starts with. */
const LEGIBLE = 0.6;

export type Listeners = {
  readonly onHover: (node: string) => void;
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
    for (const node of inner.querySelectorAll<SVGGElement>("[data-node]")) {
      const name = node.getAttribute("data-node") ?? "";
      node.setAttribute("tabindex", "0");
      node.setAttribute("role", "button");
      node.setAttribute("aria-label", name);
      node.setAttribute("data-testid", "graph-node");
      node.addEventListener("mouseenter", () => this.#listeners.onHover(name));
      node.addEventListener("mouseleave", () => this.#listeners.onHover(""));
      node.addEventListener("focus", () => this.#listeners.onHover(name));
      node.addEventListener("blur", () => this.#listeners.onHover(""));
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
    for (const edge of this.#edges) {
      edge.node.classList.toggle("recq-untried", !isTried(scene, edge));
      const pulse = pulseOf(scene, edge);
      if (pulse) {
        edge.node.classList.add("recq-pulse");
        edge.node.classList.toggle("recq-failing", pulse.failed > 0);
        setTimeout(() => edge.node.classList.remove("recq-pulse", "recq-failing"), PULSE_MS);
      }
    }
    for (const old of this.#inner?.querySelectorAll(".recq-graph-badge") ?? []) {
      old.remove();
    }
    for (const node of this.#inner?.querySelectorAll<SVGGElement>("[data-node]") ?? []) {
      this.#badge(node, node.getAttribute("data-node") ?? "", scene);
    }
  }

  #badge(node: SVGGElement, name: string, scene: GraphScene): void {
    const metric = scene.metrics[name];
    const lag = scene.lags[name] ?? 0;
    const text = metric
      ? `${metric.count}× ${milliseconds(metric.p50)}/${milliseconds(metric.p95)}${metric.failed ? ` ${metric.failed} failed` : ""}${metric.rate >= 0.1 ? ` ${metric.rate}/s` : ""}`
      : lag > 0
        ? `${lag} behind`
        : "";
    const own = node.querySelector("text");
    if (text === "" || !own) {
      return;
    }
    const badge = document.createElementNS(SVG, "text");
    badge.textContent = text;
    badge.classList.add("recq-graph-badge");
    badge.classList.toggle("recq-late", lag > 0 || (metric?.failed ?? 0) > 0);
    const box = node.closest<SVGGElement>("g[data-node]:not([data-node*='.'])")?.querySelector("rect");
    badge.setAttribute("text-anchor", "start");
    badge.setAttribute("x", String(Number(box?.getAttribute("width") ?? 0) + 6));
    badge.setAttribute("y", own.getAttribute("y") ?? "0");
    node.append(badge);
  }

  light(name: string): void {
    const on = name === "" ? new Set<string>() : related(this.#edges, name);
    this.#place.classList.toggle("recq-lit", name !== "");
    for (const node of this.#inner?.querySelectorAll("[data-node]") ?? []) {
      const own = node.getAttribute("data-node") ?? "";
      node.classList.toggle("recq-on", on.has(own));
    }
    for (const edge of this.#edges) {
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
    const whole = Math.min(this.#place.clientWidth / (width + 120), this.#place.clientHeight / height, 1.2);
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
