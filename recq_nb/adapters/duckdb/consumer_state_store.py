"""The consumer state store in DuckDB: checkpoints and read models, changed in one transaction."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Mapping, Sequence

import duckdb

from recq_nb.adapters.duckdb.columns import create_statement, quoted
from recq_nb.adapters.duckdb.database import DuckDbDatabase
from recq_nb.adapters.duckdb.dead_event_queue import DuckDbDeadEvents
from recq_nb.adapters.duckdb.failures import translated
from recq_nb.adapters.duckdb.guarded_connection import GuardedConnection
from recq_nb.adapters.duckdb.read_model_table import DuckDbTable
from recq_nb.adapters.duckdb.saga_state_store import DuckDbSagaStates
from recq_nb.adapters.duckdb.scheduled_command_store import DuckDbSchedules
from recq_nb.errors import ReadModelError
from recq_nb.modeling.read_model import ReadModel, ReadModelDefinition, Table
from recq_nb.ports.consumer_state_store import ConsumerState
from recq_nb.ports.dead_event_queue import DeadEventRecord

_KEPT = "SELECT 1 FROM recq.consumers WHERE consumer_id = $1 AND checkpoint = $2 AND fingerprint = $3 AND enabled = $4"
_COMPLETED = "SELECT 1 FROM recq.completed_events WHERE consumer_id = $1 AND sequence_number = $2"
_SAVE = """
    INSERT INTO recq.consumers VALUES ($1, $2, $3, $4, $5) ON CONFLICT (consumer_id) DO UPDATE SET
    checkpoint = excluded.checkpoint, fingerprint = excluded.fingerprint, enabled = excluded.enabled,
    component = CASE WHEN excluded.component = '' THEN component ELSE excluded.component END
