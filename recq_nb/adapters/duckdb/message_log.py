"""The recorded messages as a table: ``recq.messages``, filled when somebody asks."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import pyarrow as pa

from recq_nb.adapters.duckdb.arrow_columns import arrow_array

_COLUMNS = (
    ("step", pa.int64()),
    ("hop", pa.string()),
    ("kind", pa.string()),
    ("name", pa.string()),
    ("message_id", pa.string()),
    ("correlation_id", pa.string()),
    ("causation_id", pa.string()),
    ("sender", pa.string()),
    ("component", pa.string()),
    ("handler", pa.string()),
    ("clock_us", pa.int64()),
    ("lock_wait_us", pa.int64()),
    ("retrieve_us", pa.int64()),
    ("handler_us", pa.int64()),
    ("store_us", pa.int64()),
    ("outcome", pa.string()),
)
_SCHEMA = pa.schema(_COLUMNS)


def message_table(rows: Sequence[tuple[object, ...]]) -> pa.Table:
    """Rows of recorded steps as an Arrow table with the columns of ``recq.messages``."""
    columns = zip(*rows, strict=True) if rows else ((),) * len(_SCHEMA)
    arrays = [arrow_array(column, kind.type) for column, kind in zip(columns, _SCHEMA, strict=True)]
    return pa.Table.from_arrays(arrays, schema=_SCHEMA)


def replace_messages(connection: duckdb.DuckDBPyConnection, rows: Sequence[tuple[object, ...]]) -> None:
    """Make ``recq.messages`` hold exactly these rows; closes the connection."""
    try:
        connection.register("recq_recorded", message_table(rows))
        connection.execute("BEGIN TRANSACTION")
        connection.execute("DELETE FROM recq.messages")
        connection.execute("INSERT INTO recq.messages SELECT * FROM recq_recorded")
        connection.execute("COMMIT")
        connection.unregister("recq_recorded")
    finally:
        connection.close()
