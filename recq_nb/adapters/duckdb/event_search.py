"""Pages of the log: any stretch of it, newest first, under a filter, at a cost that does not grow with its length."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import TypeVar

import duckdb

from recq_nb.adapters.duckdb.database import DuckDbDatabase
from recq_nb.adapters.duckdb.event_table import SELECT, stored_events
from recq_nb.adapters.duckdb.failures import translated
from recq_nb.ports.event_search import EventFilter
from recq_nb.ports.system_state_store import StoredEvent

T = TypeVar("T")


class DuckDbEventIndex:
    """The events that pass a filter, by rank: 0 is the oldest, so that ranks stay as the log grows.

    Attributes:
        filter: Which.
        head: The newest event of the log that was looked at.
    """

    __slots__ = ("_numbers", "filter", "head")

    def __init__(self, chosen: EventFilter) -> None:
        self.filter = chosen
        self.head = 0
        self._numbers: array[int] = array("q")

    def __len__(self) -> int:
        return self.head if self.filter.is_empty else len(self._numbers)

    def numbers(self, first: int, count: int) -> Sequence[int]:
        """Sequence numbers from a rank on, at most ``count``. Without a filter, sequence numbers have no gaps."""
        first, last = max(first, 0), min(first + count, len(self))
        return range(first + 1, last + 1) if self.filter.is_empty else self._numbers[first:last]

    def rank_of(self, sequence_number: int) -> int:
        """The rank of an event, or of the next one that passes."""
        if self.filter.is_empty:
            return min(max(sequence_number - 1, 0), self.head)
        return bisect_left(self._numbers, sequence_number)

    def grow(self, numbers: Sequence[int], head: int) -> None:
        """Take in what came after ``head``."""
        self._numbers.extend(numbers)
        self.head = head


class DuckDbEventSearch:
    """Reads ``recq.events``; see ``EventSearch``.

    Args:
        database: Where.
        flush_log: Makes every published event visible to SQL.
    """

    def __init__(self, database: DuckDbDatabase, flush_log: Callable[[], None]) -> None:
        self._database = database
        self._flush_log = flush_log

    def _found(
        self, doing: str, sql: str, parameters: Sequence[object], fetched: Callable[[duckdb.DuckDBPyConnection], T]
    ) -> T:
        self._flush_log()
        cursor = self._database.cursor()
        try:
            with translated(doing):
                return fetched(cursor.execute(sql, list(parameters)))
        finally:
            cursor.close()

    def _rows(self, doing: str, sql: str, parameters: Sequence[object]) -> list[tuple[object, ...]]:
        return self._found(doing, sql, parameters, duckdb.DuckDBPyConnection.fetchall)

    def _events(self, sql: str, parameters: Sequence[object]) -> list[StoredEvent]:
        return self._found("reading events", sql, parameters, stored_events)

    def after(self, sequence_number: int, limit: int) -> list[StoredEvent]:
        """The next events of the log, oldest first."""
        return self._between(sequence_number + 1, sequence_number + limit)

    def _between(self, first: int, last: int) -> list[StoredEvent]:
        sql = f"{SELECT} FROM recq.events WHERE sequence_number BETWEEN $1 AND $2 ORDER BY sequence_number"
        return self._events(sql, [first, last])

    def index(self, chosen: EventFilter) -> DuckDbEventIndex:
        """Look for the events that pass a filter; one look at the log."""
        index = DuckDbEventIndex(chosen)
        self.extend(index)
        return index

    def extend(self, index: DuckDbEventIndex) -> int:
        """Look at what the log has got since; returns how many of it pass."""
        before = len(index)
        ((head,),) = self._rows("counting events", "SELECT coalesce(max(sequence_number), 0) FROM recq.events", [])
        newest = int(str(head))
        if newest == index.head:
            return 0
        numbers: list[int] = []
        if not index.filter.is_empty:
            condition, values = self._condition(index.filter)
            rows = self._rows(
                "looking for events",
                f"SELECT sequence_number FROM recq.events WHERE sequence_number > $1 AND sequence_number <= $2"
                f"{condition} ORDER BY sequence_number",
                [index.head, newest, *values],
            )
            numbers = [int(str(number)) for (number,) in rows]
        index.grow(numbers, newest)
        return len(index) - before

    def page(self, index: DuckDbEventIndex, first: int, count: int) -> list[StoredEvent]:
        """The events of these ranks, oldest first."""
        numbers = index.numbers(first, count)
        if not numbers:
            return []
        if index.filter.is_empty:
            return self._between(numbers[0], numbers[-1])
        sql = (
            f"{SELECT} FROM recq.events WHERE sequence_number BETWEEN $1 AND $2 "
            "AND sequence_number IN (SELECT unnest($3)) ORDER BY sequence_number"
        )
        return self._events(sql, [numbers[0], numbers[-1], list(numbers)])

    def _condition(self, chosen: EventFilter) -> tuple[str, list[object]]:
        """SQL with places from ``$3`` on, and the values for them."""
        parts: list[tuple[str, object]] = []
        if chosen.names:
            parts.append(("event_name IN (SELECT unnest({}))", list(chosen.names)))
        if chosen.aggregate:
            is_exact = self._rows(
                "looking for an aggregate",
                "SELECT 1 FROM recq.events WHERE aggregate_id = $1 LIMIT 1",
                [chosen.aggregate],
            )
            parts.append(
                ("aggregate_id = {}" if is_exact else "contains(lower(aggregate_id), lower({}))", chosen.aggregate)
            )
        if chosen.context:
            parts.append(("context = {}", chosen.context))
        if chosen.since is not None:
            parts.append(("timestamp >= {}", chosen.since))
        if chosen.until is not None:
            parts.append(("timestamp < {}", chosen.until))
        if chosen.text:
            parts.append(("contains(lower(payload), lower({}))", chosen.text))
        if chosen.correlation_id:
            parts.append(("correlation_id = {}", chosen.correlation_id))
        condition = "".join(f" AND {part.format(f'${place}')}" for place, (part, _) in enumerate(parts, 3))
        return condition, [value for _, value in parts]

    def facets(self) -> tuple[list[tuple[str, int]], list[tuple[str, int]]]:
        """Event names and contexts with how many events each has, by name."""
        names, contexts = (
            [
                (str(value), int(str(count)))
                for value, count in self._rows(
                    "counting events", f"SELECT {column}, count(*) FROM recq.events GROUP BY 1 ORDER BY 1", []
                )
            ]
            for column in ("event_name", "context")
        )
        return names, contexts
