"""Keyframes: everything projectors have made of the log so far, copied so that it can be put back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from recq_nb.adapters.duckdb.columns import quoted
from recq_nb.adapters.duckdb.failures import translated
from recq_nb.errors import StoreUnavailableError

_BATCH = "recq_keyframe_rows"
_OTHERS = """
    SELECT 'sequence' FROM duckdb_sequences() WHERE schema_name = 'main'
    UNION ALL SELECT 'type' FROM duckdb_types() WHERE NOT internal AND schema_name = 'main'
    UNION ALL SELECT 'macro' FROM duckdb_functions() WHERE NOT internal AND schema_name = 'main'
    UNION ALL SELECT 'schema' FROM duckdb_schemas()
        WHERE NOT internal AND schema_name NOT IN ('main', 'recq') AND database_name = current_database()
"""
"""What a handler's SQL may have made and no keyframe holds."""


@dataclass(frozen=True, slots=True)
class TableCopy:
    """One table: how it is made, and its rows with types that come back exactly."""

    statement: str
    rows: pa.Table


@dataclass(frozen=True, slots=True)
class Keyframe:
    """A copy of schema ``main``.

    Attributes:
        tables: By name; a table that did not change since the keyframe before is the same object.
        further: Statements that make the indexes and views.
    """

    tables: Mapping[str, TableCopy]
    further: tuple[str, ...]


def take_keyframe(cursor: duckdb.DuckDBPyConnection, before: Keyframe | None) -> Keyframe | None:
    """Copy schema ``main``; None where it holds something that cannot be copied, e.g. a sequence.

    Args:
        cursor: Outside of a transaction.
        before: The keyframe before, whose unchanged tables are shared.
    """
    with translated("taking a keyframe"):
        if cursor.execute(_OTHERS).fetchall():
            return None
        cursor.execute("SET arrow_lossless_conversion = true")
        tables: dict[str, TableCopy] = {}
        for name, statement in _statements(cursor, "table"):
            copy = TableCopy(statement, _rows(cursor, name))
            earlier = before.tables.get(name) if before is not None else None
            unchanged = earlier is not None and earlier.statement == statement and earlier.rows.equals(copy.rows)
            tables[name] = earlier if unchanged and earlier is not None else copy
        further = [sql for kind in ("index", "view") for _, sql in _statements(cursor, kind)]
    return Keyframe(tables, tuple(further))


def put_back(cursor: duckdb.DuckDBPyConnection, keyframe: Keyframe) -> None:
    """Make schema ``main`` what it was at a keyframe.

    Raises:
        StoreError: It cannot be put back, e.g. because tables refer to each other; nothing was changed.
    """
    with translated("putting a keyframe back"):
        left = cursor.execute(_OTHERS).fetchall()
        if left:
            raise StoreUnavailableError(f"a keyframe cannot undo that a {left[0][0]} was made.", remedy="Start afresh.")
        cursor.execute("BEGIN TRANSACTION")
        try:
            for name, _ in _statements(cursor, "view"):
                cursor.execute(f"DROP VIEW main.{quoted(name)}")
            for name, _ in _statements(cursor, "table"):
                cursor.execute(f"DROP TABLE main.{quoted(name)}")
            for name, copy in keyframe.tables.items():
                cursor.execute(copy.statement)
                if copy.rows.num_rows:
                    cursor.register(_BATCH, copy.rows)
                    cursor.execute(f"INSERT INTO main.{quoted(name)} SELECT * FROM {_BATCH}")
                    cursor.unregister(_BATCH)
            for statement in keyframe.further:
                cursor.execute(statement)
            cursor.execute("COMMIT")
        except BaseException:
            cursor.execute("ROLLBACK")
            raise


def _statements(cursor: duckdb.DuckDBPyConnection, kind: str) -> list[tuple[str, str]]:
    condition = {"table": "NOT temporary", "view": "NOT internal AND NOT temporary", "index": "sql IS NOT NULL"}[kind]
    rows: list[tuple[str, str]] = cursor.execute(
        f"SELECT {kind}_name, sql FROM duckdb_{'indexes' if kind == 'index' else kind + 's'}() "
        f"WHERE schema_name = 'main' AND database_name = current_database() AND {condition} ORDER BY {kind}_oid"
    ).fetchall()
    return rows


def _rows(cursor: duckdb.DuckDBPyConnection, name: str) -> pa.Table:
    rows: pa.Table = cursor.sql(f"FROM main.{quoted(name)}").to_arrow_table()
    return rows
