"""The scheduled command store in DuckDB: table ``recq.scheduled_commands``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import duckdb

from recq_nb.adapters.duckdb.database import DuckDbDatabase
from recq_nb.adapters.duckdb.failures import translated
from recq_nb.ports.scheduled_command_store import ScheduledCommandRecord

T = TypeVar("T")
_COLUMNS = ", ".join("epoch_us(due_at)" if name == "due_at" else name for name in ScheduledCommandRecord._fields)


class DuckDbSchedules:
    """Changes schedules inside one consumer transaction."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def add(self, record: ScheduledCommandRecord) -> None:
        """See ``ScheduledCommandTransaction.add``."""
        with translated(f"scheduling {record.command_name}"):
            self._connection.execute(
                "INSERT OR REPLACE INTO recq.scheduled_commands "
                "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, make_timestamptz($9), $10, $11, $12)",
                list(record),
            )

    def cancel(self, schedule_id: str) -> None:
        """See ``ScheduledCommandTransaction.cancel``."""
        with translated("taking a scheduled command back"):
            self._connection.execute("DELETE FROM recq.scheduled_commands WHERE schedule_id = $1", [schedule_id])

    def cancel_all(self, saga_id: str) -> None:
        """See ``ScheduledCommandTransaction.cancel_all``."""
        with translated("taking scheduled commands back"):
            self._connection.execute("DELETE FROM recq.scheduled_commands WHERE saga_id = $1", [saga_id])


class DuckDbScheduledCommandStore:
    """What the scheduler reads and clears."""

    def __init__(self, database: DuckDbDatabase) -> None:
        self._database = database

    async def due(self, now: int) -> Sequence[ScheduledCommandRecord]:
        """See ``ScheduledCommandStore.due``."""
        rows = await self._run(
            f"SELECT {_COLUMNS} FROM recq.scheduled_commands WHERE NOT given_up AND due_at <= make_timestamptz($1) "
            "ORDER BY due_at, schedule_id",
            [now],
        )
        return [ScheduledCommandRecord(*row) for row in rows]  # type: ignore[arg-type]  # typed by the table

    async def next_due(self, after: int) -> int | None:
        """See ``ScheduledCommandStore.next_due``."""
        ((moment,),) = await self._run(
            "SELECT epoch_us(min(due_at)) FROM recq.scheduled_commands "
            "WHERE NOT given_up AND due_at > make_timestamptz($1)",
            [after],
        )
        return None if moment is None else int(str(moment))

    async def is_scheduled(self, schedule_id: str) -> bool:
        """See ``ScheduledCommandStore.is_scheduled``."""
        return bool(await self._run("SELECT 1 FROM recq.scheduled_commands WHERE schedule_id = $1", [schedule_id]))

    async def remove(self, schedule_id: str) -> None:
        """See ``ScheduledCommandStore.remove``."""
        await self._run("DELETE FROM recq.scheduled_commands WHERE schedule_id = $1", [schedule_id])

    async def note_failure(self, schedule_id: str, attempts: int, error: str, *, given_up: bool) -> None:
        """See ``ScheduledCommandStore.note_failure``."""
        await self._run(
            "UPDATE recq.scheduled_commands SET attempts = $2, last_error = $3, given_up = $4 WHERE schedule_id = $1",
            [schedule_id, attempts, error, given_up],
        )

    async def try_again(self, schedule_id: str) -> bool:
        """See ``ScheduledCommandStore.try_again``."""
        found = await self._run(
            "UPDATE recq.scheduled_commands SET attempts = 0, last_error = '', given_up = false "
            "WHERE schedule_id = $1 AND given_up RETURNING schedule_id",
            [schedule_id],
        )
        return bool(found)

    async def _run(self, sql: str, parameters: list[object]) -> list[tuple[object, ...]]:
        def run(cursor: duckdb.DuckDBPyConnection) -> list[tuple[object, ...]]:
            rows: list[tuple[object, ...]] = cursor.execute(sql, parameters).fetchall()
            return rows

        return await self._database.read(lambda: self._with_cursor(run))

    def _with_cursor(self, work: Callable[[duckdb.DuckDBPyConnection], T]) -> T:
        cursor = self._database.cursor()
        try:
            with translated("looking after scheduled commands"):
                return work(cursor)
        finally:
            cursor.close()
