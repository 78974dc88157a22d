"""Which SQL may run where: reading is free, the log is nobody's to change."""

from __future__ import annotations

import duckdb

from recq_nb.errors import ReadOnlySqlError

_READING = {duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN, duckdb.StatementType.MULTI}
_NEVER = {
    duckdb.StatementType.TRANSACTION: "it would end the transaction it runs in",
    duckdb.StatementType.ATTACH: "it would open another database",
    duckdb.StatementType.DETACH: "it would close a database",
}


def statements_of(connection: duckdb.DuckDBPyConnection, text: str, *, writable: bool) -> list[duckdb.Statement]:
    """The statements of a text, if all of them may run.

    Args:
        connection: Used to parse.
        text: SQL.
        writable: Whether tables of the user's own, or read models, may be changed.

    Raises:
        ReadOnlySqlError: One of them would change what it may not.
        duckdb.ParserException: It is no SQL.
    """
    statements = connection.extract_statements(text)
    for statement in statements:
        kind = statement.type
        if kind in _READING:
            continue
        shown = " ".join(statement.query.split())[:80]
        if kind in _NEVER:
            raise ReadOnlySqlError(f"`{shown}` may not run here: {_NEVER[kind]}.", remedy="Remove it.")
        if not writable:
            raise ReadOnlySqlError(
                f"`{shown}` would change something; SQL here is for reading.",
                remedy="Change read models through events. For tables of your own: recq.sql(..., write=True), or "
                "%%recq_sql --write.",
            )
        if _mentions_log(statement.query):
            raise ReadOnlySqlError(
                f"`{shown}` would change, or could change, schema recq; the log is append-only and written by "
                "commands.",
                remedy="Read from recq.* in a SELECT of its own, and write the result to a table of yours.",
            )
    return statements


def _mentions_log(query: str) -> bool:
    """Whether the word ``recq`` stands anywhere outside a string."""
    tokens = duckdb.tokenize(query)
    for index, (start, kind) in enumerate(tokens):
        end = tokens[index + 1][0] if index + 1 < len(tokens) else len(query)
        word = query[start:end].strip().strip('"').lower()
        if kind in (duckdb.token_type.identifier, duckdb.token_type.keyword) and word == "recq":
            return True
    return False
