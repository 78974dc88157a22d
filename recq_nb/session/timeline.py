"""A timeline: one model's replay of the log with waypoints, so that any place in it is near."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from recq_nb.errors import StaleReadError, StoreError
from recq_nb.flow.field_change import FieldChange
from recq_nb.modeling.bundle import Bundle
from recq_nb.ports.system_state_store import StoredEvent
from recq_nb.runtime.projector_replay import KnownFailures
from recq_nb.session.past import Past, aggregate_changes, table_changes
from recq_nb.session.shadow import Shadow, Waypoint

ReadLog = Callable[[int, int], Sequence[StoredEvent]]
CHUNK = 100
"""Events replayed at once."""
APART_SECONDS = 0.04
"""Replay time between two waypoints: what a visit costs at most, beside putting the waypoint back."""
AHEAD = 20_000
"""Events beyond the one asked for that are replayed as well, for whoever goes on from there."""
BUDGET_BYTES = 128 * 1024 * 1024
_KEPT_PASTS = 8
_IDLE_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Preparation:
    """How far the replay is.

    Attributes:
        position: The last event replayed.
        head: The newest event of the log.
        seconds: What replaying has taken so far.
        waypoints: How many copies are kept.
        waypoint_bytes: What they take, about.
        error: What stopped it; ``""`` otherwise.
    """

    position: int
    head: int
    seconds: float
    waypoints: int
    waypoint_bytes: int
    error: str = ""


class Timeline:
    """Replays the log on a thread of its own, and visits places in it on the caller's.

    It closes by itself once nobody has asked for anything for ten minutes.

    Args:
        bundle: What ``replayed_part`` gave.
        read: The events after a sequence number, at most so many.
        head: The newest event.
    """

    def __init__(self, bundle: Bundle, read: ReadLog, head: Callable[[], int]) -> None:
        self._bundle = bundle
        self._read = read
        self._head = head
        self._failures = KnownFailures()
        self._waypoints: list[Waypoint] = []
        self._latest: Waypoint | None = None
        self._copies = True
        self._changed = threading.Condition()
        self._wanted = 0
        self._position = 0
        self._seconds = self._since_waypoint = self._waypoint_seconds = 0.0
        self._error: BaseException | None = None
        self._closed = False
        self._callers = 0
        self._visiting = threading.Lock()
        self._visitor: Shadow | None = None
        self._pasts: OrderedDict[int, Past] = OrderedDict()
        self._thread = threading.Thread(target=self._run, name="recq-time-travel", daemon=True)
        self._thread.start()

    @property
    def ended(self) -> bool:
        """Whether it is of no more use: closed, or its replay has failed."""
        return self._closed or self._error is not None

    # -- preparing, on its own thread ------------------------------------------------------------------------------

    def prepare(self) -> None:
        """Replay what there is of the log now, in the background."""
        with self._changed:
            self._wanted = max(self._wanted, self._head())
            self._changed.notify_all()

    @property
    def preparation(self) -> Preparation:
        """How far the replay is."""
        with self._changed:
            kept = list(self._waypoints)
            error = self._error
            shown = "" if error is None else f"{type(error).__name__}: {error}"
            return Preparation(self._position, self._head(), self._seconds, len(kept), _size(kept), shown)

    def _run(self) -> None:
        frontier: Shadow | None = None
        try:
            frontier = Shadow(self._bundle, self._failures)
            self._waypoints.append(frontier.empty)
            self._latest = frontier.empty
            while self._is_wanted(frontier):
                self._extend(frontier)
        except Exception as error:  # noqa: BLE001  border: a thread of its own; whoever asks is told
            with self._changed:
                self._error = error
                self._changed.notify_all()
        finally:
            if frontier is not None:
                frontier.close()

    def _is_wanted(self, frontier: Shadow) -> bool:
        with self._changed:
            while not self._changed.wait_for(
                lambda: self._closed or self._wanted > frontier.position, timeout=_IDLE_SECONDS
            ):
                if not self._callers:
                    self._closed = True
                    threading.Thread(target=self.close, name="recq-time-travel-end", daemon=True).start()
            return not self._closed

    def _extend(self, frontier: Shadow) -> None:
        started = time.perf_counter()
        events = self._read(frontier.position, CHUNK)
        if not events:  # the log was emptied
            raise StaleReadError("the log was emptied meanwhile.", remedy="Ask again.")
        frontier.advance(events)
        self._seconds += time.perf_counter() - started
        self._since_waypoint += time.perf_counter() - started
        if self._copies and self._since_waypoint >= max(APART_SECONDS, 2 * self._waypoint_seconds):
            started = time.perf_counter()
            latest = frontier.waypoint(self._latest)
            self._waypoint_seconds = time.perf_counter() - started
            self._seconds += self._waypoint_seconds
            self._since_waypoint = 0.0
            if latest is None:
                self._copies = False
            else:
                self._latest = latest
                with self._changed:
                    self._waypoints = _thinned([*self._waypoints, latest])
        with self._changed:
            self._position = frontier.position
            self._changed.notify_all()

    # -- visiting, on any thread -----------------------------------------------------------------------------------

    def visit(self, sequence_number: int, timeout: float) -> Past:
        """Everything as of an event.

        Raises:
            StaleReadError: The replay has not come that far within ``timeout`` seconds; it goes on.
        """
        started = time.perf_counter()
        with self._changed:
            self._callers += 1
        try:
            self._await(sequence_number, timeout)
            with self._visiting:
                self._must_be_open()
                known = self._pasts.get(sequence_number)
                if known is None:
                    known = self._pasts[sequence_number] = self._look_from_anywhere(sequence_number, started)
                    if len(self._pasts) > _KEPT_PASTS:
                        self._pasts.popitem(last=False)
            return known
        finally:
            with self._changed:
                self._callers -= 1

    def _look_from_anywhere(self, sequence_number: int, started: float) -> Past:
        if self._visitor is None:
            self._visitor = Shadow(self._bundle, self._failures)
        try:
            return self._look(self._visitor, sequence_number, started)
        except StoreError:  # tables that no waypoint can bring back: replay them from the beginning
            self._copies = False
            self._waypoints = []
            self._visitor.close()
            self._visitor = Shadow(self._bundle, self._failures)
            return self._look(self._visitor, sequence_number, started)

    def _must_be_open(self) -> None:
        if self._closed:
            raise StaleReadError("the model was changed, or the session closed, meanwhile.", remedy="Ask again.")

    def _await(self, sequence_number: int, timeout: float) -> None:
        with self._changed:
            self._wanted = max(self._wanted, min(self._head(), sequence_number + AHEAD))
            self._changed.notify_all()
            arrived = self._changed.wait_for(
                lambda: self._closed or self._error is not None or self._position >= sequence_number, timeout=timeout
            )
            if self._error is not None:
                raise self._error
            self._must_be_open()
            if not arrived:
                raise StaleReadError(
                    f"time travel has replayed {self._position} of {sequence_number} events within {timeout:g} s.",
                    remedy="It goes on in the background: ask again, or pass a longer timeout.",
                )

    def _look(self, visitor: Shadow, sequence_number: int, started: float) -> Past:
        before = max(sequence_number - 1, 0)
        with self._changed:
            near = [one for one in self._waypoints if one.sequence_number <= before]
        base = near[-1].sequence_number if near else 0
        if near and not base <= visitor.position <= before:
            visitor.return_to(near[-1])
        elif visitor.position > before:
            visitor.close()
            visitor = self._visitor = Shadow(self._bundle, self._failures)
        self._go(visitor, before)
        tables, states = visitor.read_models(), visitor.aggregates()
        if sequence_number == 0:
            return Past(0, None, (), (), tables, states, {}, time.perf_counter() - started)
        (event,) = self._read(before, 1)
        visitor.advance([event])
        tables_after, states_after = visitor.read_models(), visitor.aggregates()
        changes: list[FieldChange] = []
        fresh: dict[str, list[int]] = {}
        if event.record.version:
            aggregate_id = event.record.aggregate_id
            changes += aggregate_changes(aggregate_id, states.get(aggregate_id), states_after.get(aggregate_id))
        for name in sorted(tables.keys() | tables_after.keys()):
            then, now = tables.get(name), tables_after.get(name)
            shown = now if now is not None else then
            rows = visitor.differences(then, now)
            changes += table_changes(name, rows, shown.json_columns if shown else frozenset())
            fresh[name] = now.places_of(rows) if now is not None else []
        failures = tuple(self._failures.until(sequence_number))
        took = time.perf_counter() - started
        return Past(sequence_number, event, tuple(changes), failures, tables_after, states_after, fresh, took)

    def _go(self, visitor: Shadow, sequence_number: int) -> None:
        while visitor.position < sequence_number:
            visitor.advance(self._read(visitor.position, min(CHUNK, sequence_number - visitor.position)))

    def close(self) -> None:
        """Stop, and give everything up. Whoever waits is told to ask again."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if threading.current_thread() is not self._thread:
            self._thread.join()
        with self._visiting:
            if self._visitor is not None:
                self._visitor.close()
                self._visitor = None
            self._pasts.clear()
            self._waypoints = []


def _size(waypoints: Sequence[Waypoint]) -> int:
    """About how many bytes waypoints take; what they share counts once."""
    tables = {id(copy): copy.rows.nbytes for one in waypoints for copy in one.read_models.tables.values()}
    states = {id(state): len(state.state) + 200 for one in waypoints[-1:] for state in one.aggregates.values()}
    places = sum(100 * len(one.aggregates) for one in waypoints)
    return sum(tables.values()) + sum(states.values()) + places


def _thinned(waypoints: list[Waypoint]) -> list[Waypoint]:
    """Every other waypoint but the first, while they take more than their budget."""
    while len(waypoints) > 1 and _size(waypoints) > BUDGET_BYTES:
        waypoints = [waypoints[0], *waypoints[2::2]]
    return waypoints
