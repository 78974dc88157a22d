"""Contexts with checkpoints of their own, executors with their bounds and orders, and events delivered twice."""

# Annotations are evaluated at once in this module, so that components may be defined inside tests.

import asyncio
import threading
from collections import defaultdict

import pytest

from recq_nb import (
    AggregateId,
    ComponentDefinitionError,
    DomainCommand,
    DomainEvent,
    Key,
    ReadModel,
    Session,
    Table,
    aggregate,
    aggregate_command_handler,
    event_handler,
    observer,
    partitioned,
    pooled,
    projector,
)
from recq_nb.runtime.event_source import EventSource
from recq_nb.runtime.event_tail import TailEvent


class StepCommand(DomainCommand):
    identifier: AggregateId
    number: int
    region: str = "default"


class NextStepCommand(DomainCommand):
    identifier: AggregateId
    number: int
    region: str = "default"


class SteppedEvent(DomainEvent):
    identifier: str
    number: int


@aggregate
class Walker:
    @aggregate_command_handler(init=True)
    def start(self, command: StepCommand) -> SteppedEvent:
        return SteppedEvent(identifier=command.identifier, number=command.number, context=command.region)

    @aggregate_command_handler
    def go_on(self, command: NextStepCommand) -> SteppedEvent:
        return SteppedEvent(identifier=command.identifier, number=command.number, context=command.region)


class StepRow(ReadModel):
    identifier: Key[str]
    number: Key[int]
    times: int = 0


def walk(session: Session, walkers: int, steps: int, region: str = "default") -> None:
    for walker in range(walkers):
        session.send(StepCommand(identifier=f"{region}_{walker}", number=0, region=region)).result()
        for number in range(1, steps):
            session.send(NextStepCommand(identifier=f"{region}_{walker}", number=number, region=region)).result()


def test_a_consumer_has_a_checkpoint_and_an_order_for_each_context_or_glob() -> None:
    seen: dict[str, list[str]] = defaultdict(list)

    @projector(contexts=["EU*", "US"])
    class RegionProjector:
        @event_handler
        def stepped(self, event: SteppedEvent, rows: Table[StepRow]) -> None:
            seen[event.context].append(event.identifier)
            rows.upsert(StepRow(identifier=event.identifier, number=event.number))

    with Session() as session:
        session.register(Walker, RegionProjector)
        for region in ("EU-north", "US", "ASIA", "EU-south"):
            walk(session, 1, 2, region)
        session.settled().result()
        ids = [status.consumer_id for status in session.consumer_statuses()]
        rows = session.sql("SELECT DISTINCT identifier FROM step_row ORDER BY 1").rows()

    assert ids == ["RegionProjector_1_EU*", "RegionProjector_1_US"]
    assert set(seen) == {"EU-north", "EU-south", "US"}
    assert rows == [("EU-north_0",), ("EU-south_0",), ("US_0",)]


@pytest.mark.parametrize("kind", ["own", "pooled"])
def test_an_observer_runs_as_many_handlers_at_once_as_it_may_and_no_more(kind: str) -> None:
    running, most, lock, full = 0, 0, threading.Lock(), threading.Event()
    bound = 4

    class Counting:
        async def count(self) -> None:
            nonlocal running, most
            with lock:
                running += 1
                most = max(most, running)
            if running == bound:
                full.set()
            while not full.is_set():  # noqa: ASYNC110  set by the handler that makes it full, on this very loop
                await asyncio.sleep(0)
            await asyncio.sleep(0)
            with lock:
                running -= 1

    if kind == "own":

        @observer(start="first", concurrency=bound)
        class StepObserver(Counting):
            @event_handler
            async def stepped(self, _event: SteppedEvent) -> None:
                await self.count()

    else:

        @observer(start="first")
        class StepObserver(Counting):  # type: ignore[no-redef]
            @event_handler(executor="four")
            async def stepped(self, _event: SteppedEvent) -> None:
                await self.count()

    with Session(executors={"four": pooled(bound)}) as session:
        session.register(Walker, StepObserver)
        walk(session, 10, 4)
        session.settled().result()

    assert most == bound


def test_a_partitioned_executor_keeps_the_order_of_each_aggregate() -> None:
    seen: dict[str, list[int]] = defaultdict(list)
    chance = iter(range(10_000))

    @observer(start="first")
    class StepObserver:
        @event_handler(executor="lanes")
        async def stepped(self, event: SteppedEvent) -> None:
            for _ in range(next(chance) % 5):
                await asyncio.sleep(0)
            seen[event.identifier].append(event.number)

    with Session(executors={"lanes": partitioned(4)}) as session:
        session.register(Walker, StepObserver)
        walk(session, 12, 10)
        session.settled().result()

    assert seen == {f"default_{walker}": list(range(10)) for walker in range(12)}


