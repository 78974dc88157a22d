"""The saga state store in DuckDB: table ``recq.sagas``."""

from __future__ import annotations

import duckdb

from recq_nb.adapters.duckdb.failures import translated
from recq_nb.ports.saga_state_store import SagaRecord


class DuckDbSagaStates:
    """Reads and writes saga instances inside one consumer transaction."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def find(self, saga_name: str, association_property: str, value: str) -> SagaRecord | None:
        """See ``SagaStateTransaction.find``."""
        with translated(f"looking for a {saga_name}"):
            row = self._connection.execute(
                "SELECT saga_id, saga_name, state, associations FROM recq.sagas "
                "WHERE saga_name = $1 AND associations[$2] = $3 ORDER BY saga_id LIMIT 1",
                [saga_name, association_property, value],
            ).fetchone()
        return None if row is None else SagaRecord(row[0], row[1], row[2], dict(row[3]))

    def save(self, record: SagaRecord) -> None:
        """See ``SagaStateTransaction.save``."""
        names, values = list(record.associations), list(record.associations.values())
        with translated(f"saving a {record.saga_name}"):
            self._connection.execute(
                "INSERT OR REPLACE INTO recq.sagas VALUES ($1, $2, $3, map($4::VARCHAR[], $5::VARCHAR[]))",
                [record.saga_id, record.saga_name, record.state, names, values],
            )

    def delete(self, saga_id: str) -> None:
        """See ``SagaStateTransaction.delete``."""
        with translated("ending a saga"):
            self._connection.execute("DELETE FROM recq.sagas WHERE saga_id = $1", [saga_id])
