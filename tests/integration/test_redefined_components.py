"""Components redefined by name: what is kept, what is made anew, what is gone."""

# Annotations are evaluated at once in this module, so that components may be defined inside tests.

from collections.abc import Iterator

import pytest

from recq_nb import (
    Key,
    NoHandlerError,
    ReadModel,
    Session,
    Table,
    aggregate,
    aggregate_command_handler,
    event_handler,
    event_sourcing_handler,
    projector,
)
from tests.domains import tally, todo_list
from tests.domains.tally import (
    TallyAddCommand,
    TallyAddedEvent,
    TallyAggregate,
    TallyOpenCommand,
    TallyOpenedEvent,
    TallyProjector,
    TallyState,
)
from tests.integration.tally_model import WAIT, settle, total


@pytest.fixture
def session() -> Iterator[Session]:
    """A session with one tally of five."""
    with Session() as running:
        running.register(tally)
        running.send(TallyOpenCommand(identifier="A")).result(WAIT)
        running.send(TallyAddCommand(identifier="A", amount=5)).result(WAIT)
        settle(running)
        yield running


def test_registering_says_what_became_of_each_name(session: Session) -> None:
    again = session.register(tally)
    more = session.register(todo_list)

    changes = {entry.name: (entry.change, entry.rebuilt) for entry in again.entries}
    assert changes["TallyProjector"] == changes["TallyAggregate"] == ("unchanged", False)
    assert {entry.change for entry in more.entries} == {"new"}


def test_a_projector_of_the_same_source_goes_on_where_it_was(session: Session) -> None:
    session.sql("update tally_row set total = 1000", write=True)  # a replay would undo it

    session.register(TallyProjector)

    settle(session)
    assert total(session) == 1000


def test_a_projector_of_a_new_version_is_replayed(session: Session) -> None:
    session.sql("update tally_row set total = 1000", write=True)
    newer = projector(version=2)(type("TallyProjector", (TallyProjector,), {}))

    session.register(newer)

    settle(session)
    assert total(session) == 5
    assert [consumer.consumer_id for consumer in session.status().consumers] == ["TallyProjector_2_*"]


def test_a_rebuild_forgets_columns_the_row_class_no_longer_has(session: Session) -> None:
    class TallyRow(ReadModel):
        identifier: Key[str]
        sum: int = 0

    @projector
    class TallyProjector:
        @event_handler
        def added(self, event: TallyAddedEvent, rows: Table[TallyRow]) -> None:
            rows.upsert(TallyRow(identifier=event.identifier, sum=event.amount))

    session.unregister("TallyProjection")
    session.register(TallyProjector)
    settle(session)

    assert session.sql("from tally_row").df().to_dict("records") == [{"identifier": "A", "sum": 5}]


def test_an_aggregate_of_other_source_folds_its_history_anew(session: Session) -> None:
    @aggregate(snapshot_frequency=1)
    class Tripling(TallyAggregate):
        @aggregate_command_handler
        def add(self, command: TallyAddCommand, state: TallyState) -> TallyAddedEvent:
            return TallyAddedEvent(identifier=command.identifier, amount=state.total)

        @event_sourcing_handler
        def added(self, event: TallyAddedEvent, state: TallyState) -> None:
            state.total += 3 * event.amount

    Tripling.__name__ = "TallyAggregate"
    session.register(Tripling)

    added = session.send(TallyAddCommand(identifier="A")).result(WAIT)

    assert added.event == TallyAddedEvent(identifier="A", amount=15)


def test_a_handler_that_was_removed_is_gone(session: Session) -> None:
    class TallyAggregate:
        @aggregate_command_handler(init=True)
        def open(self, command: TallyOpenCommand) -> TallyOpenedEvent:
            return TallyOpenedEvent(identifier=command.identifier)

    session.register(aggregate(TallyAggregate))

    with pytest.raises(NoHandlerError):
        session.send(TallyAddCommand(identifier="A")).result(WAIT)


def test_a_projector_that_is_gone_consumes_nothing_and_returns_where_it_was(session: Session) -> None:
    session.unregister("TallyProjector")
    session.send(TallyAddCommand(identifier="A", amount=7)).result(WAIT)
    settle(session)
    meanwhile = session.sql("select total from tally_row").rows()

    session.register(TallyProjector)

    settle(session)
    assert meanwhile == [(5,)]
    assert total(session) == 12