"""


class DuckDbConsumerTransaction:
    """One transaction on a connection of its own; see ``ConsumerTransaction``."""

    def __init__(self, database: DuckDbDatabase, component: str, flush_log: Callable[[], None]) -> None:
        self._database = database
        self._connection = connection = database.cursor()
        self._component = component
        self._flush_log = flush_log
        self._completed: list[tuple[str, int]] = []
        self._starts = False
        self._tables: dict[str, DuckDbTable] = {}
        self._tables_before: set[str] | None = None
        self._open = True
        connection.execute("BEGIN TRANSACTION")

    def table(self, definition: ReadModelDefinition) -> Table[ReadModel]:
        """See ``ConsumerTransaction.table``."""
        found = self._tables.get(definition.name)
        if found is None:
            found = self._tables[definition.name] = DuckDbTable(definition, self._connection, writable=True)
        return found

    def connection(self) -> object:
        """See ``ConsumerTransaction.connection``."""
        if self._tables_before is None:
            self._tables_before = self._main_tables()
        return GuardedConnection(
            self._connection, writable=True, before=self._flush_tables, after_write=self._forget_rows
        )

    def saga_states(self) -> DuckDbSagaStates:
        """See ``ConsumerTransaction.saga_states``."""
        return DuckDbSagaStates(self._connection)

    def dead_events(self) -> DuckDbDeadEvents:
        """See ``ConsumerTransaction.dead_events``."""
        return DuckDbDeadEvents(self._connection)

    def scheduled_commands(self) -> DuckDbSchedules:
        """See ``ConsumerTransaction.scheduled_commands``."""
        return DuckDbSchedules(self._connection)

    def complete(self, consumer_id: str, sequence_number: int) -> None:
        """See ``ConsumerTransaction.complete``."""
        with translated(f"noting an event that {self._component} has handled"):
            self._connection.execute(
                "INSERT OR IGNORE INTO recq.completed_events VALUES ($1, $2)", [consumer_id, sequence_number]
            )
        self._completed.append((consumer_id, sequence_number))

    def reset(self, definitions: Sequence[ReadModelDefinition], consumer_ids: Collection[str] = ()) -> None:
        """See ``ConsumerTransaction.reset``."""
        self._starts = True
        owned = self._owned()
        for table_name in owned:
            self._connection.execute(f"DROP TABLE IF EXISTS main.{quoted(table_name)}")
        self._connection.execute("DELETE FROM recq.read_models WHERE component = $1", [self._component])
        for table in ("dead_events", "completed_events"):
            self._connection.execute(
                f"DELETE FROM recq.{table} WHERE consumer_id IN (SELECT unnest($1))", [list(consumer_ids)]
            )
        self._make(definitions, existing=self._main_tables())

    def prepare(self, definitions: Sequence[ReadModelDefinition]) -> None:
        """See ``ConsumerTransaction.prepare``."""
        self._starts = True
        owned = self._owned()
        missing = [definition for definition in definitions if definition.table_name not in owned]
        self._make(missing, existing=self._main_tables())

    def _owned(self) -> set[str]:
        rows = self._connection.execute(
            "SELECT table_name FROM recq.read_models WHERE component = $1", [self._component]
        ).fetchall()
        return {row[0] for row in rows}

    def _make(self, definitions: Sequence[ReadModelDefinition], existing: set[str]) -> None:
        for definition in definitions:
            if definition.table_name in existing:
                self._take_over(definition)
            self._connection.execute(create_statement(definition))
            self._claim(definition.table_name)

    def _take_over(self, definition: ReadModelDefinition) -> None:
        """A projector that is gone leaves its table behind; a table nobody projected is the user's own."""
        row = self._connection.execute(
            "SELECT component FROM recq.read_models WHERE table_name = $1", [definition.table_name]
        ).fetchone()
        if row is None:
            raise ReadModelError(
                f"{self._component} would keep {definition.name} in the table {definition.table_name}, which exists "
                "and was not made by a projector.",
                remedy=f"Rename the row class {definition.name}, or drop the table: "
                f'recq.sql("drop table {definition.table_name}", write=True).',
            )
        self._connection.execute(f"DROP TABLE main.{quoted(definition.table_name)}")
        self._connection.execute("DELETE FROM recq.read_models WHERE table_name = $1", [definition.table_name])

    def _claim(self, table_name: str) -> None:
        self._connection.execute(
            "INSERT OR REPLACE INTO recq.read_models VALUES ($1, $2)", [table_name, self._component]
        )

    def _main_tables(self) -> set[str]:
        rows = self._connection.execute(
            "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'main' AND NOT temporary "
            "AND database_name = current_database()"
        ).fetchall()
        return {row[0] for row in rows}

    def _flush_tables(self) -> None:
        self._flush_log()
        for table in self._tables.values():
            table.flush()

    def _forget_rows(self) -> None:
        for table in self._tables.values():
            table.forget()

    def flush(self) -> None:
        """See ``ConsumerTransaction.flush``."""
        with translated(f"writing what {self._component} changed"):
            for table in self._tables.values():
                table.flush()
            self._connection.execute("SELECT 1").fetchall()  # fails where a handler has hidden that its SQL failed

    def commit(self, *states: ConsumerState) -> None:
        """See ``ConsumerTransaction.commit``."""
        with translated(f"committing what {self._component} wrote"):
            for table in self._tables.values():
                table.flush()
            if self._tables_before is not None:
                for table_name in sorted(self._main_tables() - self._tables_before):
                    self._claim(table_name)
            for state in states:
                self._connection.execute(_SAVE, _values(state))
            try:
                self._connection.execute("COMMIT")
            except (duckdb.Error, OSError):
                if not self._was_kept(states):
                    raise
        self._open = False
        self._connection.close()

    def _was_kept(self, states: Sequence[ConsumerState]) -> bool:
        """Whether a commit that failed has reached the disk: then its events must not be handled again.

        What starts a consumer may be done again, and its checkpoint may have been there before: it tells nothing.
        """
        if self._starts or not (states or self._completed):
            return False
        cursor = self._database.cursor(certain=True)
        try:
            found = [cursor.execute(_KEPT, _values(state)[:4]).fetchone() for state in states]
            found += [cursor.execute(_COMPLETED, event).fetchone() for event in self._completed]
        finally:
            cursor.close()
        return None not in found

    def rollback(self) -> None:
        """See ``ConsumerTransaction.rollback``."""
        if not self._open:
            return
        self._open = False
        with contextlib.suppress(duckdb.Error):  # DuckDB may have rolled back by itself
            self._connection.execute("ROLLBACK")
        self._connection.close()


