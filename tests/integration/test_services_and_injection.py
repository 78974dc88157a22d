"""Service commands, what handlers are given, and errors that read well."""

# Annotations are evaluated at once in this module, so that components may be defined inside tests.

import asyncio
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from recq_nb import (
    CommandMessage,
    EventMessage,
    HandlerResultError,
    Metadata,
    RecqError,
    Session,
    aggregate,
    aggregate_command_handler,
    command_handler,
    event_sourcing_handler,
    service,
)
from recq_nb.modeling.injection import Injector
from recq_nb.testing.clock import ManualClock, SequentialIds
from tests.domains import tally
from tests.domains.tally import (
    TallyAddCommand,
    TallyFindQuery,
    TallyOpenCommand,
    TallyState,
)
from tests.integration.note_model import (
    NoteCommand,
    NotedEvent,
    NoteState,
    StampCommand,
    StampedEvent,
    UnheardCommand,
    error_of,
    send,
)

WAIT = 30.0


@pytest.fixture
def clock() -> ManualClock:
    """A clock that stands still."""
    return ManualClock()


@pytest.fixture
def session(clock: ManualClock) -> Iterator[Session]:
    """A session in which nothing depends on the machine's time, with the tally system."""
    with Session(clock=clock, ids=SequentialIds(), metadata={"user": "ada"}) as running:
        running.register(tally)
        yield running


# -- services ----------------------------------------------------------------------------------------------------------


def test_a_service_publishes_its_event_under_its_lock_id(session: Session) -> None:
    @service
    class Stamping:
        @command_handler
        def stamp(self, command: StampCommand, sent: datetime, metadata: Metadata) -> StampedEvent:
            return StampedEvent(text=f"{command.text} {sent.year} {metadata['user']}")

    session.register(Stamping, StampedEvent)

    stamped = session.send(StampCommand(account="acc", text="x")).result(WAIT)

    assert stamped.event == StampedEvent(text="x 2030 ada")
    assert (stamped.aggregate_id, stamped.version, stamped.sequence_number) == ("acc", 0, 1)


@pytest.mark.parametrize("result", [NotedEvent(identifier="A"), "done", 5, [StampedEvent(text="x")]], ids=repr)
def test_a_service_returns_a_service_event_or_nothing(session: Session, result: Any) -> None:  # noqa: ANN401  that is the mistake
    @service
    class Stamping:
        @command_handler
        def stamp(self, command: StampCommand):  # type: ignore[no-untyped-def]  # noqa: ANN202  untyped as in a notebook
            return result

    session.register(Stamping, NotedEvent, StampedEvent)

    error = error_of(session.send(StampCommand()).result)

    assert isinstance(error, HandlerResultError)
    assert "a service command ends with one service event or None" in error.problem


# -- injection ---------------------------------------------------------------------------------------------------------


class Ledger:
    """An object from outside."""

    def __init__(self) -> None:
        self.lines: list[str] = []


@pytest.mark.parametrize("how", ["mapping", "function"])
def test_objects_from_the_injector_reach_constructors_and_handlers(how: str) -> None:
    ledger = Ledger()

    @service
    class Stamping:
        def __init__(self, ledger: Ledger, prefix: str = "-") -> None:
            self.ledger = ledger
            self.prefix = prefix

        @command_handler
        def stamp(self, command: StampCommand, given: Ledger, *, also: Ledger) -> None:
            assert given is also is self.ledger
            given.lines.append(f"{self.prefix} {command.text}")

    known: dict[type, object] = {Ledger: ledger}
    injector: Injector = known if how == "mapping" else known.get
    with Session(injector=injector) as session:
        session.register(Stamping)
        session.send(StampCommand(text="x")).result(WAIT)

    assert ledger.lines == ["- x"]


def test_async_and_plain_handlers_of_aggregates_decide_alike(session: Session) -> None:
    @aggregate
    class Noting:
        @aggregate_command_handler(init=True)
        async def start(self, command: TallyOpenCommand, sent: datetime) -> NotedEvent:
            await asyncio.sleep(0)
            return NotedEvent(identifier=command.identifier, text=str(sent.year))

        @aggregate_command_handler
        async def note(self, command: NoteCommand, state: NoteState | None, message: CommandMessage) -> NotedEvent:
            assert state is not None
            return NotedEvent(identifier=command.identifier, text=f"{state.texts} {message.name}")

        @event_sourcing_handler
        def noted(self, event: NotedEvent, state: NoteState, message: EventMessage, metadata: Metadata) -> NoteState:
            return NoteState(texts=[*state.texts, f"{event.text}@{message.version} {metadata['user']}"])

    session.unregister("TallyAggregate")
    session.register(Noting)

    found = send(session, TallyOpenCommand(identifier="A"), NoteCommand(identifier="A"))

    assert [one.event for one in found] == [
        NotedEvent(identifier="A", text="2030"),
        NotedEvent(identifier="A", text="['2030@1 ada'] NoteCommand"),
    ]


def test_error_messages_name_who_did_what_and_what_to_do(session: Session) -> None:
    errors: list[BaseException] = [
        error_of(session.send(TallyAddCommand(identifier="nobody")).result),
        error_of(session.send(UnheardCommand()).result),
        error_of(lambda: session.invoker("Nobody")),
        error_of(lambda: session.unregister("Nobody")),
        error_of(lambda: session.query(TallyFindQuery(identifier="A"), after="x")),  # type: ignore[arg-type]  # that is the mistake
    ]

    for error in errors:
        assert isinstance(error, RecqError)
        assert error.remedy
        assert error._render_traceback_() == [f"{type(error).__name__}: {error.problem}\n  → {error.remedy}"]
    assert TallyState().total == 0
