"""DuckDB moves the rows of a table, now and then, when a commit clears away what was deleted; no query may mind."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from duckdb.sqltypes import BIGINT, BOOLEAN

from recq_nb.adapters.duckdb.database import DuckDbDatabase

ROWS = 5
TRIES = 40
FIRST = "SELECT * FROM line WHERE kind = 'kept' AND looked_at(rowid) ORDER BY line_id LIMIT 1"


@pytest.fixture
def database() -> Iterator[DuckDbDatabase]:
    """A store in memory that clears deleted rows away with every commit that may."""
    database = DuckDbDatabase(None)
    _run(database, "SET GLOBAL checkpoint_threshold = '1KB'")
    _run(database, "CREATE TABLE line (line_id VARCHAR PRIMARY KEY, kind VARCHAR, text VARCHAR, more VARCHAR)")
    yield database
    database.close()


def _run(database: DuckDbDatabase, sql: str, *values: str) -> list[tuple[object, ...]]:
    cursor = database.cursor()
    try:
        rows: list[tuple[object, ...]] = cursor.execute(sql, list(values)).fetchall()
        return rows
    finally:
        cursor.close()


def _fill(database: DuckDbDatabase) -> None:
    """Rows behind others that are deleted: the next commit may move them into their place."""
    _run(database, "DELETE FROM line")
    for number in range(ROWS):
        _run(database, "INSERT INTO line VALUES ($1, 'gone', '', '')", f"A{number}")
    for number in range(ROWS):
        _run(database, "INSERT INTO line VALUES ($1, $2, 'x', 'y')", f"B{number}", "kept" if number == 1 else "other")
    _run(database, "DELETE FROM line WHERE kind = 'gone'")


class _Query:
    """A query that has seen where its row is, and goes on once the commit beside it has ended."""

    def __init__(self, database: DuckDbDatabase, committed: threading.Event) -> None:
        self._cursor = database.cursor()
        self._committed = committed
        self.place: int | None = None
        self._cursor.create_function("looked_at", self._look, [BIGINT], BOOLEAN, side_effects=True)

    def _look(self, place: int) -> bool:
        self.place = place
        self._committed.wait(timeout=30)
        return True

    def run(self) -> list[tuple[object, ...]]:
        try:
            rows: list[tuple[object, ...]] = self._cursor.execute(FIRST).fetchall()
            return rows
        finally:
            self._cursor.remove_function("looked_at")
            self._cursor.close()


def _find_during_a_commit(database: DuckDbDatabase) -> tuple[list[tuple[object, ...]], bool]:
    """What a query gives that is under way while a commit ends, and whether that has moved its row meanwhile."""
    committed = threading.Event()

    def commit() -> None:
        try:
            _run(database, "INSERT INTO line VALUES ('C', 'other', '', '')")
        finally:
            committed.set()

    _run(database, "SET GLOBAL debug_checkpoint_scan_sleep_ms = 20")  # of each table, before its rows are moved
    writer = threading.Thread(target=commit)
    writer.start()
    committed.wait(timeout=0.01)  # it has stored its row, and clears away
    query = _Query(database, committed)
    try:
        found = query.run()
    finally:
        writer.join()
    _run(database, "SET GLOBAL debug_checkpoint_scan_sleep_ms = 0")
    ((place,),) = _run(database, "SELECT rowid FROM line WHERE kind = 'kept'")
    return found, query.place != place


def test_a_query_finds_its_row_though_a_commit_moves_it_meanwhile(database: DuckDbDatabase) -> None:
    for _ in range(TRIES):  # on a busy machine the query may come too early or too late to be met
        _fill(database)
        found, moved = _find_during_a_commit(database)
        assert found == [("B1", "kept", "x", "y")]
        if moved:
            return
    pytest.fail("no commit has moved a row under a query; this test has seen nothing")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM line WHERE kind = 'kept' ORDER BY line_id LIMIT 1",
        "SELECT * FROM line WHERE kind = 'kept' LIMIT 1 OFFSET 1",
        "SELECT * FROM line QUALIFY row_number() OVER (PARTITION BY kind ORDER BY line_id) = 1",
    ],
)
def test_no_query_looks_for_a_row_at_the_place_where_it_was(database: DuckDbDatabase, sql: str) -> None:
    _fill(database)
    ((_, plan),) = _run(database, f"EXPLAIN {sql}")
    assert str(plan).count("Seq Scan") == 1
    assert "rowid" not in str(plan)
