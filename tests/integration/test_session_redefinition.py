"""Redefinition by name: atomic, leaving nothing behind, with the log kept."""

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
    Key,
    ModelingError,
    NoHandlerError,
    PayloadError,
    Query,
    ReadModel,
    Session,
    Table,
    View,
    aggregate,
    aggregate_command_handler,
    event_handler,
    event_sourcing_handler,
    projection,
    projector,
    query_handler,
)
from tests.domains import tally, todo_list
from tests.domains.tally import (
    TallyAddCommand,
    TallyAddedEvent,
    TallyAggregate,
    TallyFindQuery,
    TallyOpenCommand,
    TallyOpenedEvent,
    TallyProjector,
    TallyRow,
    TallyState,
    TallyView,
)

WAIT = 30.0


@pytest.fixture
def session() -> Iterator[Session]:
    """A session with one tally of five."""
    with Session() as running:
        running.register(tally)
        running.send(TallyOpenCommand(identifier="A")).result(WAIT)
        running.send(TallyAddCommand(identifier="A", amount=5)).result(WAIT)
        settle(running)
        yield running


def settle(session: Session) -> None:
    session.settled(timeout=WAIT).result(WAIT)


def total(session: Session) -> object:
    after = session.status().head
    return session.query(TallyFindQuery(identifier="A"), after=after).result(WAIT).total


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


def test_fifty_registrations_leave_one(session: Session) -> None:
    before = in_step(session)
    threads = threading.active_count()

    for _ in range(50):
        session.register(tally)

    settle(session)
    assert in_step(session) == before
    assert threading.active_count() <= threads + 2
    session.send(TallyAddCommand(identifier="A")).result(WAIT)
    settle(session)
    assert total(session) == 6


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


def test_a_projector_of_other_source_is_replayed(session: Session) -> None:
    @projector
    class Doubling(TallyProjector):
        @event_handler
        def added(self, event: TallyAddedEvent, rows: Table[TallyRow]) -> None:
            row = rows.get(event.identifier)
            assert row is not None
            rows.update(event.identifier, total=row.total + 2 * event.amount)

    Doubling.__name__ = "TallyProjector"

    registered = session.register(Doubling)

    settle(session)
    assert [(entry.change, entry.rebuilt) for entry in registered.entries] == [("replaced", True)]
    assert total(session) == 10


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


def test_requests_in_flight_finish_on_the_old_code_and_later_ones_use_the_new(session: Session) -> None:
    gate = asyncio.Event()
    began = threading.Event()

    @aggregate
    class TallyAggregate(tally.TallyAggregate):
        @aggregate_command_handler(init=True)
        async def open(self, command: TallyOpenCommand) -> TallyOpenedEvent:  # type: ignore[override]  # it waits
            began.set()
            await gate.wait()
            return TallyOpenedEvent(identifier=command.identifier, context="old")

    older = TallyAggregate

    @aggregate
    class Newer(older):  # type: ignore[misc, valid-type]  # the one above
        @aggregate_command_handler(init=True)
        async def open(self, command: TallyOpenCommand) -> TallyOpenedEvent:
            return TallyOpenedEvent(identifier=command.identifier, context="new")

    Newer.__name__ = "TallyAggregate"
    session.register(older)
    slow = session.send(TallyOpenCommand(identifier="slow"))
    assert began.wait(WAIT)

    session.register(Newer)

    quick = session.send(TallyOpenCommand(identifier="quick")).result(WAIT)
    assert quick.event is not None
    session._runtime.engine.post(gate.set)
    confirmed = slow.result(WAIT)
    assert confirmed.event is not None
    assert (quick.event.context, confirmed.event.context) == ("new", "old")


