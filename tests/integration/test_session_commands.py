"""Commands: what is confirmed, what is refused and how, and that nothing is ever done twice."""

# Annotations are evaluated at once in this module, so that components may be defined inside tests.

import asyncio
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from pydantic import ValidationError

from recq_nb import (
    AggregateAlreadyInitializedError,
    AggregateDeletedError,
    AggregateId,
    AggregateNotInitializedError,
    AggregateState,
    CommandGateway,
    CommandMessage,
    Confirmation,
    DomainCommand,
    DomainEvent,
    EventMessage,
    HandlerResultError,
    LockId,
    Metadata,
    NoHandlerError,
    PayloadError,
    Query,
    RecqError,
    Rejection,
    ServiceCommand,
    ServiceEvent,
    Session,
    StateMutationError,
    View,
    aggregate,
    aggregate_command_handler,
    command_handler,
    event_handler,
    event_sourcing_handler,
    projector,
    reject,
    service,
)
from recq_nb.modeling.injection import Injector
from recq_nb.testing.clock import START, ManualClock, SequentialIds
from tests.domains import tally
from tests.domains.tally import (
    TallyAddCommand,
    TallyAddedEvent,
    TallyAggregate,
    TallyCloseCommand,
    TallyFindQuery,
    TallyOpenCommand,
    TallyOpenedEvent,
    TallyState,
    TallyView,
)

WAIT = 30.0


class NoteCommand(DomainCommand):
    identifier: AggregateId
    text: str = ""


class NotedEvent(DomainEvent):
    identifier: str
    text: str = ""


class OtherEvent(DomainEvent):
    identifier: str = ""


class StampCommand(ServiceCommand):
    account: LockId | None = None
    text: str = ""


class StampedEvent(ServiceEvent):
    text: str


class NoteState(AggregateState):
    texts: list[str] = []  # noqa: RUF012  pydantic copies it


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


def send(session: Session, *commands: DomainCommand | ServiceCommand) -> list[Confirmation]:
    return [session.send(command).result(WAIT) for command in commands]


def error_of(act: Callable[[], object]) -> BaseException:
    with pytest.raises(BaseException) as raised:  # noqa: PT011  the test looks at it
        act()
    return raised.value


def events_in(session: Session) -> list[tuple[object, ...]]:
    return session.sql("select aggregate_id, version, event_name from recq.events order by sequence_number").rows()


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


# -- once and only once ------------------------------------------------------------------------------------------------


def test_a_command_repeated_by_id_gets_its_first_outcome(session: Session) -> None:
    send(session, TallyOpenCommand(identifier="A"))

    first = session.send(TallyAddCommand(identifier="A", amount=1), command_id="c").result(WAIT)
    again = session.send(TallyAddCommand(identifier="A", amount=100), command_id="c").result(WAIT)

    assert again == first
    assert len(events_in(session)) == 2


def test_a_command_repeated_while_it_is_in_flight_is_done_once(session: Session) -> None:
    done: list[str] = []
    gate = threading.Event()

    @service
    class Stamping:
        @command_handler
        def stamp(self, command: StampCommand) -> StampedEvent:
            assert gate.wait(WAIT)
            done.append(command.text)
            return StampedEvent(text=command.text)

    session.register(Stamping, StampedEvent)

    replies = [session.send(StampCommand(text="x"), command_id="c") for _ in range(20)]
    gate.set()

    assert len({reply.result(WAIT) for reply in replies}) == 1
    assert done == ["x"]


def test_a_service_command_without_event_is_done_once_too_also_after_a_restart(tmp_path: Any) -> None:  # noqa: ANN401  pytest's path
    done: list[str] = []

    @service
    class Stamping:
        @command_handler
        def stamp(self, command: StampCommand) -> None:
            done.append(command.text)

    confirmations = []
    for _ in range(2):
        with Session(tmp_path / "stamps.duckdb") as session:
            session.register(Stamping)
            confirmations += [session.send(StampCommand(text="x"), command_id="c").result(WAIT) for _ in range(2)]

    assert done == ["x"]
    assert len(set(confirmations)) == 1
    assert (confirmations[0].event, confirmations[0].event_name, confirmations[0].sequence_number) == (None, "", 0)


def test_an_outcome_survives_a_restart(tmp_path: Any) -> None:  # noqa: ANN401  pytest's path
    found = []
    for _ in range(2):
        with Session(tmp_path / "tally.duckdb") as session:
            session.register(tally)
            found.append(session.send(TallyOpenCommand(identifier="A"), command_id="c").result(WAIT))

    assert found[0] == found[1]