def test_an_executor_nobody_defined_is_refused_with_the_way_to_define_it() -> None:
    @observer
    class StepObserver:
        @event_handler(executor="nowhere")
        def stepped(self, _event: SteppedEvent) -> None: ...

    with Session() as session, pytest.raises(ComponentDefinitionError, match="define_executor") as refused:
        session.register(Walker, StepObserver)
    assert "nowhere" in refused.value.problem


def test_a_parallel_projector_whose_checkpoint_is_behind_a_gap_applies_nothing_twice() -> None:
    held = threading.Event()

    @projector
    class StepProjector:
        @event_handler(executor="many")
        def stepped(self, event: SteppedEvent, rows: Table[StepRow]) -> None:
            if event.number == 0 and not held.wait(0 if held.is_set() else 30):
                raise TimeoutError
            row = rows.get(event.identifier, event.number) or StepRow(identifier=event.identifier, number=event.number)
            rows.upsert(StepRow(identifier=row.identifier, number=row.number, times=row.times + 1))

    with Session(executors={"many": pooled(8)}) as session:
        session.register(Walker, StepProjector)
        walk(session, 1, 6)
        while session.sql("SELECT count(*) FROM step_row").rows() != [(5,)]:
            pass  # the other five are projected meanwhile
        (status,) = session.consumer_statuses()
        assert status.position == 0
        held.set()
        session.settled().result()
        assert session.consumer_statuses()[0].position == 6
        assert session.sql("SELECT number, times FROM step_row ORDER BY number").rows() == [(n, 1) for n in range(6)]


def test_every_event_delivered_twice_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    read = EventSource.read

    async def twice(source: EventSource, after: int, limit: int) -> list[TailEvent]:
        return [event for event in await read(source, after, limit) for _ in range(2)]

    monkeypatch.setattr(EventSource, "read", twice)
    observed: list[int] = []

    @projector
    class StepProjector:
        @event_handler
        def stepped(self, event: SteppedEvent, rows: Table[StepRow]) -> None:
            row = rows.get(event.identifier, event.number) or StepRow(identifier=event.identifier, number=event.number)
            rows.upsert(StepRow(identifier=row.identifier, number=row.number, times=row.times + 1))

    @observer(start="first")
    class StepObserver:
        @event_handler
        async def stepped(self, event: SteppedEvent) -> None:
            observed.append(event.number)

    with Session() as session:
        session.register(Walker, StepProjector, StepObserver)
        walk(session, 1, 20)
        session.settled().result()
        rows = session.sql("SELECT number, times FROM step_row ORDER BY number").rows()

    assert rows == [(number, 1) for number in range(20)]
    assert sorted(observed) == list(range(20))


def test_replaying_a_read_model_gives_the_same_rows() -> None:
    @projector
    class StepProjector:
        @event_handler
        def stepped(self, event: SteppedEvent, rows: Table[StepRow]) -> None:
            rows.upsert(StepRow(identifier=event.identifier, number=event.number, times=event.number * 2))

    with Session() as session:
        session.register(Walker, StepProjector)
        walk(session, 5, 5)
        session.settled().result()
        lived = session.sql("SELECT * FROM step_row ORDER BY ALL").arrow()
        session.replay("StepProjector")
        session.settled().result()
        assert session.sql("SELECT * FROM step_row ORDER BY ALL").arrow().equals(lived)


def test_of_a_long_replay_the_newest_steps_are_recorded_and_of_live_traffic_all() -> None:
    events, handled = 1_500, "SELECT count(*) FROM recq.messages WHERE component = 'StepProjector'"

    @projector
    class StepProjector:
        @event_handler
        def stepped(self, event: SteppedEvent, rows: Table[StepRow]) -> None:
            rows.upsert(StepRow(identifier=event.identifier, number=event.number))

    with Session() as session:
        session.register(Walker, StepProjector)
        walk(session, events, 1)
        session.settled().result()
        lived = session.sql(handled).rows()
        session.replay("StepProjector")
        session.settled().result()
        replayed = session.sql(handled).rows()
        assert session.sql("SELECT count(*) FROM step_row").rows() == [(events,)]

    assert lived == [(events,)]
    assert replayed == [(events + 1_000,)]
