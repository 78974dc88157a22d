"""Pictures of read models as whole tables, and where two pictures of one table differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from recq_nb.adapters.duckdb.columns import quoted
from recq_nb.adapters.duckdb.failures import translated

_BEFORE, _AFTER = "recq_picture_before", "recq_picture_after"


@dataclass(frozen=True, slots=True)
class TablePicture:
    """One table as it was.

    Attributes:
        name: Table name.
        keys: The columns of its primary key; none for a table without one.
        json_columns: Columns that hold JSON text.
        rows: Its rows, by key.
    """

    name: str
    keys: tuple[str, ...]
    json_columns: frozenset[str]
    rows: pa.Table

    @property
    def row_count(self) -> int:
        """How many rows it has."""
        return int(self.rows.num_rows)

    def rows_at(self, places: Sequence[int]) -> list[dict[str, object]]:
        """The rows at these places."""
        found: list[dict[str, object]] = self.rows.take(pa.array(places, pa.int64())).to_pylist()
        return found

    def places_of(self, changes: Sequence[RowChange]) -> list[int]:
        """Where the rows of some changes are, as far as they exist here."""
        columns = list(self.keys) or self.rows.column_names
        wanted = {repr([change.after[name] for name in columns]) for change in changes if change.after is not None}
        if not wanted:
            return []
        values = zip(*(self.rows.column(name).to_pylist() for name in columns), strict=True)
        return [place for place, row in enumerate(values) if repr(list(row)) in wanted]


@dataclass(frozen=True, slots=True)
class RowChange:
    """A row that differs between two pictures.

    Attributes:
        key: Values of the primary key; the whole row where there is none.
        before: The row as it was; None where it did not exist.
        after: The row as it is; None where it exists no more.
    """

    key: Mapping[str, object]
    before: Mapping[str, object] | None
    after: Mapping[str, object] | None


def pictures_of(cursor: duckdb.DuckDBPyConnection) -> dict[str, TablePicture]:
    """Every table of schema ``main``, by name."""
    with translated("looking at read models"):
        cursor.execute("SET arrow_lossless_conversion = false")
        names = [
            str(name)
            for (name,) in cursor.execute(
                "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'main' AND NOT temporary "
                "AND database_name = current_database() ORDER BY table_name"
            ).fetchall()
        ]
        return {name: _picture(cursor, name) for name in names}


def _picture(cursor: duckdb.DuckDBPyConnection, name: str) -> TablePicture:
    found = cursor.execute(
        "SELECT constraint_column_names FROM duckdb_constraints() WHERE schema_name = 'main' AND table_name = $1 "
        "AND constraint_type = 'PRIMARY KEY' AND database_name = current_database()",
        [name],
    ).fetchall()
    keys = tuple(found[0][0]) if found else ()
    order = ", ".join(map(quoted, keys)) or "ALL"
    relation = cursor.sql(f"FROM main.{quoted(name)} ORDER BY {order}")
    json_columns = frozenset(
        column for column, kind in zip(relation.columns, relation.types, strict=True) if str(kind) == "JSON"
    )
    return TablePicture(name, keys, json_columns, relation.to_arrow_table())


def row_changes(
    cursor: duckdb.DuckDBPyConnection, before: TablePicture | None, after: TablePicture | None
) -> list[RowChange]:
    """The rows that differ, by key.

    A table whose columns changed counts as one that went and one that came.
    """
    if before is not None and after is not None and before.rows.schema.equals(after.rows.schema):
        if before.rows.equals(after.rows):
            return []
        gone, come = _only_in(cursor, before, after)
        return _paired(gone, come, after.keys)
    gone = before.rows.to_pylist() if before is not None else []
    come = after.rows.to_pylist() if after is not None else []
    return _paired(gone, come, after.keys if after is not None else before.keys if before is not None else ())


def _only_in(
    cursor: duckdb.DuckDBPyConnection, before: TablePicture, after: TablePicture
) -> list[list[dict[str, object]]]:
    with translated("comparing read models"):
        cursor.register(_BEFORE, before.rows)
        cursor.register(_AFTER, after.rows)
        try:
            return [
                cursor.sql(f"FROM {one} EXCEPT ALL FROM {other}").to_arrow_table().to_pylist()
                for one, other in ((_BEFORE, _AFTER), (_AFTER, _BEFORE))
            ]
        finally:
            cursor.unregister(_BEFORE)
            cursor.unregister(_AFTER)


def _paired(
    gone: Sequence[Mapping[str, object]], come: Sequence[Mapping[str, object]], keys: Sequence[str]
) -> list[RowChange]:
    if not keys:
        return [RowChange(row, row, None) for row in gone] + [RowChange(row, None, row) for row in come]
    before = {tuple(repr(row[key]) for key in keys): row for row in gone}
    after = {tuple(repr(row[key]) for key in keys): row for row in come}
    return [
        RowChange(
            {key: (before.get(values) or after[values])[key] for key in keys}, before.get(values), after.get(values)
        )
        for values in sorted(before.keys() | after.keys())
    ]
