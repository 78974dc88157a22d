"""Reading many rows by key in one transaction: the same answers, however the table gets them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol, cast

import pytest

from recq_nb import Key, ReadModel, Table
from recq_nb.adapters.duckdb.consumer_state_store import DuckDbConsumerStateStore, DuckDbConsumerTransaction
from recq_nb.adapters.duckdb.database import DuckDbDatabase
from recq_nb.modeling.read_model import define_read_model

ROWS = 500


class CountRow(ReadModel):
    name: Key[str]
    shard: Key[int]
    count: int


class Runs(Protocol):
    def execute(self, query: str) -> object: ...


DEFINITION = define_read_model(CountRow)


@pytest.fixture
def states(tmp_path: Path) -> Iterator[DuckDbConsumerStateStore]:
    database = DuckDbDatabase(tmp_path / "rows.duckdb")
    store = DuckDbConsumerStateStore(database, lambda: None)
    transaction = store.begin("CountProjector")
    transaction.prepare([DEFINITION])
    rows_of(transaction).upsert(*(CountRow(name=f"row {n}", shard=n % 3, count=n) for n in range(ROWS)))
    transaction.commit()
    yield store
    database.close()


def rows_of(transaction: DuckDbConsumerTransaction) -> Table[CountRow]:
    return cast("Table[CountRow]", transaction.table(DEFINITION))


def read_all(rows: Table[CountRow]) -> list[int | None]:
    found = [rows.get(f"row {n}", n % 3) for n in range(ROWS)]
    return [None if row is None else row.count for row in found]


def test_rows_read_one_after_the_other_are_those_of_the_table_and_unknown_keys_have_none(
    states: DuckDbConsumerStateStore,
) -> None:
    rows = rows_of(states.begin("CountProjector"))

    assert read_all(rows) == list(range(ROWS))
    assert rows.get("row 0", 1) is None
    assert rows.get("nobody", 0) is None


def test_reads_see_what_the_transaction_wrote_before_and_between_them(states: DuckDbConsumerStateStore) -> None:
    transaction = states.begin("CountProjector")
    rows = rows_of(transaction)
    rows.update("row 1", 1, count=-1)
    rows.delete("row 2", 2)
    read_all(rows)
    rows.update("row 3", 0, count=-3)
    rows.delete("row 4", 1)
    rows.upsert(CountRow(name="new", shard=0, count=7))
    assert rows.count() == ROWS - 1

    assert read_all(rows) == [0, -1, None, -3, None, *range(5, ROWS)]
    assert rows.get("new", 0) == CountRow(name="new", shard=0, count=7)


def test_reads_see_what_the_handler_wrote_with_sql(states: DuckDbConsumerStateStore) -> None:
    transaction = states.begin("CountProjector")
    rows = rows_of(transaction)
    read_all(rows)

    cast("Runs", transaction.connection()).execute("UPDATE count_row SET count = 0")

    assert read_all(rows) == [0] * ROWS


def test_after_clearing_there_is_no_row_to_read(states: DuckDbConsumerStateStore) -> None:
    rows = rows_of(states.begin("CountProjector"))
    read_all(rows)

    rows.clear()

    assert read_all(rows) == [None] * ROWS