@pytest.mark.parametrize("remembers", [False, True])
def test_a_rejection_is_repeated_only_where_the_handler_remembers_it(tmp_path: Any, *, remembers: bool) -> None:  # noqa: ANN401  pytest's path
    open_now = threading.Event()
    outcomes: list[object] = []

    @service
    class Stamping:
        @command_handler(remember_rejections=remembers)
        def stamp(self, command: StampCommand) -> None:
            if not open_now.is_set():
                reject("stamp.closed", "come back later")

    for restart in (False, True):
        with Session(tmp_path / "stamps.duckdb") as session:
            session.register(Stamping)
            for _ in range(2):
                try:
                    outcomes.append(session.send(StampCommand(), command_id="c").result(WAIT).command_id)
                except Rejection as rejection:
                    outcomes.append((rejection.code, rejection.text))
                open_now.set()
        assert restart in (False, True)

    rejected = ("stamp.closed", "come back later")
    assert outcomes == ([rejected] * 4 if remembers else [rejected, "c", "c", "c"])


@pytest.mark.parametrize(
    ("code", "text"), [("", "no code"), (None, "no code"), (5, "x"), ("a.b", None), ("a", "\ud800")]
)
def test_a_rejection_that_could_not_be_remembered_is_a_modelling_error(session: Session, code: Any, text: Any) -> None:  # noqa: ANN401  that is the mistake
    @service
    class Stamping:
        @command_handler(remember_rejections=True)
        def stamp(self, command: StampCommand) -> None:
            reject(code, text)

    session.register(Stamping)

    errors = [error_of(session.send(StampCommand(), command_id="c").result) for _ in range(2)]

    assert [type(error) for error in errors] == [HandlerResultError] * 2
    assert send(session, TallyOpenCommand(identifier="A"))[0].version == 1


# -- bad input ---------------------------------------------------------------------------------------------------------


class UnheardCommand(ServiceCommand):
    pass


class PlainView(View):
    pass


class UnheardQuery(Query[PlainView]):
    pass


def test_what_nobody_handles_is_said_with_the_way_out(session: Session) -> None:
    errors = [error_of(session.send(UnheardCommand()).result), error_of(session.query(UnheardQuery()).result)]

    assert [type(error) for error in errors] == [NoHandlerError] * 2
    assert str(errors[0]) == (
        "nobody handles UnheardCommand now.\n"
        "  → Run the cell with the component that handles UnheardCommand, or check its name."
    )


@pytest.mark.parametrize(
    "thing",
    [
        None,
        5,
        "TallyOpenCommand",
        {"identifier": "A"},
        TallyOpenCommand,
        TallyOpenedEvent(identifier="A"),
        UnheardQuery(),
    ],
    ids=repr,
)
def test_only_commands_are_sent(session: Session, thing: Any) -> None:  # noqa: ANN401  that is the mistake
    with pytest.raises(PayloadError, match=r"send\(\) was given .*; it takes a command") as refused:
        session.send(thing)

    assert refused.value.remedy


@pytest.mark.parametrize("thing", [None, 5, TallyOpenCommand(identifier="A"), UnheardQuery, PlainView()], ids=repr)
def test_only_queries_are_asked(session: Session, thing: Any) -> None:  # noqa: ANN401  that is the mistake
    with pytest.raises(PayloadError, match=r"query\(\) was given .*; it takes a query"):
        session.query(thing)


@pytest.mark.parametrize("command_id", ["", 5, b"x", "\ud800", ["c"], "x\udfff"], ids=ascii)
def test_a_command_id_is_text(session: Session, command_id: Any) -> None:  # noqa: ANN401  that is the mistake
    with pytest.raises(PayloadError, match="command_id="):
        session.send(TallyOpenCommand(identifier="A"), command_id=command_id)

    assert send(session, TallyOpenCommand(identifier="A"))[0].version == 1


@pytest.mark.parametrize("metadata", [{"when": object()}, {5: "x"}, "text", {"x": float("nan")}], ids=repr)
def test_metadata_that_is_no_json_is_refused_at_the_door(session: Session, metadata: Any) -> None:  # noqa: ANN401  that is the mistake
    with pytest.raises(PayloadError, match="metadata maps strings to JSON values"):
        session.send(TallyOpenCommand(identifier="A"), metadata=metadata)


GARBAGE: dict[str, Callable[[], Any]] = {
    "no id": lambda: TallyAddCommand.model_construct(amount=1),  # type: ignore[call-arg]  # that is the mistake
    "an empty id": lambda: TallyAddCommand.model_construct(identifier=""),
    "an id that is no text": lambda: TallyAddCommand.model_construct(identifier=5),  # type: ignore[arg-type]
    "an id of None": lambda: TallyAddCommand.model_construct(identifier=None),  # type: ignore[arg-type]
    "an id with a lone surrogate": lambda: TallyAddCommand.model_construct(identifier="\ud800"),
    "an id that is a list": lambda: TallyAddCommand.model_construct(identifier=["A"]),  # type: ignore[arg-type]
    "an amount that is no number": lambda: TallyAddCommand.model_construct(identifier="A", amount="x"),  # type: ignore[arg-type]
    "a field that is missing": lambda: TallyAddCommand(identifier="A").model_copy(update={"amount": object()}),
}


