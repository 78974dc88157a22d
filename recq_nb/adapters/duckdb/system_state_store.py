"""The system state store in DuckDB: table ``recq.events``."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

import duckdb

from recq_nb.adapters.duckdb.database import DuckDbDatabase
from recq_nb.adapters.duckdb.event_table import SELECT, SELECT_BARE, EventWriter, stored_events
from recq_nb.adapters.duckdb.failures import translated, working_failure
from recq_nb.adapters.duckdb.known import LIMIT, KnownCommands, KnownVersions
from recq_nb.errors import ConcurrentAppendError, StoreError
from recq_nb.ports.system_state_store import EventRecord, History, OutcomeRecord, StoredEvent

FLUSH_ABOVE = 4_000
"""Events kept beside an in-memory database. More would make one insert cheaper, and pauses longer."""
_BY_INDEX = 2
"""Up to so many aggregates are looked up one by one, by index; more of them by one scan of the table."""


class DuckDbSystemStateStore:
    """Keeps the port's promises on one DuckDB database, which this process holds alone.

    In a file, ``append`` returns when the events are on disk. In memory, where nothing can outlive the process
    anyway, it keeps them beside the database and writes them when somebody reads: every read sees them.
    """

    def __init__(self, database: DuckDbDatabase) -> None:
        self._database = database
        self._mutex = threading.Lock()
        self._flushing = threading.Lock()
        self._pending: list[EventRecord] = []
        self._pending_outcomes: list[OutcomeRecord] = []
        self._written = 0
        self._writer: EventWriter | None = None
        self._cursor: duckdb.DuckDBPyConnection | None = None
        self.versions = KnownVersions()
        self.commands = KnownCommands()
        self._head = 0
        self.reload()

    def reload(self) -> None:
        """Learn what is in the log: after opening, and after it was emptied."""
        cursor = self._database.cursor()
        try:
            with translated(f"reading {self._database.name}"):
                self._head = self._written = _count(cursor)
                self.versions, self.commands = KnownVersions(), KnownCommands()
                if self._head > LIMIT:
                    self.versions.complete = False
                    self.commands.give_up()
                else:
                    self._learn(cursor)
        finally:
            cursor.close()

    def _learn(self, cursor: duckdb.DuckDBPyConnection) -> None:
        rows = cursor.execute(
            "SELECT aggregate_id, max(version) FROM recq.events WHERE version > 0 GROUP BY aggregate_id"
        ).fetchall()
        for aggregate_id, version in rows:
            self.versions.learn(aggregate_id, version)
        commands = cursor.execute(
            "SELECT command_id FROM recq.events UNION ALL SELECT command_id FROM recq.command_outcomes"
        ).fetchall()
        self.commands.learn(row[0] for row in commands)

    @property
    def head(self) -> int:
        """Sequence number of the newest visible event."""
        return self._head

    def is_unknown(self, aggregate_id: str) -> bool:
        """True only if the aggregate certainly has no events."""
        return self.versions.get(aggregate_id) == 0

    async def append(self, events: Sequence[EventRecord], outcomes: Sequence[OutcomeRecord] = ()) -> int:
        """See ``SystemStateStore.append``."""
        versions = {e.aggregate_id: self.versions.get(e.aggregate_id) for e in events if e.version}
        unknown = [aggregate_id for aggregate_id, version in versions.items() if version is None]
        if unknown:
            versions |= await self._database.read(lambda: self._look_up(unknown))
        _check_versions(events, versions)
        first = self._head + 1
        if self._database.durable:
            await self._database.write(lambda: self._write(first, events, outcomes))
        else:
            with self._mutex:
                self._pending.extend(events)
                self._pending_outcomes.extend(outcomes)
        for event in events:
            if event.version:
                self.versions.learn(event.aggregate_id, event.version)
        self.commands.learn(event.command_id for event in events)
        self.commands.learn(outcome.command_id for outcome in outcomes)
        self._head += len(events)
        if self._database.durable:
            self._written = self._head
        elif len(self._pending) >= FLUSH_ABOVE:
            self._database.write_soon(self.flush)
        return first

    def _look_up(self, aggregate_ids: Sequence[str]) -> dict[str, int]:
        cursor = self._database.cursor()
        try:
            with translated("looking up versions"):
                rows = cursor.execute(
                    "SELECT aggregate_id, max(version) FROM recq.events "
                    "WHERE aggregate_id IN (SELECT unnest($1)) AND version > 0 GROUP BY aggregate_id",
                    [list(aggregate_ids)],
                ).fetchall()
        finally:
            cursor.close()
        return {**dict.fromkeys(aggregate_ids, 0), **dict(rows)}

    def _write(self, first: int, events: Sequence[EventRecord], outcomes: Sequence[OutcomeRecord]) -> None:
        """One transaction, on the writer thread (file) or under the flush lock (memory)."""
        if self._writer is None or self._cursor is None:
            self._cursor = self._database.cursor()
            self._writer = EventWriter(self._cursor)
        try:
            if not outcomes:
                self._writer.insert(first, events)
                return
            self._cursor.execute("BEGIN TRANSACTION")
            if events:
                self._writer.insert(first, events)
            self._writer.insert_outcomes(outcomes)
            self._cursor.execute("COMMIT")
        except (duckdb.Error, OSError) as error:
            self._after_failure(first, len(events), error)

    def _after_failure(self, first: int, count: int, error: Exception) -> None:
        """A failed commit may still have reached the disk: what the log says is what happened."""
        cursor, self._cursor, self._writer = self._cursor, None, None
        try:
            if cursor is not None:
                cursor.close()
        except duckdb.Error:
            pass
        failure = working_failure(f"appending {count} events to {self._database.name}", error)
        try:
            cursor = self._database.cursor(certain=True)
            stored = _count(cursor)
            cursor.close()
        except (duckdb.Error, StoreError) as second:
            failure.add_note(f"and opening it again failed: {second}")
            raise failure from error
        if count and stored >= first + count - 1:
            return
        raise failure from error

    def flush(self) -> None:
        """Write what is still beside the database; from any thread. After it, plain SQL sees every event."""
        if self._database.durable:
            return
        with self._flushing:
            with self._mutex:
                events, self._pending = self._pending, []
                outcomes, self._pending_outcomes = self._pending_outcomes, []
            if not events and not outcomes:
                return
            try:
                self._write(self._written + 1, events, outcomes)
            except BaseException:
                with self._mutex:
                    self._pending[:0] = events
                    self._pending_outcomes[:0] = outcomes
                raise
            self._written += len(events)

    async def load(self, after_versions: Mapping[str, int], *, envelopes: bool = True) -> Mapping[str, History]:
        """See ``SystemStateStore.load``."""
        found = await self._database.read(lambda: self._load(after_versions, SELECT if envelopes else SELECT_BARE))
        for aggregate_id in after_versions:
            history = found[aggregate_id].events
            if history and self.versions.get(aggregate_id) is None:
                self.versions.learn(aggregate_id, history[-1].record.version)
        return found

    def _load(self, after_versions: Mapping[str, int], select: str) -> dict[str, History]:
        by_aggregate: dict[str, list[StoredEvent]] = {aggregate_id: [] for aggregate_id in after_versions}
        with self._reading("loading aggregates") as cursor:
            if len(after_versions) <= _BY_INDEX:
                for wanted in after_versions.items():
                    cursor.execute(
                        f"{select} FROM recq.events WHERE aggregate_id = $1 AND version > $2 ORDER BY version",
                        list(wanted),
                    )
                    by_aggregate[wanted[0]] = stored_events(cursor)
            else:
                cursor.execute(
                    f"{select} FROM recq.events e JOIN (SELECT unnest($1) AS wanted, unnest($2) AS after) "
                    "ON e.aggregate_id = wanted AND e.version > after ORDER BY sequence_number",
                    [list(after_versions), list(after_versions.values())],
                )
                for stored in stored_events(cursor):
                    by_aggregate[stored.record.aggregate_id].append(stored)
        return {aggregate_id: History(events) for aggregate_id, events in by_aggregate.items()}

    async def read(self, after: int, limit: int) -> Sequence[StoredEvent]:
        """See ``SystemStateStore.read``."""
        return await self._database.read(lambda: self._read(after, limit))

    def _read(self, after: int, limit: int) -> list[StoredEvent]:
        with self._reading("reading events") as cursor:
            cursor.execute(
                f"{SELECT} FROM recq.events WHERE sequence_number > $1 AND sequence_number <= $2 "
                "ORDER BY sequence_number",
                [after, after + limit],
            )
            return stored_events(cursor)

    async def find_outcomes(self, command_ids: Sequence[str]) -> Mapping[str, StoredEvent | OutcomeRecord]:
        """See ``SystemStateStore.find_outcomes``."""
        wanted = [command_id for command_id in command_ids if self.commands.may_have_outcome(command_id)]
        return await self._database.read(lambda: self._find_outcomes(wanted)) if wanted else {}

    def _find_outcomes(self, command_ids: Sequence[str]) -> dict[str, StoredEvent | OutcomeRecord]:
        with self._reading("looking for earlier outcomes") as cursor:
            cursor.execute(f"{SELECT} FROM recq.events WHERE command_id IN (SELECT unnest($1))", [list(command_ids)])
            found: dict[str, StoredEvent | OutcomeRecord] = {
                stored.record.command_id: stored for stored in stored_events(cursor)
            }
            for row in cursor.execute(
                "SELECT command_id, correlation_id, epoch_us(timestamp), rejection_code, rejection_text "
                "FROM recq.command_outcomes WHERE command_id IN (SELECT unnest($1))",
                [list(command_ids)],
            ).fetchall():
                found[row[0]] = OutcomeRecord(*row)
        return found

    def _reading(self, doing: str) -> _Reading:
        self.flush()
        return _Reading(self._database, doing)

    def close(self) -> None:
        """Write what is pending and give the connection up."""
        self.flush()
        if self._cursor is not None:
            self._cursor.close()
            self._cursor = self._writer = None


class _Reading:
    """A cursor of one's own for one read."""

    def __init__(self, database: DuckDbDatabase, doing: str) -> None:
        self._cursor = database.cursor()
        self._translated = translated(doing)

    def __enter__(self) -> duckdb.DuckDBPyConnection:
        self._translated.__enter__()
        return self._cursor

    def __exit__(self, *raised: object) -> bool | None:
        self._cursor.close()
        return self._translated.__exit__(*raised)  # type: ignore[arg-type]  # the triple of the with statement


def _check_versions(events: Sequence[EventRecord], versions: Mapping[str, int | None]) -> None:
    """Refuse a batch in which some event is not the next one of its aggregate."""
    ahead = dict(versions)
    lost: dict[str, None] = {}
    for event in events:
        if event.version:
            if event.version != (ahead[event.aggregate_id] or 0) + 1:
                lost[event.aggregate_id] = None
            ahead[event.aggregate_id] = event.version
    if lost:
        shown = ", ".join(repr(aggregate_id) for aggregate_id in lost)
        raise ConcurrentAppendError(
            f"another writer was faster on {shown}; what was decided on its earlier state is not stored.",
            remedy="Send the command again; it decides on the newest state.",
            aggregate_ids=list(lost),
        )


def _count(cursor: duckdb.DuckDBPyConnection) -> int:
    row = cursor.execute("SELECT coalesce(max(sequence_number), 0) FROM recq.events").fetchone()
    assert row is not None
    return int(row[0])
