/** What a page needs of an anywidget model, and nothing more. */
export interface Model {
  get(name: string): unknown;
  on(event: string, listener: (...values: unknown[]) => void): void;
  off(event: string, listener: (...values: unknown[]) => void): void;
  send(content: unknown): void;
}

export const textOf = (model: Model, name: string): string => {
  const value = model.get(name);
  return typeof value === "string" ? value : "";
};
