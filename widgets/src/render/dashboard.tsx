/** The dashboard: a tab for each part; its module is asked for when the tab is first opened, and jumps open tabs. */
import type { JSX } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import type { Connection } from "../protocol/connection.ts";
import { moduleOf } from "../protocol/modules.ts";
import { keepFor, onAnyJump } from "../scene/focus.ts";
import { firstOf, tabByKey, withFront } from "../scene/tabs_view.ts";

type PanelProps = {
  readonly connection: Connection;
  readonly part: string;
  readonly id: string;
  readonly hidden: boolean;
};

const Panel = ({ connection, part, id, hidden }: PanelProps): JSX.Element => {
  const place = useRef<HTMLDivElement>(null);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    let gone = false;
    let unmount: (() => void) | undefined;
    moduleOf(connection, part).then(
      (module) => {
        if (!gone && place.current) {
          unmount = module.mount(place.current, connection, [part]);
        }
      },
      (error: Error) => setProblem(error.message),
    );
    return () => {
      gone = true;
      unmount?.();
    };
  }, [connection, part]);
  return (
    <div
      id={`${id}-panel-${part}`}
      role="tabpanel"
      aria-labelledby={`${id}-tab-${part}`}
      hidden={hidden}
      data-testid={`dashboard-panel-${part}`}
    >
      {problem ? (
        <p class="recq-problem" role="alert">
          {problem}
        </p>
      ) : null}
      <div ref={place} />
    </div>
  );
};

type Props = { readonly connection: Connection; readonly parts: readonly string[] };

export const Dashboard = ({ connection, parts }: Props): JSX.Element => {
  const [tabs, setTabs] = useState(() => firstOf(parts));
  const opened = useRef(tabs.opened);
  opened.current = tabs.opened;
  const list = useRef<HTMLDivElement>(null);
  const id = useId();

  useEffect(
    () =>
      onAnyJump(({ session, part, target }) => {
        if (session !== connection.session || !parts.includes(part)) {
          return false;
        }
        if (!opened.current.includes(part)) {
          keepFor(session, part, target);
        }
        setTabs((before) => withFront(before, part));
        return true;
      }),
    [connection, parts],
  );

  const onKey = (event: KeyboardEvent): void => {
    const next = tabByKey(parts, tabs.front, event.key);
    if (next !== null) {
      setTabs(withFront(tabs, next));
      list.current?.querySelector<HTMLElement>(`[data-part="${next}"]`)?.focus();
      event.preventDefault();
      event.stopPropagation();
    }
  };

  return (
    <div class="recq-dashboard">
      <div class="recq-dashboard-tabs" role="tablist" aria-label="dashboard" ref={list} onKeyDown={onKey}>
        {parts.map((part) => (
          <button
            key={part}
            type="button"
            role="tab"
            id={`${id}-tab-${part}`}
            aria-selected={tabs.front === part}
            aria-controls={`${id}-panel-${part}`}
            tabIndex={tabs.front === part ? 0 : -1}
            onClick={() => setTabs(withFront(tabs, part))}
            data-part={part}
            data-testid={`dashboard-tab-${part}`}
          >
            {part}
          </button>
        ))}
      </div>
      {tabs.opened.map((part) => (
        <Panel key={part} connection={connection} part={part} id={id} hidden={tabs.front !== part} />
      ))}
    </div>
  );
};
