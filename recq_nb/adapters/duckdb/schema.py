"""The tables of schema ``recq`` and how an older store becomes a current one."""

from __future__ import annotations

import re

import duckdb

from recq_nb.errors import StoreFormatError, StoreVersionError

_MIGRATIONS: tuple[str, ...] = (
    """
    CREATE SCHEMA recq;
    CREATE TABLE recq.store_info (name VARCHAR PRIMARY KEY, value VARCHAR NOT NULL);
    CREATE TABLE recq.events (
        sequence_number BIGINT NOT NULL,
        event_id VARCHAR NOT NULL,
        event_name VARCHAR NOT NULL,
        aggregate_id VARCHAR NOT NULL,
        version INTEGER NOT NULL,
        context VARCHAR NOT NULL,
        timestamp TIMESTAMPTZ NOT NULL,
        payload VARCHAR NOT NULL,
        metadata VARCHAR NOT NULL,
        correlation_id VARCHAR NOT NULL,
        causation_id VARCHAR NOT NULL,
        command_id VARCHAR NOT NULL,
        sender VARCHAR NOT NULL
    );
    CREATE INDEX events_aggregate_id ON recq.events (aggregate_id);
    CREATE TABLE recq.command_outcomes (
        command_id VARCHAR PRIMARY KEY,
        correlation_id VARCHAR NOT NULL,
        timestamp TIMESTAMPTZ NOT NULL,
        rejection_code VARCHAR NOT NULL,
        rejection_text VARCHAR NOT NULL
    );
    CREATE TABLE recq.snapshots (
        aggregate_id VARCHAR PRIMARY KEY,
        version INTEGER NOT NULL,
        fingerprint VARCHAR NOT NULL,
        state VARCHAR NOT NULL,
        timestamp TIMESTAMPTZ NOT NULL
    );
    CREATE TABLE recq.consumers (
        consumer_id VARCHAR PRIMARY KEY,
        checkpoint BIGINT NOT NULL,
        fingerprint VARCHAR NOT NULL,
        enabled BOOLEAN NOT NULL
    );
    CREATE TABLE recq.read_models (table_name VARCHAR PRIMARY KEY, component VARCHAR NOT NULL);
    CREATE TABLE recq.dead_events (
        consumer_id VARCHAR NOT NULL,
        sequence_number BIGINT NOT NULL,
        event_name VARCHAR NOT NULL,
        aggregate_id VARCHAR NOT NULL,
        context VARCHAR NOT NULL,
        exception VARCHAR NOT NULL,
        traceback VARCHAR NOT NULL,
        attempts INTEGER NOT NULL,
        dead_at TIMESTAMPTZ NOT NULL,
        PRIMARY KEY (consumer_id, sequence_number)
    );
    CREATE TABLE recq.sagas (
        saga_id VARCHAR PRIMARY KEY,
        saga_name VARCHAR NOT NULL,
        state VARCHAR NOT NULL,
        associations MAP(VARCHAR, VARCHAR) NOT NULL
    );
    """,
    """
    CREATE TABLE recq.scheduled_commands (
        schedule_id VARCHAR PRIMARY KEY,
        saga_id VARCHAR NOT NULL,
        saga_name VARCHAR NOT NULL,
        command_name VARCHAR NOT NULL,
        payload VARCHAR NOT NULL,
        metadata VARCHAR NOT NULL,
        correlation_id VARCHAR NOT NULL,
        causation_id VARCHAR NOT NULL,
        due_at TIMESTAMPTZ NOT NULL,
        attempts INTEGER NOT NULL,
        last_error VARCHAR NOT NULL,
        given_up BOOLEAN NOT NULL
    );
    CREATE TABLE recq.completed_events (
        consumer_id VARCHAR NOT NULL,
        sequence_number BIGINT NOT NULL,
        PRIMARY KEY (consumer_id, sequence_number)
    );
    """,
    """
    CREATE TABLE recq.messages (
        step BIGINT NOT NULL,
        hop VARCHAR NOT NULL,
        kind VARCHAR NOT NULL,
        name VARCHAR NOT NULL,
        message_id VARCHAR NOT NULL,
        correlation_id VARCHAR NOT NULL,
        causation_id VARCHAR NOT NULL,
        sender VARCHAR NOT NULL,
        component VARCHAR NOT NULL,
        handler VARCHAR NOT NULL,
        clock_us BIGINT NOT NULL,
        lock_wait_us BIGINT NOT NULL,
        retrieve_us BIGINT NOT NULL,
        handler_us BIGINT NOT NULL,
        store_us BIGINT NOT NULL,
        outcome VARCHAR NOT NULL
    );
    """,
    # Whose a consumer is does not follow from its id where the component's name or the context has numbers in it
    # (A_1_1_x: A in context 1_x, or A_1 in context x); such a consumer gets its component when that is registered.
    r"""
    ALTER TABLE recq.consumers ADD COLUMN component VARCHAR DEFAULT '';
    UPDATE recq.consumers SET component = regexp_extract(consumer_id, '(?s)^(.+?)_[0-9]+_.', 1)
    WHERE regexp_extract(consumer_id, '(?s)^(.+?)_[0-9]+_.', 1) = regexp_extract(consumer_id, '(?s)^(.+)_[0-9]+_.', 1);
    """,
)
"""Migration n takes a store from schema version n to n + 1; an empty database has version 0."""

VERSION = len(_MIGRATIONS)
"""The schema version this code writes."""


def prepare(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Bring a database to the current schema; an empty one gets it whole.

    Raises:
        StoreFormatError: The database belongs to something else.
        StoreVersionError: It was written by a newer recq_nb.
    """
    current = _version(connection, name)
    if current > VERSION:
        raise StoreVersionError(
            f"{name} has store schema {current}; this recq_nb knows schemas up to {VERSION}.",
            remedy="Install a newer recq_nb, or choose another path; the file was left as it is.",
        )
    if current == VERSION:
        _must_be_whole(connection, name)
        return
    connection.execute("BEGIN TRANSACTION")
    try:
        for migration in _MIGRATIONS[current:]:
            connection.execute(migration)
        connection.execute("INSERT OR REPLACE INTO recq.store_info VALUES ('schema_version', $1)", [str(VERSION)])
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _must_be_whole(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    rows = connection.execute(
        "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'recq' AND database_name = current_database()"
    ).fetchall()
    there = {row[0] for row in rows}
    missing = [table for table in re.findall(r"CREATE TABLE recq\.(\w+)", "".join(_MIGRATIONS)) if table not in there]
    if missing:
        raise StoreFormatError(
            f"{name} is damaged: it lacks the table recq.{missing[0]}.",
            remedy="Restore it from a copy, or choose another path; the file was left as it is.",
        )


def _version(connection: duckdb.DuckDBPyConnection, name: str) -> int:
    tables = {
        (row[0], row[1])
        for row in connection.execute(
            "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = current_database() "
            "UNION ALL SELECT schema_name, view_name FROM duckdb_views() "
            "WHERE database_name = current_database() AND NOT internal"
        ).fetchall()
    }
    if not tables:
        return 0
    foreign = StoreFormatError(
        f"{name} is a DuckDB database of something else (it has {len(tables)} tables, none of them a recq store's).",
        remedy="Choose another path; the file was left as it is.",
    )
    if ("recq", "store_info") not in tables:
        raise foreign
    row = connection.execute("SELECT value FROM recq.store_info WHERE name = 'schema_version'").fetchone()
    if row is None or not str(row[0]).isdigit():
        raise foreign
    return int(row[0])