def test_registering_again_and_again_loses_no_command(session: Session) -> None:
    stop = threading.Event()
    versions: list[int] = []
    errors: list[BaseException] = []

    def fire() -> None:
        while not stop.is_set():
            try:
                versions.append(session.send(TallyAddCommand(identifier="A")).result(WAIT).version)
            except BaseException as error:  # noqa: BLE001  the test shows it
                errors.append(error)
                return

    threads = [threading.Thread(target=fire) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(20):
        session.register(tally)
    stop.set()
    for thread in threads:
        thread.join(WAIT)
    settle(session)

    assert errors == []
    assert sorted(versions) == list(range(3, 3 + len(versions)))
    assert total(session) == 5 + len(versions)


# -- payloads ----------------------------------------------------------------------------------------------------------


def newer_events() -> Any:  # noqa: ANN401  a class only mypy does not know
    class TallyAddedEvent(DomainEvent):
        identifier: str
        amount: int
        colour: str = "white"

    return TallyAddedEvent


def test_a_field_added_with_a_default_is_read_from_older_events(session: Session) -> None:
    newer = newer_events()
    seen: list[object] = []

    class Watching:
        @event_handler
        def added(self, event: newer) -> None:  # type: ignore[valid-type]  # made by a function
            seen.append(event)

    session.register(newer, projector(Watching))
    settle(session)

    assert seen == [newer(identifier="A", amount=5, colour="white")]


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


# -- what is refused changes nothing -----------------------------------------------------------------------------------


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
    return (newer_events(), newer_events())


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


def test_a_handler_that_was_removed_is_gone(session: Session) -> None:
    class TallyAggregate:
        @aggregate_command_handler(init=True)
        def open(self, command: TallyOpenCommand) -> TallyOpenedEvent:
            return TallyOpenedEvent(identifier=command.identifier)

    session.register(aggregate(TallyAggregate))

    with pytest.raises(NoHandlerError):
        session.send(TallyAddCommand(identifier="A")).result(WAIT)


def test_what_an_origin_no_longer_defines_is_removed_with_it(session: Session) -> None:
    @projection
    class Answering:
        @query_handler
        def answer(self, query: SomeQuery) -> SomeView:
            return SomeView()

    session.register(SomeCommand, SomeQuery, SomeView, Answering, origin="cell 1")
    assert session.query(SomeQuery()).result(WAIT) == SomeView()

    registered = session.register(SomeCommand, origin="cell 1")

    assert {entry.name: entry.change for entry in registered.entries} == {
        "SomeCommand": "unchanged",
        "Answering": "removed",
        "SomeQuery": "removed",
        "SomeView": "removed",
    }
    with pytest.raises(NoHandlerError):
        session.query(SomeQuery()).result(WAIT)


def test_a_projector_that_is_gone_consumes_nothing_and_returns_where_it_was(session: Session) -> None:
    session.unregister("TallyProjector")
    session.send(TallyAddCommand(identifier="A", amount=7)).result(WAIT)
    settle(session)
    meanwhile = session.sql("select total from tally_row").rows()

    session.register(TallyProjector)

    settle(session)
    assert meanwhile == [(5,)]
    assert total(session) == 12


# -- starting afresh ---------------------------------------------------------------------------------------------------


def test_reset_empties_log_and_read_models_and_keeps_the_model(session: Session) -> None:
    session.send(TallyAddCommand(identifier="A"), command_id="before").result(WAIT)

    session.reset()

    assert session.status().head == 0
    assert [len(session.sql(f"from {table}")) for table in ("recq.events", "tally_row")] == [0, 0]
    opened = session.send(TallyOpenCommand(identifier="A"), command_id="before").result(WAIT)
    assert (opened.sequence_number, opened.version) == (1, 1)
    view = session.query(TallyFindQuery(identifier="A"), after=opened).result(WAIT)
    assert view == TallyView(identifier="A", total=0)


@pytest.mark.parametrize("store", ["memory", "file"])
def test_reset_under_fire_leaves_a_log_without_gaps(store: str, tmp_path: Any) -> None:  # noqa: ANN401  pytest's path
    stop = threading.Event()
    with Session("memory" if store == "memory" else tmp_path / "tally.duckdb") as session:
        session.register(tally)

        def fire(thread: int) -> None:
            place = 0
            while not stop.is_set():
                place += 1
                name = f"T{thread}.{place}"
                for command in (TallyOpenCommand(identifier=name), TallyAddCommand(identifier=name)):
                    try:
                        session.send(command).result(WAIT)
                    except (RuntimeError, TimeoutError):
                        raise
                    except Exception:  # noqa: BLE001  what a reset interrupts may be refused
                        pass

        threads = [threading.Thread(target=fire, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        for _ in range(10):
            session.reset()
        stop.set()
        for thread in threads:
            thread.join(WAIT)
        settle(session)

        numbers = [row[0] for row in session.sql("select sequence_number from recq.events order by all").rows()]
        assert numbers == list(range(1, len(numbers) + 1))
        assert session.status().head == len(numbers)
        versions = session.sql(
            "select aggregate_id from recq.events group by all having max(version) <> count(*) or min(version) <> 1"
        )
        assert versions.rows() == []
        projected = session.sql("select count(*), sum(total) from tally_row").rows()
        logged = session.sql(
            "select count(*) filter (event_name = 'TallyOpenedEvent'), "
            "count(*) filter (event_name = 'TallyAddedEvent') from recq.events"
        ).rows()
        assert [(count, total or 0) for count, total in projected] == logged
