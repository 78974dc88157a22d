"""Which SQL may run where: reading is free, the log is nobody's to change."""

from __future__ import annotations

import re

import duckdb

from recq_nb.errors import ReadOnlySqlError

_READING = {duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN, duckdb.StatementType.MULTI}
_WRITING = {
    duckdb.StatementType.ALTER,
    duckdb.StatementType.ANALYZE,
    duckdb.StatementType.COPY,
    duckdb.StatementType.CREATE,
    duckdb.StatementType.CREATE_FUNC,
    duckdb.StatementType.DELETE,
    duckdb.StatementType.DROP,
    duckdb.StatementType.INSERT,
    duckdb.StatementType.MERGE_INTO,
    duckdb.StatementType.UPDATE,
}
_NEVER = {
    duckdb.StatementType.TRANSACTION: "it would end the transaction it runs in",
    duckdb.StatementType.ATTACH: "it would open another database",
    duckdb.StatementType.DETACH: "it would close a database",
    duckdb.StatementType.SET: "settings and the search path are the session's own",
}
_CHANGING_WORDS = frozenset({"insert", "update", "delete", "merge", "truncate", "create", "drop", "alter", "copy"})


def statements_of(connection: duckdb.DuckDBPyConnection, text: str, *, writable: bool) -> list[duckdb.Statement]:
    """The statements of a text, if all of them may run.

    Args:
        connection: Used to parse.
        text: SQL.
        writable: Whether tables of the user's own, or read models, may be changed. If not, the transaction must be a
            read-only one: a SELECT may hide a change (``WITH d AS (DELETE …) SELECT …``).

    Raises:
        ReadOnlySqlError: One of them would change what it may not.
        duckdb.ParserException: It is no SQL.
    """
    statements = connection.extract_statements(text)
    for statement in statements:
        kind = _kind(statement)
        words = _words(statement.query)
        if kind in _READING and not (writable and words & _CHANGING_WORDS):
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
        if kind not in _READING and kind not in _WRITING:
            raise ReadOnlySqlError(
                f"`{shown}` may not run here: it is neither a query nor a change of tables.",
                remedy="Use SELECT, DESCRIBE or SUMMARIZE to look; INSERT, UPDATE, DELETE, CREATE, … for tables of "
                "your own.",
            )
        if "recq" in words:
            raise ReadOnlySqlError(
                f"`{shown}` would change, or could change, schema recq; the log is append-only and written by "
                "commands.",
                remedy="Read from recq.* in a SELECT of its own, and write the result to a table of yours.",
            )
    return statements


def is_pure_query(statement: duckdb.Statement) -> bool:
    """Whether a statement is a query that hides no change, as a data-modifying CTE does."""
    return _kind(statement) is duckdb.StatementType.SELECT and not _words(statement.query) & _CHANGING_WORDS


def _kind(statement: duckdb.Statement) -> duckdb.StatementType | None:
    try:
        return statement.type
    except ValueError:  # a kind DuckDB's own Python half has no name for
        return None


def _words(query: str) -> set[str]:
    """Names and keywords outside of strings and comments, in lower case."""
    raw = query.encode()  # places of tokens count bytes
    tokens = duckdb.tokenize(query)
    words = set()
    for index, (start, kind) in enumerate(tokens):
        end = tokens[index + 1][0] if index + 1 < len(tokens) else len(raw)
        if kind in (duckdb.token_type.identifier, duckdb.token_type.keyword):
            word = raw[start:end].decode(errors="replace").strip()
            quoted = re.match(r'"((?:[^"]|"")*)"', word)
            bare = re.match(r"\w+", word)
            found = quoted.group(1) if quoted else bare.group(0) if bare else word
            words.add(found.lower())
    return words
