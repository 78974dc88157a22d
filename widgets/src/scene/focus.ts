/**
 * Jumps between widgets: a page-wide bus on which one picture asks another of its session to show something.
 *
 * The target is the name of a payload or component, or a handler's `Component.method`.
 */
export type Jump = { readonly session: string; readonly part: string; readonly target: string };

type Bus = { readonly listeners: Set<(jump: Jump) => boolean>; readonly kept: Map<string, string> };

const NAME = Symbol.for("recq.focus");
const shared = globalThis as unknown as Record<symbol, Bus | undefined>;
const bus: Bus = shared[NAME] ?? { listeners: new Set(), kept: new Map() };
shared[NAME] = bus;

const keyOf = (session: string, part: string): string => `${session}/${part}`;

/** Asks every picture of a part to show the target; false when none is in the page. */
export const jump = (session: string, part: string, target: string): boolean => {
  let taken = false;
  for (const listener of [...bus.listeners]) {
    taken = listener({ session, part, target }) || taken;
  }
  return taken;
};

/** Keeps a target for a picture that is about to be made, e.g. by the dashboard that opens its tab. */
export const keepFor = (session: string, part: string, target: string): void => {
  bus.kept.set(keyOf(session, part), target);
};

/** Shows what others of the session ask this part to show, first of all what was kept for it; returns how to stop. */
export const onJump = (session: string, part: string, show: (target: string) => void): (() => void) => {
  const kept = bus.kept.get(keyOf(session, part));
  if (kept !== undefined) {
    bus.kept.delete(keyOf(session, part));
    show(kept);
  }
  return onAnyJump((asked) => {
    const mine = asked.session === session && asked.part === part;
    if (mine) {
      show(asked.target);
    }
    return mine;
  });
};

/** Hears every jump of the page; the listener says whether it takes it. */
export const onAnyJump = (listener: (jump: Jump) => boolean): (() => void) => {
  bus.listeners.add(listener);
  return () => {
    bus.listeners.delete(listener);
  };
};
