/** A kind of payload or component as a colour of the look. */
import { KINDS } from "./generated/kinds.ts";

export const colourOf = (kind: string): string => `var(${KINDS.get(kind) ?? "--recq-invocation"})`;
