"""Payload classes redefined: everything is read, decided and published with the newest."""

# Annotations are evaluated at once in this module, so that components may be defined inside tests.

from collections.abc import Iterator
from typing import Any

import pytest

from recq_nb import (
    AggregateId,
    DomainCommand,
    DomainEvent,
    PayloadError,
    Session,
    event_handler,
    projector,
)
from tests.domains import tally
from tests.domains.tally import (
    TallyAddCommand,
    TallyAddedEvent,
    TallyOpenCommand,
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


def newer_events() -> Any:  # noqa: ANN401  a class only mypy does not know
    class TallyAddedEvent(DomainEvent):
        identifier: str
        amount: int
        colour: str = "white"

    return TallyAddedEvent


def test_a_component_that_still_makes_the_older_class_publishes_the_newest(session: Session) -> None:
    newer = newer_events()
    seen: list[object] = []

    class Watching:
        @event_handler
        def added(self, event: newer) -> None:  # type: ignore[valid-type]  # made by a function
            seen.append(event)

    session.register(newer, projector(Watching))

    added = session.send(TallyAddCommand(identifier="A", amount=7)).result(WAIT)
    settle(session)

    assert added.event == newer(identifier="A", amount=7, colour="white")
    assert seen == [newer(identifier="A", amount=5), newer(identifier="A", amount=7)]
    assert total(session) == 12


def test_a_field_added_without_default_refuses_what_could_not_be_read_back(session: Session) -> None:
    class TallyAddedEvent(DomainEvent):
        identifier: str
        amount: int
        colour: str

    session.register(TallyAddedEvent)

    with pytest.raises(PayloadError, match="a stored TallyAddedEvent does not fit its class: colour") as refused:
        session.send(TallyAddCommand(identifier="A", amount=7)).result(WAIT)

    assert refused.value.remedy == "Give new fields of TallyAddedEvent a default, so that old events can still be read."
    assert session.status().head == 2


def test_a_command_made_with_the_older_class_is_taken_as_the_newest(session: Session) -> None:
    older = TallyAddCommand

    class Newer(DomainCommand):
        identifier: AggregateId
        amount: int = 1
        note: str = ""

    Newer.__name__ = "TallyAddCommand"
    session.register(Newer)

    added = session.send(older(identifier="A", amount=3)).result(WAIT)

    assert added.event == TallyAddedEvent(identifier="A", amount=3)


def test_a_command_of_an_older_class_that_no_longer_fits_says_so(session: Session) -> None:
    class Newer(DomainCommand):
        identifier: AggregateId
        amount: int = 1
        note: str

    Newer.__name__ = "TallyAddCommand"
    session.register(Newer)

    with pytest.raises(PayloadError, match="was made with an older definition of its class"):
        session.send(TallyAddCommand(identifier="A", amount=3))
