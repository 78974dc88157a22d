"""A commit that fails may have reached the disk all the same; what it says afterwards is what happened."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from recq_nb.adapters.duckdb.consumer_state_store import DuckDbConsumerStateStore, DuckDbConsumerTransaction
from recq_nb.adapters.duckdb.database import DuckDbDatabase
from recq_nb.errors import StoreError
from recq_nb.ports.consumer_state_store import ConsumerState

STATE = ConsumerState("TallyProjector_1_*", 7, "source", component="TallyProjector")


class FailingCommit:
    """A connection whose COMMIT fails, having done its work or not."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, *, reaches_the_disk: bool) -> None:
        self._connection = connection
        self._reaches_the_disk = reaches_the_disk

    def __getattr__(self, name: str) -> object:
        return getattr(self._connection, name)

    def execute(self, sql: str, parameters: object = None) -> object:
        if sql != "COMMIT":
            return self._connection.execute(sql, parameters)
        self._connection.execute("COMMIT" if self._reaches_the_disk else "ROLLBACK")
        raise duckdb.FatalException("the disk did not answer in time")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[DuckDbDatabase]:
    database = DuckDbDatabase(tmp_path / "store.duckdb")
    yield database
    database.close()


def begin(database: DuckDbDatabase, *, reaches_the_disk: bool) -> DuckDbConsumerTransaction:
    transaction = DuckDbConsumerStateStore(database, lambda: None).begin("TallyProjector")
    failing = FailingCommit(transaction._connection, reaches_the_disk=reaches_the_disk)
    transaction._connection = failing  # type: ignore[assignment]  # all that a transaction asks of it
    return transaction


def test_a_commit_that_has_reached_the_disk_is_no_failure(database: DuckDbDatabase) -> None:
    transaction = begin(database, reaches_the_disk=True)
    transaction.complete(STATE.consumer_id, 9)

    transaction.commit(STATE)

    cursor = database.cursor()
    assert cursor.execute("SELECT consumer_id, checkpoint FROM recq.consumers").fetchall() == [(STATE.consumer_id, 7)]
    cursor.close()


@pytest.mark.parametrize("states", [[STATE], []], ids=["a checkpoint", "an event ahead of it"])
def test_a_commit_that_has_not_is_one(database: DuckDbDatabase, states: list[ConsumerState]) -> None:
    before = begin(database, reaches_the_disk=True)
    before.commit(ConsumerState(STATE.consumer_id, 6, "source", component="TallyProjector"))
    transaction = begin(database, reaches_the_disk=False)
    transaction.complete(STATE.consumer_id, 9)

    with pytest.raises(StoreError, match="the disk did not answer"):
        transaction.commit(*states)

    transaction.rollback()
    cursor = database.cursor()
    assert cursor.execute("SELECT checkpoint FROM recq.consumers").fetchall() == [(6,)]
    assert cursor.execute("SELECT * FROM recq.completed_events").fetchall() == []
    cursor.close()


def test_a_start_that_failed_is_done_again_though_its_checkpoint_was_there_before(database: DuckDbDatabase) -> None:
    begin(database, reaches_the_disk=True).commit(STATE)
    transaction = begin(database, reaches_the_disk=False)
    transaction.reset([])

    with pytest.raises(StoreError, match="the disk did not answer"):
        transaction.commit(STATE)


def test_a_commit_of_nothing_that_can_be_looked_up_is_taken_at_its_word(database: DuckDbDatabase) -> None:
    with pytest.raises(StoreError):
        begin(database, reaches_the_disk=True).commit()
