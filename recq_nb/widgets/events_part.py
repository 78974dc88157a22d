"""The events part: the event store by filter and rank, events in full, and the model as of any of them."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from html import escape
from typing import cast

from recq_nb.errors import RecqError, SessionClosedError, StaleReadError
from recq_nb.flow.event_causes import related_events
from recq_nb.ports.event_search import EventFilter, EventIndex, EventSearch
from recq_nb.ports.system_state_store import StoredEvent
from recq_nb.widgets.errand import problem_of
from recq_nb.widgets.events_body import details_of, kind_of, past_body, row_of
from recq_nb.widgets.events_host import EventsHost
from recq_nb.widgets.part import Answer, Picture
from recq_nb.widgets.protocol.envelope import Body
from recq_nb.widgets.protocol.events import Counted

MOST_ON_A_PAGE = 500
MOST_OF_A_FLOW = 2_000
REMEMBERED_QUERIES = 8
MOST_WAITING = 64
"""Questions of all pages that may wait for an answer."""
STILL = 20
"""Events in the static twin."""
A_FEW = 100
"""Events that are told at once; more than that since the last time are told once a second."""
FLOOD_SECONDS = 1.0
PATIENCE_SECONDS = 0.4
"""A page that waits for the replay is told this often how far it is."""


def part_for(session: object) -> EventsPart:
    """The part for a session."""
    return EventsPart(cast("EventsHost", session))


class EventsPart:
    """Reads the log on threads of its own, so that neither the engine nor other clicks wait for it."""

    name = "events"
    rest_seconds = 0.0

    def __init__(self, host: EventsHost) -> None:
        self._host = host
        self._told = 0
        self._told_at = 0.0
        self._queries: OrderedDict[int, EventIndex] = OrderedDict()
        self._numbers: dict[EventFilter, int] = {}
        self._asked = 0
        self._changing = threading.Lock()
        self._looking_back = 0
        self._waiting = threading.BoundedSemaphore(MOST_WAITING)
        self._last_picture: Picture | None = None
        self._reading = ThreadPoolExecutor(1, thread_name_prefix="recq-events")
        self._travelling = ThreadPoolExecutor(1, thread_name_prefix="recq-events-past")

    # -- frames --------------------------------------------------------------------------------------------------

    def snapshot(self) -> Body:
        """See ``Part.snapshot``."""
        names, contexts = self._host.event_search().facets()
        bundle = self._host.bundle
        head = self._host.head
        self._told = self._told or head
        shown_names: list[Counted] = [
            {"value": name, "kind": kind_of(bundle, name), "count": count} for name, count in names
        ]
        shown_contexts: list[Counted] = [{"value": name, "kind": "", "count": count} for name, count in contexts]
        return {"kind": "events", "head": head, "names": shown_names, "contexts": shown_contexts}

    def delta(self) -> Body | None:
        """See ``Part.delta``. Only how far the log is: a page asks for the rows it shows."""
        head, now = self._host.head, time.monotonic()
        if head == self._told or (head - self._told > A_FEW and now - self._told_at < FLOOD_SECONDS):
            return None
        self._told, self._told_at = head, now
        return {"kind": "grown", "head": head}

    # -- intents -------------------------------------------------------------------------------------------------

    def receive(self, intent: Body, answer: Answer) -> None:
        """See ``Part.receive``."""
        match intent:
            case {"kind": "find", "filter": dict(given)}:
                chosen = _filter_of(given)
                self._soon(self._reading, answer, lambda: self._find(chosen))
            case {"kind": "page", "query": int(query), "first": int(first), "count": int(count)}:
                self._soon(self._reading, answer, lambda: self._page(query, first, min(count, MOST_ON_A_PAGE)))
            case {"kind": "event", "number": int(number), "query": int(query)}:
                self._soon(self._reading, answer, lambda: self._event(number, query))
            case {"kind": "facets"}:
                self._soon(self._reading, answer, self.snapshot)
            case {"kind": "as_of", "number": int(number), "aggregate": str(aggregate), "table": str(table)}:
                with self._changing:
                    self._looking_back += 1
                    turn = self._looking_back
                self._soon(self._travelling, answer, lambda: self._as_of(turn, number, aggregate, table))
            case _:
                raise RecqError(f"the events widget knows no intent {intent.get('kind')!r} of this shape.")

    def _soon(self, threads: ThreadPoolExecutor, answer: Answer, make: Callable[[], Body]) -> None:
        def work() -> None:
            try:
                body = make()
            except Exception as error:  # noqa: BLE001  border: the Intent receiver; shown in the widget
                body = problem_of(error)
            finally:
                self._waiting.release()
            answer(body)

        if not self._waiting.acquire(blocking=False):
            raise RecqError(f"{MOST_WAITING} questions to the log still wait.", remedy="Ask again in a moment.")
        try:
            threads.submit(work)
        except RuntimeError:
            self._waiting.release()
            raise RecqError("this widget is closed.", remedy="Run recq.events() again.") from None

    def _search(self) -> EventSearch:
        return self._host.event_search()

    def _find(self, chosen: EventFilter) -> Body:
        started = time.perf_counter()
        search = self._search()
        query = self._numbers.get(chosen, 0)
        index = self._queries.get(query)
        if index is None or index.head > self._host.head:  # the log was emptied
            index = search.index(chosen)
            self._asked += 1
            query = self._numbers[chosen] = self._asked
            self._queries[query] = index
        else:
            search.extend(index)
        self._queries.move_to_end(query)
        while len(self._queries) > REMEMBERED_QUERIES:
            forgotten, _ = self._queries.popitem(last=False)
            self._numbers = {one: number for one, number in self._numbers.items() if number != forgotten}
        took = (time.perf_counter() - started) * 1e3
        return {"kind": "found", "query": query, "total": len(index), "head": index.head, "took": took}

    def _index(self, query: int) -> EventIndex:
        index = self._queries.get(query)
        if index is None:
            raise RecqError("this filter was forgotten.", remedy="Filter again.")
        return index

    def _page(self, query: int, first: int, count: int) -> Body:
        started = time.perf_counter()
        bundle = self._host.bundle
        events = [row_of(stored, bundle) for stored in self._search().page(self._index(query), first, count)]
        took = (time.perf_counter() - started) * 1e3
        return {"kind": "page", "query": query, "first": first, "events": events, "took": took}

    def _stored(self, number: int) -> StoredEvent:
        found = self._search().after(number - 1, 1) if number > 0 else []
        if not found:
            raise RecqError(f"there is no event {number}.", remedy=f"The log goes from 1 to {self._host.head}.")
        return found[0]

    def _event(self, number: int, query: int) -> Body:
        stored = self._stored(number)
        search = self._search()
        correlation_id = stored.record.correlation_id
        index = search.index(EventFilter(correlation_id=correlation_id))
        first = max(min(index.rank_of(number) - MOST_OF_A_FLOW // 2, len(index) - MOST_OF_A_FLOW), 0)
        flow = search.page(index, first, MOST_OF_A_FLOW)
        related = related_events(number, flow, self._host.recorder.flow(correlation_id))
        rank = self._index(query).rank_of(number)
        return cast("Body", details_of(stored, rank, related, self._host.bundle))

    def _as_of(self, turn: int, number: int, aggregate: str, table: str) -> Body:
        if turn != self._looking_back:
            return {"kind": "superseded"}
        try:
            past = self._host.as_of(number, timeout=PATIENCE_SECONDS)
        except StaleReadError:
            position = self._host.time_travel_progress().position
            return {"kind": "preparing", "position": position, "head": self._host.head}
        return cast("Body", past_body(number, past, aggregate, table))

    # -- the static twin -----------------------------------------------------------------------------------------

    def picture(self) -> Picture:
        """See ``Part.picture``; of a closed session the last one."""
        try:
            self._last_picture = self._picture()
        except SessionClosedError:
            if self._last_picture is None:
                raise
        return self._last_picture

    def _picture(self) -> Picture:
        head = self._host.head
        newest = [row_of(one, self._host.bundle) for one in self._search().after(max(head - STILL, 0), STILL)][::-1]
        if not newest:
            text = "No event yet. Send a command: recq.send(...)"
            return Picture(f"<p>{escape(text)}</p>", text)
        fields = ("number", "at", "name", "aggregate", "context", "brief")
        heads = "".join(f"<th>{one}</th>" for one in ("event", "time (UTC)", "name", "aggregate", "context", "payload"))
        lines = []
        for row in newest:
            values = cast("dict[str, object]", row)
            lines.append("".join(f"<td>{escape(str(values[one]))}</td>" for one in fields))
        body = "".join(f"<tr>{line}</tr>" for line in lines)
        title = f"The newest {len(newest)} of {head:,} events"
        html = f"<table><caption>{title}</caption><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"
        shown = [f"{row['number']:>8}  {row['at'][:19]}  {row['name']}  {row['aggregate']}" for row in newest]
        return Picture(html, "\n".join([title, *shown]))

    def close(self) -> None:
        """See ``Part.close``."""
        self._reading.shutdown(wait=False, cancel_futures=True)
        self._travelling.shutdown(wait=False, cancel_futures=True)


def _filter_of(given: dict[str, object]) -> EventFilter:
    """A page's filter.

    Raises:
        RecqError: A time is none.
    """
    text = {name: value for name, value in given.items() if isinstance(value, str)}
    name = text.get("name", "")
    return EventFilter(
        (name,) if name else (),
        text.get("aggregate", ""),
        text.get("context", ""),
        _moment(text.get("since", "")),
        _moment(text.get("until", "")),
        text.get("text", ""),
        text.get("correlation", ""),
    )


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise RecqError(f"{text!r} is no time.", remedy="Write it as 2026-01-31T12:00.") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
