"""The raw DuckDB connection a handler may ask for, guarded so that it stays inside its transaction."""

from __future__ import annotations

from collections.abc import Callable

import duckdb

from recq_nb.adapters.duckdb.failures import working_failure
from recq_nb.adapters.duckdb.sql_policy import statements_of
from recq_nb.errors import ReadOnlySqlError

_PASSED_ON = frozenset(
    {
        "arrow",
        "description",
        "df",
        "fetch_arrow_table",
        "fetch_df",
        "fetchall",
        "fetchdf",
        "fetchmany",
        "fetchnumpy",
        "fetchone",
        "pl",
        "rowcount",
        "to_arrow_table",
    }
)


class GuardedConnection:
    """Runs a handler's SQL in the handler's transaction.

    ``execute`` and ``sql`` take SQL and parameters as DuckDB's do; results are fetched as from DuckDB. Statements that
    would end the transaction, attach databases or touch schema ``recq`` are refused, in a projection all writing.

    Args:
        connection: The transaction's connection.
        writable: Whether read models may be changed.
        before: Called before each statement, so that it sees rows still in memory.
        after_write: Called after a statement that may have changed tables.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        *,
        writable: bool,
        before: Callable[[], None],
        after_write: Callable[[], None],
    ) -> None:
        self._connection = connection
        self._writable = writable
        self._before = before
        self._after_write = after_write

    def execute(self, query: str, parameters: object = None) -> GuardedConnection:
        """Run SQL; fetch the result from what it returns."""
        statements = statements_of(self._connection, query, writable=self._writable)
        self._before()
        try:
            for statement in statements[:-1]:
                self._connection.execute(statement)
            if statements:
                self._connection.execute(statements[-1], parameters)
        except (duckdb.TransactionException, duckdb.FatalException) as error:  # another transaction, or the disk
            if not self._writable and "read-only" in str(error):
                raise ReadOnlySqlError(
                    f"`{' '.join(query.split())[:80]}` would change something; a projection reads only.",
                    remedy="Change read models in their projector, in response to an event.",
                ) from None
            raise working_failure("running a handler's SQL", error) from error
        if any(statement.type is not duckdb.StatementType.SELECT for statement in statements):
            self._after_write()
        return self

    def sql(self, query: str, *, params: object = None) -> GuardedConnection:
        """The same as ``execute``."""
        return self.execute(query, params)

    def __getattr__(self, name: str) -> object:
        if name in _PASSED_ON:
            return getattr(self._connection, name)
        raise AttributeError(
            f"a handler's connection has no {name!r}; it has execute, sql and the ways to fetch a result."
        )