class DuckDbReader:
    """A read-only transaction: one consistent picture, whatever is committed meanwhile."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, flush_log: Callable[[], None]) -> None:
        self._connection = connection
        self._flush_log = flush_log
        connection.execute("BEGIN TRANSACTION READ ONLY")

    def table(self, definition: ReadModelDefinition) -> Table[ReadModel]:
        """See ``ReadModelReader.table``."""
        return DuckDbTable(definition, self._connection, writable=False)

    def connection(self) -> object:
        """See ``ReadModelReader.connection``."""
        return GuardedConnection(self._connection, writable=False, before=_nothing, after_write=_nothing)

    def close(self) -> None:
        """See ``ReadModelReader.close``."""
        self._connection.close()


def _values(state: ConsumerState) -> list[object]:
    return [state.consumer_id, state.checkpoint, state.fingerprint, state.enabled, state.component]


def _nothing() -> None:
    """A read-only picture has nothing to flush or forget."""


class DuckDbConsumerStateStore:
    """Keeps checkpoints in ``recq.consumers`` and read models in schema ``main``.

    Args:
        database: Where.
        flush_log: Makes every published event visible to SQL.
    """

    def __init__(self, database: DuckDbDatabase, flush_log: Callable[[], None]) -> None:
        self._database = database
        self._flush_log = flush_log

    async def load_states(self) -> Mapping[str, ConsumerState]:
        """See ``ConsumerStateStore.load_states``."""
        return await self._database.read(self._load_states)

    def _load_states(self) -> dict[str, ConsumerState]:
        cursor = self._database.cursor()
        try:
            with translated("reading checkpoints"):
                rows = cursor.execute(
                    "SELECT consumer_id, checkpoint, fingerprint, enabled, component FROM recq.consumers"
                ).fetchall()
        finally:
            cursor.close()
        return {row[0]: ConsumerState(*row) for row in rows}

    async def save_state(self, state: ConsumerState) -> None:
        """See ``ConsumerStateStore.save_state``."""
        await self._database.read(lambda: self._save_state(state))

    def _save_state(self, state: ConsumerState) -> None:
        self._execute(_SAVE, _values(state))
        self._execute(
            "DELETE FROM recq.completed_events WHERE consumer_id = $1 AND sequence_number <= $2",
            [state.consumer_id, state.checkpoint],
        )

    async def load_completed(self, consumer_id: str) -> frozenset[int]:
        """See ``ConsumerStateStore.load_completed``."""
        sql = "SELECT sequence_number FROM recq.completed_events WHERE consumer_id = $1"
        rows = await self._database.read(lambda: self._select(sql, [consumer_id]))
        return frozenset(int(str(row[0])) for row in rows)

    async def dead_events(self, consumer_id: str) -> Sequence[DeadEventRecord]:
        """See ``ConsumerStateStore.dead_events``."""
        columns = ", ".join("epoch_us(dead_at)" if name == "dead_at" else name for name in DeadEventRecord._fields)
        sql = f"SELECT {columns} FROM recq.dead_events WHERE consumer_id = $1 ORDER BY sequence_number"
        rows = await self._database.read(lambda: self._select(sql, [consumer_id]))
        return [DeadEventRecord(*row) for row in rows]  # type: ignore[arg-type]  # typed by the table

    def _select(self, sql: str, parameters: list[object]) -> list[tuple[object, ...]]:
        cursor = self._database.cursor()
        try:
            with translated("reading what consumers have done"):
                rows: list[tuple[object, ...]] = cursor.execute(sql, parameters).fetchall()
        finally:
            cursor.close()
        return rows

    async def forget(self, consumer_ids: Sequence[str]) -> None:
        """See ``ConsumerStateStore.forget``."""
        sql = "DELETE FROM recq.consumers WHERE consumer_id IN (SELECT unnest($1))"
        await self._database.read(lambda: self._execute(sql, [list(consumer_ids)]))

    def _execute(self, sql: str, parameters: list[object]) -> None:
        cursor = self._database.cursor()
        try:
            with translated("saving checkpoints"):
                cursor.execute(sql, parameters)
        finally:
            cursor.close()

    def begin(self, component: str) -> DuckDbConsumerTransaction:
        """See ``ConsumerStateStore.begin``."""
        with translated(f"starting a transaction for {component}"):
            return DuckDbConsumerTransaction(self._database, component, self._flush_log)

    def reader(self) -> DuckDbReader:
        """See ``ConsumerStateStore.reader``."""
        with translated("opening a read-only picture"):
            self._flush_log()
            return DuckDbReader(self._database.cursor(), self._flush_log)