@pytest.mark.parametrize("garbage", GARBAGE)
def test_a_command_made_past_its_constructor_harms_nobody(session: Session, garbage: str) -> None:
    send(session, TallyOpenCommand(identifier="A"))
    neighbours = [session.send(TallyAddCommand(identifier="A")) for _ in range(3)]
    bad = session.send(GARBAGE[garbage]())
    neighbours += [session.send(TallyAddCommand(identifier="A")) for _ in range(3)]

    error = error_of(lambda: bad.result(WAIT))

    assert isinstance(error, PayloadError | TypeError)
    assert [reply.result(WAIT).version for reply in neighbours] == [2, 3, 4, 5, 6, 7]
    view = session.query(TallyFindQuery(identifier="A"), after=neighbours[-1].result()).result(WAIT)
    assert view == TallyView(identifier="A", total=6)


@pytest.mark.parametrize("account", [5, "", "\ud800", ["x"]], ids=ascii)
def test_a_lock_id_made_past_its_constructor_harms_nobody(session: Session, account: Any) -> None:  # noqa: ANN401  that is the mistake
    @service
    class Stamping:
        @command_handler
        async def stamp(self, command: StampCommand) -> StampedEvent:
            return StampedEvent(text=command.text)

    session.register(Stamping, StampedEvent)

    bad = session.send(StampCommand.model_construct(account=account, text="x"))
    good = session.send(StampCommand(account="x", text="x"))

    assert isinstance(error_of(lambda: bad.result(WAIT)), PayloadError)
    assert good.result(WAIT).event == StampedEvent(text="x")


def test_an_event_made_past_its_constructor_harms_nobody(session: Session) -> None:
    events: dict[str, Callable[[], Any]] = {
        "wrong type": lambda: NotedEvent.model_construct(identifier=5),  # type: ignore[arg-type]
        "missing": lambda: NotedEvent.model_construct(text="x"),  # type: ignore[call-arg]  # that is the mistake
        "no context": lambda: NotedEvent.model_construct(identifier="A", context=None),  # type: ignore[arg-type]
        "surrogate": lambda: NotedEvent.model_construct(identifier="A", context="\ud800"),
        "surrogate text": lambda: NotedEvent.model_construct(identifier="A", text="\udfff"),
    }

    @aggregate
    class Noting:
        @aggregate_command_handler(init=True)
        def note(self, command: NoteCommand) -> NotedEvent:
            make = events.get(command.text)
            return make() if make else NotedEvent(identifier=command.identifier)

    session.register(Noting)

    bad = {name: session.send(NoteCommand(identifier=name, text=name)) for name in events}
    good = session.send(NoteCommand(identifier="A"))

    assert good.result(WAIT).version == 1
    assert {name: type(error_of(reply.result)) for name, reply in bad.items()} == dict.fromkeys(events, PayloadError)
    assert events_in(session) == [("A", 1, "NotedEvent")]


IDS = [
    "a b",
    "it's",
    'say "hi"',
    "ünïcødé 🦆",
    "'; drop table recq.events; --",
    "nul\0nul",
    "a\nb",
    "%_\\",
    "x" * 10_000,
]


@pytest.mark.parametrize("identifier", IDS, ids=lambda text: ascii(text[:20]))
def test_an_id_may_be_any_text(session: Session, identifier: str) -> None:
    *_, last = send(session, TallyOpenCommand(identifier=identifier), TallyAddCommand(identifier=identifier, amount=2))

    view = session.query(TallyFindQuery(identifier=identifier), after=last).result(WAIT)

    assert view == TallyView(identifier=identifier, total=2)
    assert [row[:2] for row in events_in(session)] == [(identifier, 1), (identifier, 2)]


def test_a_payload_of_ten_megabytes_is_refused_or_kept_whole(session: Session) -> None:
    @aggregate
    class Noting:
        @aggregate_command_handler(init=True)
        def note(self, command: NoteCommand) -> NotedEvent:
            return NotedEvent(identifier=command.identifier, text=command.text)

    text = "ü" * 5_000_000
    session.register(Noting)
    error = error_of(session.send(NoteCommand(identifier="A", text=text)).result)
    with Session(max_payload_bytes=20_000_000) as roomy:
        roomy.register(Noting)
        kept = roomy.send(NoteCommand(identifier="A", text=text)).result(WAIT)
        ((stored,),) = roomy.sql("select payload ->> 'text' from recq.events").rows()

    assert isinstance(error, PayloadError)
    assert "the limit is 4,194,304" in error.problem
    assert events_in(session) == []
    assert kept.event == NotedEvent(identifier="A", text=text)
    assert stored == text


def test_wrong_types_and_unknown_fields_are_pydantics_to_refuse() -> None:
    for values in ({"identifier": 5}, {"identifier": "A", "amount": "x"}, {"identifier": "A", "colour": "red"}, {}):
        with pytest.raises(ValidationError):
            TallyAddCommand(**values)


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
