/** The event store, and the model as of any of its events. */
import type { JSX } from "preact";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { at, type Scroll } from "../layout/long_scroll.ts";
import type { Connection } from "../protocol/connection.ts";
import {
  type AskEvent,
  type AskFacets,
  type AskPage,
  type AskPast,
  type EventDetails,
  type FilterBody,
  type Find,
  isEventDetails,
  isEventPage,
  isEventsSnapshot,
  isFound,
  isGrown,
  isPastBody,
  isPreparing,
  type PastBody,
} from "../protocol/generated/events.ts";
import type { Body } from "../protocol/guard.ts";
import {
  caughtUp,
  EMPTY,
  type EventsScene,
  hasNewNames,
  missingPages,
  PAGE,
  withFound,
  withPage,
  withSnapshot,
} from "../scene/events_scene.ts";
import { asAsked, EVERYTHING, isFiltered } from "../scene/events_view.ts";
import { onJump } from "../scene/focus.ts";
import { EventDetailsView } from "./event_details.tsx";
import { EventFilterBar } from "./event_filter_bar.tsx";
import { EventList, extentOf, placesInSight, ROW, SIGHT } from "./event_list.tsx";
import { EventPast } from "./event_past.tsx";
import { EventTravelBar } from "./event_travel_bar.tsx";
import { Notice, noticeOf } from "./notice.tsx";

const TYPING_MS = 250;
const TOP: Scroll = { top: 0, bar: 0 };

type Props = { readonly connection: Connection; readonly part: string };

/** Runs one question at a time; of those asked meanwhile only the newest is asked next. */
const useLatest = (): ((work: () => Promise<void>) => void) => {
  const state = useRef<{ busy: boolean; next: (() => Promise<void>) | null }>({ busy: false, next: null });
  return useCallback((work) => {
    const now = state.current;
    if (now.busy) {
      now.next = work;
      return;
    }
    now.busy = true;
    const run = async (one: () => Promise<void>): Promise<void> => {
      await one();
      const { next } = now;
      now.next = null;
      if (next) {
        await run(next);
      }
    };
    run(work).finally(() => {
      now.busy = false;
    });
  }, []);
};

