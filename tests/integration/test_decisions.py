"""Commands decided by aggregates: confirmations, the life cycle, the one-event rule, untouched state."""

# Annotations are evaluated at once in this module, so that components may be defined inside tests.

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from recq_nb import (
    AggregateAlreadyInitializedError,
    AggregateDeletedError,
    AggregateNotInitializedError,
    CommandGateway,
    CommandMessage,
    Confirmation,
    DomainCommand,
    DomainEvent,
    EventMessage,
    HandlerResultError,
    Rejection,
    Session,
    StateMutationError,
    aggregate,
    aggregate_command_handler,
    command_handler,
    event_handler,
    event_sourcing_handler,
    projector,
    reject,
    service,
)
from recq_nb.testing.clock import START, ManualClock, SequentialIds
from tests.domains import tally
from tests.domains.tally import (
    TallyAddCommand,
    TallyAddedEvent,
    TallyAggregate,
    TallyCloseCommand,
    TallyOpenCommand,
    TallyOpenedEvent,
)
from tests.integration.note_model import (
    NoteCommand,
    NotedEvent,
    NoteState,
    OtherEvent,
    StampCommand,
    StampedEvent,
    error_of,
    events_in,
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


# -- confirmations -----------------------------------------------------------------------------------------------------


def test_a_confirmation_carries_the_stored_event_and_its_place(session: Session) -> None:
    send(session, TallyOpenCommand(identifier="A"))

    reply = session.send(TallyAddCommand(identifier="A", amount=2), command_id="c-1", metadata={"page": 3})

    assert reply.result(WAIT) == Confirmation(
        command_id="c-1",
        correlation_id="c-1",
        event_name="TallyAddedEvent",
        event_id="id-3",
        sequence_number=2,
        aggregate_id="A",
        version=2,
        event=TallyAddedEvent(identifier="A", amount=2),
        timestamp=START,
    )
    rows = session.sql("from recq.events where sequence_number = 2").df().to_dict("records")
    assert [{**row, "timestamp": row["timestamp"].to_pydatetime()} for row in rows] == [
        {
            "sequence_number": 2,
            "event_id": "id-3",
            "event_name": "TallyAddedEvent",
            "aggregate_id": "A",
            "version": 2,
            "context": "default",
            "timestamp": START,
            "payload": '{"identifier":"A","amount":2}',
            "metadata": '{"user":"ada","page":3}',
            "correlation_id": "c-1",
            "causation_id": "c-1",
            "command_id": "c-1",
            "sender": "TallyAggregate",
        }
    ]


def test_correlation_causation_and_metadata_go_from_a_command_to_all_it_causes(session: Session) -> None:
    seen: list[CommandMessage | EventMessage] = []

    @service
    class Stamping:
        @command_handler
        async def stamp(self, command: StampCommand, message: CommandMessage, commands: CommandGateway) -> StampedEvent:
            seen.append(message)
            await commands.send(TallyOpenCommand(identifier="nested"), metadata={"step": 2})
            return StampedEvent(text=command.text)

    @projector
    class Watching:
        @event_handler
        def opened(self, event: TallyOpenedEvent, message: EventMessage) -> None:
            seen.append(message)

    session.register(Stamping, Watching, StampedEvent)

    session.send(StampCommand(text="x"), command_id="outer", metadata={"step": 1}).result(WAIT)
    session.settled(timeout=WAIT).result(WAIT)

    outer, event = seen
    assert (outer.message_id, outer.correlation_id, outer.causation_id, outer.sender) == ("outer", "outer", "outer", "")
    assert dict(outer.metadata) == {"user": "ada", "step": 1}
    assert isinstance(event, EventMessage)
    assert (event.correlation_id, event.sender) == ("outer", "TallyAggregate")
    assert event.causation_id not in ("outer", event.message_id)
    assert dict(event.metadata) == {"user": "ada", "step": 2}
    flow = session.sql("select distinct correlation_id from recq.events").rows()
    assert flow == [("outer",)]


def test_a_reply_is_awaited_without_blocking_its_loop(session: Session) -> None:
    async def many() -> list[int]:
        await session.send(TallyOpenCommand(identifier="A"))
        confirmations = await asyncio.gather(*(session.send(TallyAddCommand(identifier="A")) for _ in range(100)))
        return [confirmation.version for confirmation in confirmations]

    assert asyncio.run(many()) == list(range(2, 102))


# -- life cycle and rules ----------------------------------------------------------------------------------------------


def test_a_rejection_is_a_decision_with_code_and_text_and_stores_nothing(session: Session) -> None:
    send(session, TallyOpenCommand(identifier="A"))

    with pytest.raises(Rejection) as refused:
        session.send(TallyAddCommand(identifier="A", amount=-1)).result(WAIT)

    assert (refused.value.code, refused.value.text) == ("tally.negative", "a tally of 0 only grows")
    assert str(refused.value) == "[tally.negative] a tally of 0 only grows"
    assert events_in(session) == [("A", 1, "TallyOpenedEvent")]


def test_an_init_command_needs_an_empty_history(session: Session) -> None:
    send(session, TallyOpenCommand(identifier="A"), TallyAddCommand(identifier="A"))

    error = error_of(session.send(TallyOpenCommand(identifier="A")).result)

    assert isinstance(error, AggregateAlreadyInitializedError)
    assert error.problem == "TallyOpenCommand would start 'A', which already has 2 events."
    assert len(events_in(session)) == 2


def test_every_other_command_needs_a_history(session: Session) -> None:
    error = error_of(session.send(TallyAddCommand(identifier="nobody")).result)

    assert isinstance(error, AggregateNotInitializedError)
    assert error.problem == "TallyAddCommand addresses 'nobody', which has no history."
    assert events_in(session) == []


@pytest.mark.parametrize("frequency", [None, 1, 2])
def test_a_deleted_aggregate_refuses_everything_for_ever(frequency: int | None, tmp_path: Any) -> None:  # noqa: ANN401  pytest's path
    """Also where a snapshot coincides with the deleting event, and from a cold start."""
    component = aggregate(snapshot_frequency=frequency)(type("TallyAggregate", (TallyAggregate,), {}))
    everything = [TallyOpenCommand(identifier="A"), TallyAddCommand(identifier="A"), TallyCloseCommand(identifier="A")]
    refusals: list[BaseException] = []
    with Session(tmp_path / "tally.duckdb") as session:
        session.register(component)
        send(session, everything[0], everything[2])
        refusals += [error_of(session.send(command).result) for command in everything]

    with Session(tmp_path / "tally.duckdb") as session:
        session.register(component)
        refusals += [error_of(session.send(command).result) for command in everything]

    assert [type(error) for error in refusals] == [AggregateDeletedError] * 6
    assert str(refusals[0]).startswith("TallyOpenCommand addresses 'A', which is deleted.")


RESULTS: dict[str, tuple[Callable[[], object], str]] = {
    "None": (lambda: None, "returned nothing"),
    "a list": (lambda: [NotedEvent(identifier="A")], "returned a list"),
    "an iterator": (lambda: iter([]), "returned a list_iterator"),
    "a foreign type": (lambda: "noted", "returned a str"),
    "the class": (lambda: NotedEvent, "returned a ModelMetaclass"),
    "a service event": (lambda: StampedEvent(text=""), "returned a StampedEvent"),
    "a command": (lambda: NoteCommand(identifier="A"), "returned a NoteCommand"),
    "an unregistered event": (OtherEvent, "returned a OtherEvent, which is not registered"),
    "the base": (DomainEvent, "returned a DomainEvent"),
}


@pytest.mark.parametrize("result", RESULTS)
def test_an_accepted_command_publishes_exactly_one_event(session: Session, result: str) -> None:
    make, problem = RESULTS[result]

    @aggregate
    class Noting:
        @aggregate_command_handler(init=True)
        def note(self, command: NoteCommand):  # type: ignore[no-untyped-def]  # noqa: ANN202  untyped as in a notebook
            return make()

    session.register(Noting, NotedEvent)

    error = error_of(session.send(NoteCommand(identifier="A")).result)

    assert isinstance(error, HandlerResultError)
    assert problem in error.problem
    assert error.remedy
    assert events_in(session) == []


def test_a_command_handler_that_changes_state_is_found_out_and_the_state_is_not_spoiled(session: Session) -> None:
    @aggregate
    class Noting:
        @aggregate_command_handler(init=True)
        def start(self, command: TallyOpenCommand) -> NotedEvent:
            return NotedEvent(identifier=command.identifier)

        @aggregate_command_handler
        def note(self, command: NoteCommand, state: NoteState) -> NotedEvent:
            if command.text == "mutate":
                state.texts.append("mutated")
            if command.text == "mutate and reject":
                state.texts.append("mutated")
                reject("note.no", "no")
            if command.text == "tell":
                reject("note.state", ",".join(state.texts))
            return NotedEvent(identifier=command.identifier, text=command.text)

        @event_sourcing_handler
        def noted(self, event: NotedEvent, state: NoteState) -> None:
            state.texts.append(event.text)

    session.unregister("TallyAggregate")
    session.register(Noting)
    send(session, TallyOpenCommand(identifier="A"))

    found = [
        error_of(session.send(NoteCommand(identifier="A", text=f"mutate{more}")).result) for more in ("", " and reject")
    ]
    told = error_of(session.send(NoteCommand(identifier="A", text="tell")).result)

    assert [type(error) for error in found] == [StateMutationError] * 2
    assert "Noting.note changed the state of 'A' while deciding NoteCommand" in str(found[0])
    assert isinstance(told, Rejection)
    assert told.text == ""


def test_commands_decided_after_a_spoiled_state_see_what_is_being_stored(session: Session) -> None:
    """All at once: an event that is not stored yet, a handler that spoils the state, and another command."""

    @aggregate
    class Noting:
        @aggregate_command_handler(init=True)
        def start(self, command: TallyOpenCommand) -> NotedEvent:
            return NotedEvent(identifier=command.identifier)

        @aggregate_command_handler
        def note(self, command: NoteCommand, state: NoteState) -> NotedEvent:
            if command.text == "mutate":
                state.texts.append("mutated")
            return NotedEvent(identifier=command.identifier, text=command.text)

        @event_sourcing_handler
        def noted(self, event: NotedEvent, state: NoteState) -> None:
            if event.text == "fails":
                state.texts.append("spoiled")
                raise ValueError("my bug")
            state.texts.append(event.text)

    session.unregister("TallyAggregate")
    session.register(Noting)
    outcomes: dict[str, object] = {}

    for place, text in enumerate(["mutate", "fails"]):
        name = f"A{place}"
        commands: list[DomainCommand] = [
            TallyOpenCommand(identifier=name),
            NoteCommand(identifier=name, text="first"),
            NoteCommand(identifier=name, text=text),
            NoteCommand(identifier=name, text="second"),
            NoteCommand(identifier=name, text="third"),
        ]
        replies = session._runtime.run(_sending(session, commands), "send at once")
        outcomes[text] = [_outcome(reply) for reply in replies]

    assert outcomes == {"mutate": [1, 2, StateMutationError, 3, 4], "fails": [1, 2, ValueError, 3, 4]}


def _sending(session: Session, commands: list[DomainCommand]) -> Callable[[], Any]:
    async def sending() -> list[Any]:
        return [session.send(command) for command in commands]

    return sending


def _outcome(reply: Any) -> object:  # noqa: ANN401  any reply
    try:
        return reply.result(WAIT).version
    except Exception as error:  # noqa: BLE001  the error is what is asked for
        return type(error)
