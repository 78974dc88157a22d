/** A payload kind as a colour of the look. */
const KINDS = new Set(["domain command", "service command", "domain event", "service event", "query", "view"]);

export const colourOf = (kind: string): string =>
  KINDS.has(kind) ? `var(--recq-${kind.replace(" ", "-")})` : "var(--recq-invocation)";
