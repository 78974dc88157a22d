"""Read-model tables in DuckDB: writes gather in memory and reach the table a batch at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import duckdb
import pyarrow as pa
from pydantic import ValidationError

from recq_nb.adapters.duckdb.arrow_columns import arrow_array
from recq_nb.adapters.duckdb.columns import ROUNDED, columns_of, quoted
from recq_nb.adapters.duckdb.failures import first_line, outage_translated
from recq_nb.adapters.duckdb.sql_policy import statements_of
from recq_nb.errors import CapabilityError, ReadModelError
from recq_nb.modeling.read_model import ReadModel, ReadModelDefinition, Table

Key = tuple[object, ...]
_FEW = 4
_FEW_READS = 8
_ROWS_FOR_A_READ = 200
"""Rows that a scan of the table brings in the time one row takes by its key."""
_MOST_ROWS = 100_000
_PLAIN = frozenset({"VARCHAR", "BIGINT", "BOOLEAN"})
"""Types of keys that come back from the table as they went in."""


class DuckDbTable(Table[ReadModel]):
    """A read model inside one transaction.

    Rows read or written by key stay in memory until the transaction ends or SQL has to see them; ``flush`` writes
    what changed. ``find``, ``where`` and ``count`` flush first, so they see every earlier write of the batch.
    """

    def __init__(
        self, definition: ReadModelDefinition, connection: duckdb.DuckDBPyConnection, *, writable: bool
    ) -> None:
        self._definition = definition
        self._name = definition.name
        self._connection = connection
        self._writable = writable
        self._columns = columns_of(definition.row_type)
        self._rounded = [column for column in self._columns if column.sql_type in ROUNDED]
        self._keys = [column for column in self._columns if column.name in definition.key_fields]
        self._table = f"main.{quoted(definition.table_name)}"
        self._select = f"SELECT {', '.join(quoted(column.name) for column in self._columns)} FROM {self._table}"
        self._by_key = " AND ".join(f"{quoted(c.name)} = ${n}" for n, c in enumerate(self._keys, 1))
        self._order = ", ".join(quoted(column.name) for column in self._keys)
        self._rows: dict[Key, ReadModel | None] = {}
        self._dirty: dict[Key, None] = {}
        self._reads = 0
        self._whole: dict[Key, Sequence[object]] | None = None
        self._keys_are_plain = all(column.sql_type in _PLAIN for column in self._keys)
        self._keys_as_given = all(column.as_given for column in self._keys)

    # -- reading -------------------------------------------------------------------------------------------------

    def get(self, *key: object) -> ReadModel | None:
        """See ``Table.get``."""
        return self._at(self._key(key))

    def _at(self, key: Key) -> ReadModel | None:
        if key not in self._rows:
            values = self._values(key)
            self._rows[key] = self._row(values) if values is not None else None
        return self._rows[key]

    def _values(self, key: Key) -> Sequence[object] | None:
        """A row of the table as it was at the first read of this transaction, or None."""
        if self._whole is None:
            self._reads += 1
            if self._reads < _FEW_READS or self._reads.bit_count() > 1 or not self._read_whole():
                found = self._run(f"{self._select} WHERE {self._by_key}", list(key))
                return found[0] if found else None
        assert self._whole is not None
        return self._whole.get(key)

    def _read_whole(self) -> bool:
        """Read all rows at once, if reading some one by one has cost as much already; later reads are then free."""
        if not self._keys_are_plain:
            return False
        ((count,),) = self._run(f"SELECT count(*) FROM {self._table}", [])
        if int(cast("int", count)) > min(self._reads * _ROWS_FOR_A_READ, _MOST_ROWS):
            return False
        places = [self._columns.index(column) for column in self._keys]
        self._whole = {tuple(values[place] for place in places): values for values in self._run(self._select, [])}
        return True

    def find(self, **equal: object) -> list[ReadModel]:
        """See ``Table.find``."""
        self.flush()
        columns = {column.name: column for column in self._columns}
        unknown = equal.keys() - columns.keys()
        if unknown:
            raise ReadModelError(f"{self._name} has no field {min(unknown)!r}.", remedy=f"It has {', '.join(columns)}.")
        parts, values = [], []
        for name, value in equal.items():
            if value is None:
                parts.append(f"{quoted(name)} IS NULL")
            else:
                values.append(columns[name].store(value))
                parts.append(f"{quoted(name)} = ${len(values)}")
        condition = " AND ".join(parts) or "true"
        return self._all(f"{self._select} WHERE {condition} ORDER BY {self._order}", values)

    def where(
        self,
        condition: str = "true",
        *,
        order_by: str | None = None,
        limit: int | None = None,
        offset: int = 0,
        **parameters: object,
    ) -> list[ReadModel]:
        """See ``Table.where``."""
        self.flush()
        sql = f"{self._select} WHERE {condition} ORDER BY {order_by or self._order}"
        if limit is not None:
            sql += f" LIMIT {int(limit)}"
        if offset:
            sql += f" OFFSET {int(offset)}"
        self._must_be_one_query(sql)
        return self._all(sql, parameters)

    def count(self, condition: str = "true", **parameters: object) -> int:
        """See ``Table.count``."""
        self.flush()
        sql = f"SELECT count(*) FROM {self._table} WHERE {condition}"
        self._must_be_one_query(sql)
        (row,) = self._run(sql, parameters)
        return int(cast("int", row[0]))

    def _all(self, sql: str, parameters: list[object] | dict[str, object]) -> list[ReadModel]:
        return [self._row(values) for values in self._run(sql, parameters)]

    def _run(self, sql: str, parameters: list[object] | dict[str, object]) -> list[tuple[object, ...]]:
        try:
            with outage_translated(f"reading {self._name}"):
                rows: list[tuple[object, ...]] = self._connection.execute(sql, parameters or None).fetchall()
        except duckdb.CatalogException as error:
            if self._definition.table_name not in str(error):
                raise self._sql_problem(error) from None
            raise ReadModelError(
                f"there is no table {self._definition.table_name} yet; no registered projector owns {self._name}.",
                remedy=f"Run the cell with the projector that takes Table[{self._name}].",
            ) from None
        except (duckdb.ProgrammingError, duckdb.DataError) as error:
            raise self._sql_problem(error) from None
        return rows

    def _must_be_one_query(self, sql: str) -> None:
        """A condition is an expression: what would end the query, and begin another, is refused."""
        try:
            statements = statements_of(self._connection, sql, writable=True)
        except duckdb.ParserException as error:
            raise self._sql_problem(error) from None
        if len(statements) != 1:
            raise ReadModelError(
                f"a condition on {self._name} holds {len(statements)} statements; it is one SQL expression.",
                remedy='Pass values by name, never inside the text: rows.where("name = $name", name=…).',
            )

    def _sql_problem(self, error: Exception) -> ReadModelError:
        return ReadModelError(
            f"a query on {self._name} is not valid: {first_line(error)}",
            remedy="Conditions are SQL over the table's columns; values are passed by name: "
            'rows.where("name = $name", name=…).',
        )

    def _row(self, values: Sequence[object]) -> ReadModel:
        data = {column.name: column.restore(value) for column, value in zip(self._columns, values, strict=True)}
        row: ReadModel = self._definition.row_type.__pydantic_validator__.validate_python(data, extra="ignore")
        return row

    def _key(self, key: Sequence[object]) -> Key:
        if len(key) != len(self._keys):
            names = ", ".join(column.name for column in self._keys)
            raise ReadModelError(
                f"{self._name} is keyed by ({names}); {len(key)} value{'' if len(key) == 1 else 's'} given.",
                remedy=f"Pass {names} in this order.",
            )
        if self._keys_as_given:
            return tuple(key)
        return tuple(column.store(value) for column, value in zip(self._keys, key, strict=True))

    # -- writing -------------------------------------------------------------------------------------------------

    def upsert(self, *rows: ReadModel) -> None:
        """See ``Table.upsert``."""
        self._must_be_writable("upsert")
        for row in rows:
            if type(row).__name__ != self._name:
                raise ReadModelError(
                    f"Table[{self._name}].upsert was given a {type(row).__name__}.",
                    remedy=f"Pass {self._name} rows.",
                )
            kept = self._as_kept(row)
            self._keep(self._key_of(kept), kept)

    def _key_of(self, row: ReadModel) -> Key:
        return self._key([getattr(row, name) for name in self._definition.key_fields])

    def _keep(self, key: Key, row: ReadModel | None) -> None:
        self._rows[key] = row
        self._dirty[key] = None

    def _as_kept(self, row: ReadModel) -> ReadModel:
        """The row as the table will give it back, so that it reads the same from memory."""
        changed: dict[str, object] = {}
        for column in self._rounded:
            value = getattr(row, column.name)
            if (kept := column.store(value)) is not value:
                changed[column.name] = kept
        return row.model_copy(update=changed) if changed else row

    def update(self, *key: object, **changes: object) -> ReadModel:
        """See ``Table.update``."""
        self._must_be_writable("update")
        wanted = self._key(key)
        row = self._at(wanted)
        if row is None:
            shown = ", ".join(map(repr, key))
            raise ReadModelError(
                f"{self._name} has no row {shown} to update.",
                remedy="Insert it with upsert first; check that the event that creates it is handled.",
            )
        values = {column.name: getattr(row, column.name) for column in self._columns}
        try:
            changed = self._definition.row_type(**(values | changes))
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            raise ReadModelError(
                f"{self._name}.{'.'.join(map(str, first['loc']))} cannot become that: {first['msg']}.",
                remedy=f"Check the fields of {self._name}.",
            ) from None
        if self._key_of(changed) != wanted:
            raise ReadModelError(
                f"an update of {self._name} would change its key.", remedy="Delete the row and upsert a new one."
            )
        self._keep(wanted, self._as_kept(changed))
        return changed

    def delete(self, *key: object) -> bool:
        """See ``Table.delete``."""
        self._must_be_writable("delete")
        wanted = self._key(key)
        existed = self._at(wanted) is not None
        self._keep(wanted, None)
        return existed

    def clear(self) -> None:
        """See ``Table.clear``."""
        self._must_be_writable("clear")
        self.forget()
        with outage_translated(f"clearing {self._name}"):
            self._connection.execute(f"DELETE FROM {self._table}")

    def _must_be_writable(self, verb: str) -> None:
        if not self._writable:
            raise CapabilityError(
                f"a projection called Table[{self._name}].{verb}; queries never change state.",
                remedy="Change read models in their projector, in response to an event.",
            )

    def forget(self) -> None:
        """Drop what is in memory: somebody else changed the table."""
        self._rows.clear()
        self._dirty.clear()
        self._whole = None
        self._reads = 0

    def flush(self) -> None:
        """Write the rows that changed."""
        if not self._dirty:
            return
        changed = [(key, self._rows[key]) for key in self._dirty]
        try:
            with outage_translated(f"writing {self._name}"):
                self._delete([key for key, row in changed if row is None])
                self._insert([row for _, row in changed if row is not None])
        except (pa.ArrowException, duckdb.DataError, ArithmeticError, TypeError, ValueError) as error:
            raise ReadModelError(
                f"a row of {self._name} cannot be stored: {first_line(error)}",
                remedy="See ReadModel for the DuckDB type of each field; whole numbers are 64 bits.",
            ) from error
        self._dirty.clear()

    def _delete(self, keys: Sequence[Key]) -> None:
        for key in keys:
            self._connection.execute(f"DELETE FROM {self._table} WHERE {self._by_key}", list(key))

    def _insert(self, rows: Sequence[ReadModel]) -> None:
        if not rows:
            return
        stored = [[column.store(getattr(row, column.name)) for column in self._columns] for row in rows]
        if len(stored) <= _FEW:
            places = ", ".join(f"${n}" for n in range(1, len(self._columns) + 1))
            for values in stored:
                self._connection.execute(f"INSERT OR REPLACE INTO {self._table} SELECT {places}", values)
            return
        arrays = [
            arrow_array([values[index] for values in stored], column.arrow_type)
            for index, column in enumerate(self._columns)
        ]
        names = [column.name for column in self._columns]
        self._connection.register("recq_row_batch", pa.Table.from_arrays(arrays, names=names))
        try:
            self._connection.execute(f"INSERT OR REPLACE INTO {self._table} SELECT * FROM recq_row_batch")
        finally:
            self._connection.unregister("recq_row_batch")
