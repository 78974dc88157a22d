/** A widget's look: one style element for each root, gone with it. */
import look from "./look.css";

export const styled = (root: HTMLElement, own: string): void => {
  const style = document.createElement("style");
  style.textContent = `${look}\n${own}`;
  root.prepend(style);
};
