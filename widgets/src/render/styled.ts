/** A widget's look: one style element for each root, gone with it; a tab of the dashboard has the look around it. */
import kinds from "./generated/kinds.css";
import look from "./look.css";

export const styled = (root: HTMLElement, own: string): void => {
  const style = document.createElement("style");
  style.textContent = root.parentElement?.closest(".recq-widget") ? own : `${kinds}\n${look}\n${own}`;
  root.prepend(style);
};
