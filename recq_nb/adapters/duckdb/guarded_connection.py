"""The raw DuckDB connection a handler may ask for, guarded so that it stays inside its transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

import duckdb

from recq_nb.adapters.duckdb.failures import transaction_failure
from recq_nb.adapters.duckdb.sql_policy import is_pure_query, statements_of
from recq_nb.errors import ReadOnlySqlError

_FRAMES = frozenset(
    {"arrow", "df", "fetch_arrow_table", "fetch_df", "fetchdf", "fetchnumpy", "pl", "to_arrow_table"},
)


class GuardedConnection:
    """Runs a handler's SQL in the handler's transaction.

    ``execute`` and ``sql`` take SQL and parameters as DuckDB's do; results are fetched as from DuckDB. Every statement
    runs to its end at once, so that a result that is never read keeps nobody waiting. Statements that would end the
    transaction, attach databases or touch schema ``recq`` are refused, in a projection all writing.

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
        self._relation: duckdb.DuckDBPyRelation | None = None
        self._rows: Iterator[tuple[object, ...]] | None = iter(())
        self._description: object = None

    def execute(self, query: str, parameters: object = None) -> GuardedConnection:
        """Run SQL; fetch the result from what it returns."""
        statements = statements_of(self._connection, query, writable=self._writable)
        self._before()
        self._relation, self._rows, self._description = None, iter(()), None
        try:
            for statement in statements[:-1]:
                self._connection.execute(statement).fetchall()
            if statements:
                self._run(statements[-1], parameters)
        except (duckdb.TransactionException, duckdb.FatalException) as error:  # another transaction, or the disk
            if not self._writable and "read-only" in str(error):
                raise ReadOnlySqlError(
                    f"`{' '.join(query.split())[:80]}` would change something; a projection reads only.",
                    remedy="Change read models in their projector, in response to an event.",
                ) from None
            raise transaction_failure("running a handler's SQL", error) from error
        if not all(map(is_pure_query, statements)):
            self._after_write()
        return self

    def _run(self, statement: duckdb.Statement, parameters: object) -> None:
        if is_pure_query(statement):
            relation = self._connection.sql(statement, params=parameters)
            self._relation = relation.materialize()
            self._rows, self._description = None, self._relation.description
        else:
            self._connection.execute(statement, parameters)
            self._description = self._connection.description
            self._rows = iter(self._connection.fetchall())

    def sql(self, query: str, *, params: object = None) -> GuardedConnection:
        """The same as ``execute``."""
        return self.execute(query, params)

    @property
    def description(self) -> object:
        """The columns of the result."""
        return self._description

    def fetchone(self) -> tuple[object, ...] | None:
        """The next row; None after the last."""
        return next(self._left(), None)

    def fetchmany(self, size: int = 1) -> list[tuple[object, ...]]:
        """The next rows, at most ``size``."""
        return list(islice(self._left(), size))

    def fetchall(self) -> list[tuple[object, ...]]:
        """All rows that are left."""
        return list(self._left())

    def _left(self) -> Iterator[tuple[object, ...]]:
        if self._rows is None:
            assert self._relation is not None
            self._rows = iter(self._relation.fetchall())
        return self._rows

    def __getattr__(self, name: str) -> object:
        if name in _FRAMES and self._relation is not None:
            return getattr(self._relation, name)
        raise AttributeError(
            f"a handler's connection has no {name!r}; it has execute, sql and, after a query, the ways to fetch its "
            "result."
        )
