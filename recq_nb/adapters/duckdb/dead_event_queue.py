"""The dead event queue in DuckDB: table ``recq.dead_events``."""

from __future__ import annotations

import duckdb

from recq_nb.adapters.duckdb.failures import translated
from recq_nb.ports.dead_event_queue import DeadEventRecord


class DuckDbDeadEvents:
    """Changes the queue inside one consumer transaction."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def park(self, record: DeadEventRecord) -> None:
        """See ``DeadEventTransaction.park``."""
        with translated(f"parking a {record.event_name}"):
            self._connection.execute(
                "INSERT OR REPLACE INTO recq.dead_events VALUES ($1, $2, $3, $4, $5, $6, $7, $8, make_timestamptz($9))",
                list(record),
            )

    def remove(self, consumer_id: str, sequence_number: int) -> None:
        """See ``DeadEventTransaction.remove``."""
        with translated("taking an event out of the dead event queue"):
            self._connection.execute(
                "DELETE FROM recq.dead_events WHERE consumer_id = $1 AND sequence_number = $2",
                [consumer_id, sequence_number],
            )
