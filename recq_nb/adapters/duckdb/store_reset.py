"""Emptying a store: the log and everything made from it."""

from __future__ import annotations

import duckdb

from recq_nb.adapters.duckdb.columns import quoted

_TABLES = (
    "events",
    "command_outcomes",
    "snapshots",
    "consumers",
    "dead_events",
    "sagas",
    "scheduled_commands",
    "completed_events",
    "messages",
)


def empty_store(connection: duckdb.DuckDBPyConnection) -> None:
    """Delete all events and drop every read model, in one transaction; closes the connection."""
    try:
        connection.execute("BEGIN TRANSACTION")
        for (table_name,) in connection.execute("SELECT table_name FROM recq.read_models").fetchall():
            connection.execute(f"DROP TABLE IF EXISTS main.{quoted(table_name)}")
        connection.execute("DELETE FROM recq.read_models")
        for table in _TABLES:
            connection.execute(f"DELETE FROM recq.{table}")
        connection.execute("COMMIT")
    finally:
        connection.close()
