"""Carrying a log from one store to another, with everything that cannot be made from it again."""

from __future__ import annotations

import duckdb

_TABLES = ("events", "command_outcomes", "sagas", "scheduled_commands", "dead_events", "consumers")


def copy_store(source: duckdb.DuckDBPyConnection, target: duckdb.DuckDBPyConnection) -> None:
    """Copy the log, saga instances, schedules, dead events and checkpoints into an empty store; closes both.

    Read models and snapshots are not copied: projectors rebuild theirs, because the target has no table of theirs.
    """
    try:
        target.execute("BEGIN TRANSACTION")
        for table in _TABLES:
            rows = source.sql(f"SELECT * FROM recq.{table}").to_arrow_table()
            target.register("recq_copied", rows)
            target.execute(f"INSERT INTO recq.{table} SELECT * FROM recq_copied")
            target.unregister("recq_copied")
        # A projector without its tables must not go on where it stopped: an unknown fingerprint has it rebuilt.
        target.execute("UPDATE recq.consumers SET fingerprint = ''")
        target.execute("COMMIT")
    finally:
        source.close()
        target.close()