export const Events = ({ connection, part }: Props): JSX.Element => {
  const [scene, setScene] = useState<EventsScene>(EMPTY);
  const [filter, setFilter] = useState<FilterBody>(EVERYTHING);
  const [scroll, setScroll] = useState<Scroll>(TOP);
  const [selected, setSelected] = useState(0);
  const [details, setDetails] = useState<EventDetails | null>(null);
  const [past, setPast] = useState<PastBody | null>(null);
  const [place, setPlace] = useState<number | null>(null);
  const [waiting, setWaiting] = useState("");
  const [notice, setNotice] = useState<Notice | null>(null);
  const [chosen, setChosen] = useState({ aggregate: "", table: "" });
  const top = useRef(0);
  top.current = scroll.top;
  const asked = useRef(filter);
  asked.current = filter;
  const finding = useLatest();
  const paging = useLatest();
  const opening = useLatest();
  const travelling = useLatest();
  const wanted = useRef<number | null>(null);

  const told = useCallback((body: Body): void => setNotice(noticeOf(body)), []);
  const ask = useCallback(
    async (body: Body): Promise<Body> => {
      try {
        return await connection.ask(part, body);
      } catch (error) {
        return { kind: "problem", text: error instanceof Error ? error.message : String(error), remedy: "" };
      }
    },
    [connection, part],
  );

  const find = useCallback(() => {
    finding(async () => {
      const body = await ask({ kind: "find", filter: asAsked(asked.current) } satisfies Find);
      if (isFound(body)) {
        setNotice(null);
        setScene((before) => withFound(before, body, top.current < ROW));
      } else {
        told(body);
      }
    });
  }, [ask, finding, told]);

  useEffect(
    () =>
      connection.look(part, (body) => {
        if (isEventsSnapshot(body)) {
          setNotice(null);
          setScene((before) => withSnapshot(before, body));
          find();
        } else if (isGrown(body)) {
          find();
        } else {
          told(body);
        }
      }),
    [connection, part, find, told],
  );

  const choose = (next: FilterBody): void => {
    setFilter(next);
    setScroll(TOP);
  };
  const first = useRef(true);
  useEffect(() => {
    if (first.current) {
      first.current = false;
      return;
    }
    const timer = setTimeout(find, TYPING_MS);
    return () => clearTimeout(timer);
  }, [filter, find]);

  useEffect(() => {
    const sight = placesInSight(scroll, scene);
    const [page] = missingPages(scene, sight.first, sight.last);
    if (scene.query === 0 || page === undefined) {
      return;
    }
    const { query } = scene;
    paging(async () => {
      const body = await ask({ kind: "page", query, first: page * PAGE, count: PAGE } satisfies AskPage);
      if (isEventPage(body)) {
        setScene((before) => withPage(before, body));
        if (hasNewNames(scene, body)) {
          const facets = await ask({ kind: "facets" } satisfies AskFacets);
          if (isEventsSnapshot(facets)) {
            setScene((before) => withSnapshot(before, { ...facets, head: before.head }));
          }
        }
      } else if (body.kind === "problem") {
        told(body);
      }
    });
  }, [scene, scroll, ask, paging, told]);

  const travel = useCallback(
    (number: number, aggregate: string, table: string) => {
      wanted.current = number;
      setPlace(number);
      travelling(async () => {
        for (;;) {
          const body = await ask({ kind: "as_of", number, aggregate, table } satisfies AskPast);
          if (isPreparing(body) && wanted.current === number) {
            setWaiting(`replaying the log: ${body.position.toLocaleString("en")} of ${body.head.toLocaleString("en")}`);
            continue;
          }
          if (isPastBody(body)) {
            setPast(body);
          } else if (body.kind === "problem") {
            told(body);
          }
          setWaiting("");
          return;
        }
      });
    },
    [ask, travelling, told],
  );

  const open = useCallback(
    (number: number, reveal: boolean) => {
      setSelected(number);
      const { query } = scene;
      opening(async () => {
        const body = await ask({ kind: "event", number, query } satisfies AskEvent);
        if (!isEventDetails(body)) {
          told(body);
          return;
        }
        setDetails(body);
        const y = (scene.shown - 1 - body.rank) * ROW;
        if (reveal && (y < top.current || y > top.current + SIGHT - ROW)) {
          setScroll(at(y - SIGHT / 2, extentOf(scene)));
        }
      });
    },
    [ask, opening, told, scene],
  );

  const choosePlace = (number: number): void => {
    const within = Math.min(Math.max(number, 0), scene.head);
    travel(within, chosen.aggregate, chosen.table);
    if (within > 0) {
      open(within, true);
    } else {
      setSelected(0);
      setDetails(null);
    }
  };
  const openRow = (number: number): void => {
    open(number, false);
    if (place !== null) {
      travel(number, chosen.aggregate, chosen.table);
    }
  };
  const step = (by: number): void => {
    const { first: top_place } = placesInSight(scroll, scene);
    const rank = details && selected > 0 ? scene.shown - 1 - details.rank : top_place - Math.sign(by);
    const next = Math.min(Math.max(rank + by, 0), scene.shown - 1);
    ask({ kind: "page", query: scene.query, first: scene.shown - 1 - next, count: 1 } satisfies AskPage).then(
      (body) => {
        const row = isEventPage(body) ? body.events[0] : undefined;
        if (row) {
          open(row.number, true);
          if (place !== null) {
            travel(row.number, chosen.aggregate, chosen.table);
          }
        }
      },
    );
  };
  const show = (next: { aggregate: string; table: string }): void => {
    setChosen(next);
    if (place !== null) {
      travel(place, next.aggregate, next.table);
    }
  };
  const jumped = useRef((_: string): void => undefined);
  jumped.current = (target) => {
    if (/^\d+$/.test(target)) {
      choosePlace(Number(target));
    } else {
      choose({ ...EVERYTHING, name: target });
    }
  };
  useEffect(() => onJump(connection.session, part, (target) => jumped.current(target)), [connection, part]);
  const fresh = scene.total - scene.shown;

  return (
    <div class="recq-events-frame">
      <EventFilterBar scene={scene} filter={filter} onChange={choose} />
      {notice ? <Notice notice={notice} /> : null}
      <div class="recq-events-list">
        {fresh > 0 ? (
          <button
            type="button"
            class="recq-events-new recq-primary"
            onClick={() => {
              setScene(caughtUp);
              setScroll(TOP);
            }}
            data-testid="events-new"
          >
            ↑ {fresh.toLocaleString("en")} new
          </button>
        ) : null}
        <EventList
          scene={scene}
          scroll={scroll}
          selected={selected}
          empty={
            <p class="recq-empty" data-testid="events-empty">
              {isFiltered(filter) ? (
                "No event passes this filter."
              ) : (
                <>
                  No event yet. Send a command: <code>recq.send(...)</code>
                </>
              )}
            </p>
          }
          onScroll={setScroll}
          onOpen={openRow}
          onStep={step}
        />
      </div>
      <EventTravelBar
        head={scene.head}
        place={place}
        selected={selected}
        waiting={waiting}
        onPlace={choosePlace}
        onEnd={() => {
          wanted.current = null;
          setPlace(null);
          setPast(null);
          setWaiting("");
        }}
      />
      <div class="recq-events-below">
        <section key={details?.event.number} aria-label="the event" data-testid="events-details">
          {details && selected > 0 ? (
            <EventDetailsView
              details={details}
              onOpen={(number) => openRow(number)}
              onAggregate={(aggregate) => choose({ ...EVERYTHING, aggregate })}
              onFlow={(correlation) => choose({ ...EVERYTHING, correlation })}
            />
          ) : (
            <p class="recq-empty">Click an event to see its payload, what caused it and what it led to.</p>
          )}
        </section>
        <section aria-label="the model as of this event" aria-busy={waiting !== ""}>
          {past && place !== null ? (
            <EventPast
              past={past}
              onAggregate={(aggregate) => show({ ...chosen, aggregate })}
              onTable={(table) => show({ ...chosen, table })}
            />
          ) : (
            <p class="recq-empty">
              {waiting ||
                "Move the slider: every aggregate and read model as of that event, and what the event changed."}
            </p>
          )}
        </section>
      </div>
    </div>
  );
};
