"""Commands repeated by id are done once; bad input harms nobody."""

# Annotations are evaluated at once in this module, so that components may be defined inside tests.

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydantic import ValidationError

from recq_nb import (
    HandlerResultError,
    NoHandlerError,
    PayloadError,
    Query,
    Rejection,
    Session,
    View,
    aggregate,
    aggregate_command_handler,
    command_handler,
    reject,
    service,
)
from recq_nb.testing.clock import ManualClock, SequentialIds
from tests.domains import tally
from tests.domains.tally import (
    TallyAddCommand,
    TallyFindQuery,
    TallyOpenCommand,
    TallyOpenedEvent,
    TallyView,
)
from tests.integration.note_model import (
    NoteCommand,
    NotedEvent,
    StampCommand,
    StampedEvent,
    UnheardCommand,
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
