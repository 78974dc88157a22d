"""A registration that breaks a rule is refused whole; what was there goes on."""

# Annotations are evaluated at once in this module, so that components may be defined inside tests.

import asyncio
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from recq_nb import (
    AggregateId,
    CommandGateway,
    ComponentDefinitionError,
    DomainCommand,
    DomainEvent,
    DuplicateHandlerError,
    ModelingError,
    Query,
    Session,
    Table,
    View,
    aggregate,
    aggregate_command_handler,
    event_handler,
    projector,
)
from tests.domains import tally
from tests.domains.tally import (
    TallyAddCommand,
    TallyAddedEvent,
    TallyOpenCommand,
    TallyOpenedEvent,
    TallyRow,
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


def in_step(session: Session) -> Any:  # noqa: ANN401  a picture to compare
    """Everything a registration could leave behind."""
    status = session.status()
    return (
        status.payloads,
        status.components,
        [consumer.consumer_id for consumer in status.consumers],
        session._runtime.run(_tasks_of(session), "count"),
        len(session.sql("select * from duckdb_tables()")),
    )


def _tasks_of(session: Session) -> Callable[[], Any]:
    async def count() -> int:
        for _ in range(3):  # what has just ended leaves at the next turn of the loop
            await asyncio.sleep(0)
        return session._runtime.engine.running_tasks

    return count


class SomeCommand(DomainCommand):
    identifier: AggregateId


class SomeEvent(DomainEvent):
    identifier: str


class SomeView(View):
    pass


class SomeQuery(Query[SomeView]):
    pass


def a_second_handler() -> tuple[type, ...]:
    @aggregate
    class Rival:
        @aggregate_command_handler
        def add(self, command: TallyAddCommand) -> TallyAddedEvent:
            return TallyAddedEvent(identifier="x", amount=1)

    return (Rival,)


def a_projector_that_sends() -> tuple[type, ...]:
    @projector
    class Sending:
        @event_handler
        def added(self, event: TallyAddedEvent, commands: CommandGateway) -> None: ...

    return (Sending,)


def a_command_without_id() -> tuple[type, ...]:
    class LostCommand(DomainCommand):
        name: str

    return (LostCommand,)


def a_rival_for_a_table() -> tuple[type, ...]:
    @projector
    class Rival:
        @event_handler
        def added(self, event: TallyAddedEvent, rows: Table[TallyRow]) -> None: ...

    return (Rival,)


def a_component_named_like_a_payload() -> tuple[type, ...]:
    @projector
    class TallyAddedEvent:
        @event_handler
        def opened(self, event: TallyOpenedEvent) -> None: ...

    return (TallyAddedEvent,)


def two_classes_of_one_name() -> tuple[type, ...]:
    one = type("SomeEvent", (DomainEvent,), {})
    return (one, type("SomeEvent", (DomainEvent,), {}))


def a_constructor_nobody_can_fill() -> tuple[type, ...]:
    @projector
    class Needy:
        def __init__(self, thing: threading.Thread) -> None: ...

        @event_handler
        def opened(self, event: TallyOpenedEvent) -> None: ...

    return (Needy,)


def a_constructor_that_fails() -> tuple[type, ...]:
    @projector
    class Failing:
        def __init__(self) -> None:
            raise OSError("no network")

        @event_handler
        def opened(self, event: TallyOpenedEvent) -> None: ...

    return (Failing,)


def no_component_at_all() -> tuple[type, ...]:
    return (int,)


REFUSED: dict[Callable[[], tuple[type, ...]], type[BaseException]] = {
    a_second_handler: DuplicateHandlerError,
    a_projector_that_sends: ModelingError,
    a_command_without_id: ModelingError,
    a_rival_for_a_table: ComponentDefinitionError,
    a_component_named_like_a_payload: ComponentDefinitionError,
    two_classes_of_one_name: ComponentDefinitionError,
    a_constructor_nobody_can_fill: ModelingError,
    a_constructor_that_fails: OSError,
    no_component_at_all: ComponentDefinitionError,
}


@pytest.mark.parametrize("definitions", REFUSED, ids=lambda make: make.__name__)
def test_a_refused_registration_changes_nothing(session: Session, definitions: Callable[[], tuple[type, ...]]) -> None:
    before = in_step(session)

    with pytest.raises(REFUSED[definitions]) as refused:
        session.register(SomeCommand, SomeEvent, *definitions())

    if isinstance(refused.value, ModelingError):
        assert refused.value.remedy
    assert in_step(session) == before
    session.send(TallyAddCommand(identifier="A")).result(WAIT)
    assert total(session) == 6
