"""Writing and reading rows of ``recq.events``."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import pyarrow as pa

from recq_nb.ports.system_state_store import EventRecord, OutcomeRecord, StoredEvent

_COLUMNS = ("sequence_number", *EventRecord._fields)
_TEXT = pa.string()
_SCHEMA = pa.schema(
    [
        (
            name,
            {
                "sequence_number": pa.int64(),
                "version": pa.int32(),
                "timestamp": pa.timestamp("us", tz="UTC"),
            }.get(name, _TEXT),
        )
        for name in _COLUMNS
    ]
)
_FEW = 8
"""Up to so many events a reused statement is faster than an Arrow table."""

SELECT = "SELECT " + ", ".join("epoch_us(timestamp)" if name == "timestamp" else name for name in _COLUMNS)


def _row(first: int) -> str:
    places = []
    for offset, name in enumerate(_COLUMNS):
        place = f"${first + offset}"
        places.append(f"make_timestamptz({place})" if name == "timestamp" else place)
    return f"({', '.join(places)})"


class EventWriter:
    """Inserts events through one connection of its own, with statements prepared once."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._connection.execute("PRAGMA disable_optimizer")  # a third of a small insert is optimizing it
        self._statements: dict[int, duckdb.Statement] = {}

    def insert(self, first: int, records: Sequence[EventRecord]) -> None:
        """Insert events with consecutive sequence numbers, in one statement."""
        if len(records) <= _FEW:
            parameters: list[object] = []
            for offset, record in enumerate(records):
                parameters.append(first + offset)
                parameters.extend(record)
            self._connection.execute(self._statement(len(records)), parameters)
            return
        columns = [range(first, first + len(records)), *zip(*records, strict=True)]
        arrays = [pa.array(column, type=field.type) for column, field in zip(columns, _SCHEMA, strict=True)]
        self._connection.register("recq_event_batch", pa.Table.from_arrays(arrays, schema=_SCHEMA))
        try:
            self._connection.execute("INSERT INTO recq.events SELECT * FROM recq_event_batch")
        finally:
            self._connection.unregister("recq_event_batch")

    def insert_outcomes(self, outcomes: Sequence[OutcomeRecord]) -> None:
        """Insert outcomes of commands without event; an earlier outcome of the same command stays."""
        schema = pa.schema(
            [(name, pa.timestamp("us", tz="UTC") if name == "timestamp" else _TEXT) for name in OutcomeRecord._fields]
        )
        columns = zip(*outcomes, strict=True)
        arrays = [pa.array(column, type=field.type) for column, field in zip(columns, schema, strict=True)]
        self._connection.register("recq_outcome_batch", pa.Table.from_arrays(arrays, schema=schema))
        try:
            self._connection.execute("INSERT OR IGNORE INTO recq.command_outcomes SELECT * FROM recq_outcome_batch")
        finally:
            self._connection.unregister("recq_outcome_batch")

    def _statement(self, rows: int) -> duckdb.Statement:
        statement = self._statements.get(rows)
        if statement is None:
            values = ", ".join(_row(1 + row * len(_COLUMNS)) for row in range(rows))
            (statement,) = self._connection.extract_statements(f"INSERT INTO recq.events VALUES {values}")
            self._statements[rows] = statement
        return statement


def stored_events(rows: Sequence[tuple[object, ...]]) -> list[StoredEvent]:
    """Rows selected with ``SELECT`` as stored events."""
    return [StoredEvent(row[0], EventRecord(*row[1:])) for row in rows]  # type: ignore[arg-type]  # typed by the table
