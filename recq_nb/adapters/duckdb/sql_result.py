"""What ``recq.sql`` gives: a result that is already there, in whichever dataframe one likes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from recq_nb.adapters.duckdb.sql_policy import statements_of
from recq_nb.errors import ReadOnlySqlError, SqlError
from recq_nb.modeling.serialization import is_storable_text

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl


class SqlResult:
    """The rows of one query, as they were when it ran."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table

    def df(self) -> pd.DataFrame:
        """As a pandas dataframe."""
        frame: pd.DataFrame = self._table.to_pandas()
        return frame

    def arrow(self) -> pa.Table:
        """As an Arrow table."""
        return self._table

    def pl(self) -> pl.DataFrame:
        """As a polars dataframe.

        Raises:
            ModuleNotFoundError: polars is not installed.
        """
        import polars as pl  # noqa: PLC0415  optional: only where it is installed

        frame = pl.from_arrow(self._table)
        assert isinstance(frame, pl.DataFrame)
        return frame

    def rows(self) -> list[tuple[object, ...]]:
        """As a list of tuples."""
        columns = [column.to_pylist() for column in self._table.columns]
        return list(zip(*columns, strict=True))

    def __len__(self) -> int:
        return int(self._table.num_rows)

    def __repr__(self) -> str:
        return repr(self.df())

    def _repr_html_(self) -> str:
        html: str = self.df()._repr_html_()  # type: ignore[operator]  # pandas leaves it untyped
        return html


def run_sql(
    connection: duckdb.DuckDBPyConnection,
    text: str,
    parameters: object,
    *,
    write: bool,
    flush_log: Callable[[], None],
) -> SqlResult:
    """Run SQL on a cursor of its own, which is closed afterwards.

    Raises:
        ReadOnlySqlError: It would change what it may not.
        SqlError: DuckDB could not run it.
    """
    try:
        statements = statements_of(connection, text, writable=write) if is_storable_text(text) else []
        if not statements:
            raise SqlError("there is no SQL to run.", remedy="Write a query, e.g. `select * from recq.events`.")
        flush_log()
        connection.execute("BEGIN TRANSACTION" if write else "BEGIN TRANSACTION READ ONLY")
        for statement in statements[:-1]:
            connection.execute(statement).fetchall()
        relation = connection.sql(statements[-1], params=parameters)
        # DuckDB gives no relation for a statement without rows, whatever its stubs say.
        table: pa.Table = (
            pa.table({}) if not isinstance(relation, duckdb.DuckDBPyRelation) else relation.to_arrow_table()  # type: ignore[redundant-expr]  # notebooks are untyped
        )
        connection.execute("COMMIT")
    except duckdb.TransactionException as error:
        if write or "read-only" not in str(error):
            raise SqlError(f"DuckDB could not run this: {error}") from None
        raise ReadOnlySqlError(
            f"this would change something; SQL here is for reading: {' '.join(text.split())[:80]}",
            remedy="For tables of your own: recq.sql(..., write=True), or %%recq_sql --write.",
        ) from None
    except duckdb.Error as error:
        raise SqlError(
            f"DuckDB could not run this: {error}",
            remedy="Read models are tables named after their row class in snake_case; events are in recq.events.",
        ) from None
    finally:
        connection.close()
    return SqlResult(table)
