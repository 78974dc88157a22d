"""Events that come again, in whatever way: nothing happens twice, and read models follow from the log."""

# Annotations are evaluated at once in this module, so that components may be defined inside tests.

from collections import Counter, deque
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recq_nb import (
    Key,
    ReadModel,
    SagaState,
    ServiceCommand,
    ServiceEvent,
    Session,
    Table,
    command_handler,
    event_handler,
    partitioned,
    pooled,
    projector,
    saga,
    saga_event_handler,
    service,
)
from recq_nb.runtime.event_source import EventSource
from recq_nb.runtime.event_tail import TailEvent
from recq_nb.testing.clock import ManualClock
from tests.domains.order_board import OrderBoard
from tests.domains.order_ledger import audit
from tests.domains.order_stock_payment import (
    Account,
    AccountOpenCommand,
    Checkout,
    HoldExpiry,
    NotificationService,
    Order,
    OrderObserver,
    OrderPlaceCommand,
    Outbox,
    Stock,
    StockOpenCommand,
)
from tests.waiting import HastyClock, status_of

SHOP = (Order, Stock, Account, Checkout, HoldExpiry, NotificationService, OrderObserver, OrderBoard)
TABLES = ("order_row", "account_row")


def trade(session: Session, orders: int = 12) -> None:
    session.register(*SHOP)
    session.send(StockOpenCommand(item_id="ITEM", units=8)).result()
    session.send(AccountOpenCommand(account_id="ACCOUNT", money=50)).result()
    for number in range(orders):
        session.send(
            OrderPlaceCommand(
                order_id=f"ORDER_{number}", item_id="ITEM", account_id="ACCOUNT", units=1 + number % 2, price=9
            )
        ).result()
    session.settled().result()


def dump(session: Session) -> list[bytes]:
    """Every read model, byte by byte."""
    return [
        b"".join(
            buffer.to_pybytes()
            for batch in session.sql(f"SELECT * FROM {table} ORDER BY ALL").arrow().combine_chunks().to_batches()
            for column in batch.columns
            for buffer in column.buffers()
            if buffer is not None
        )
        for table in TABLES
    ]


def log_of(session: Session) -> list[tuple[object, ...]]:
    return session.sql("SELECT sequence_number, event_id FROM recq.events ORDER BY sequence_number").rows()


def test_an_order_whose_every_event_comes_twice_is_decided_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read = EventSource.read

    async def twice(source: EventSource, after: int, limit: int) -> Sequence[TailEvent]:
        events = list(await read(source, after, limit))
        return [event for event in events for _ in range(2)] + events  # at once, and again later

    monkeypatch.setattr(EventSource, "read", twice)
    outbox = Outbox()
    with Session(clock=ManualClock(), injector={Outbox: outbox}) as session:
        trade(session)

        ledger = audit(session)
        ledger.check_closed()
        assert Counter(outbox.sent) == dict.fromkeys(ledger.orders.items(), 1)
        statuses = session.sql("SELECT order_id, status FROM order_row").rows()
        charges = session.sql("SELECT charges FROM account_row").rows()
        assert set(statuses) == set(ledger.orders.items())
        assert charges == [(list(ledger.orders.values()).count("confirmed"),)]


def test_sagas_and_observers_that_handle_the_whole_log_again_change_nothing() -> None:
    outbox = Outbox()
    with Session(clock=ManualClock(), injector={Outbox: outbox}) as session:
        trade(session)
        before = log_of(session), list(outbox.sent), dump(session)

        for consumer in ("Checkout", "HoldExpiry", "OrderObserver", "OrderBoard"):
            session.replay(consumer)
            session.settled().result()

        assert (log_of(session), outbox.sent, dump(session)) == before
        assert (len(session.sagas_df()), len(session.dead_events_df()), len(session.scheduled_df())) == (0, 0, 0)


def test_replaying_all_read_models_gives_tables_that_are_equal_byte_by_byte() -> None:
    with Session(clock=ManualClock(), injector={Outbox: Outbox()}) as session:
        trade(session)
        lived = dump(session)

        session.replay("OrderBoard")
        session.settled().result()

        assert sum(map(len, lived)) > 0
        assert dump(session) == lived


# -- contexts and executors, with sums that a second look at an event would spoil -----------------------------------


class StepCommand(ServiceCommand):
    walker: str
    number: int
    region: str = "default"


class SteppedEvent(ServiceEvent):
    walker: str
    number: int


@service
class Walkers:
    @command_handler
    def step(self, command: StepCommand) -> SteppedEvent:
        return SteppedEvent(walker=command.walker, number=command.number, context=command.region)


class WalkState(SagaState):
    steps: int = 0


def test_a_saga_over_two_contexts_moves_one_instance_without_losing_a_step() -> None:
    @saga(start="first", contexts=["EU*", "US"])
    class Walk:
        @saga_event_handler(init=True, association_property="walker")
        def stepped(self, event: SteppedEvent, state: WalkState | None) -> WalkState:
            kept = state or WalkState()
            kept.associate("walker", event.walker)
            kept.steps += 1
            return kept

    with Session(clock=HastyClock()) as session:
        session.register(Walkers, Walk)
        replies = [
            session.send(StepCommand(walker="ada", number=number, region=("EU-north", "US", "ASIA")[number % 3]))
            for number in range(90)
        ]
        for reply in replies:
            reply.result()
        session.settled().result()

        (state,) = session.sagas_df()["state"]
        positions = {status.consumer_id: status.position for status in session.consumer_statuses()}

    assert WalkState.model_validate_json(state).steps == 60
    assert positions == {"Walk_1_EU*": 90, "Walk_1_US": 90}


class SumRow(ReadModel):
    walker: Key[str]
    total: int
    events: int
    last: int


FAILURES = st.dictionaries(
    st.integers(1, 25),
    st.lists(st.sampled_from(["outage", "bug", "exit"]), min_size=1, max_size=5),
    max_size=12,
)


@settings(max_examples=25)
@given(
    failures=FAILURES,
    retry=st.integers(0, 3),
    executor=st.sampled_from([None, "pool", "lanes"]),
    restarts=st.lists(st.integers(1, 25), max_size=2),
)
def test_whatever_fails_in_between_a_read_model_is_the_fold_of_the_events_that_were_not_set_aside(
    failures: dict[int, list[str]], retry: int, executor: str | None, restarts: list[int]
) -> None:
    """Where every failure is drawn for an event and an attempt; the consumer is replaced after some of the events."""
    left = {number: deque(kinds) for number, kinds in failures.items()}
    errors = {"outage": ConnectionError, "bug": ValueError, "exit": SystemExit}

    def defined(version: int) -> type:
        @projector(version=version)
        class Sums:
            @event_handler(retry=retry, executor=executor)
            def stepped(self, event: SteppedEvent, sums: Table[SumRow]) -> None:
                row = sums.get(event.walker) or SumRow(walker=event.walker, total=0, events=0, last=0)
                sums.upsert(
                    SumRow(
                        walker=row.walker,
                        total=row.total + event.number,
                        events=row.events + 1,
                        last=max(row.last, event.number),
                    )
                )
                if kinds := left.get(event.number):
                    raise errors[kinds.popleft()](event.number)

        return Sums

    with Session(clock=HastyClock(), executors={"pool": pooled(4), "lanes": partitioned(3)}) as session:
        session.register(Walkers, defined(1))
        for number in range(1, 26):
            session.send(StepCommand(walker="ab"[number % 2], number=number)).result()
            if number in restarts:
                session.register(defined(1 + number))
        session.settled().result()

        dead = {number for (number,) in session.sql("SELECT sequence_number FROM recq.dead_events").rows()}
        rows = session.sql("SELECT * FROM sum_row ORDER BY walker").rows()
        position = status_of(session, "Sums").position

    kept = [number for number in range(1, 26) if number not in dead]
    expected = [
        (walker, sum(mine), len(mine), max(mine))
        for walker in "ab"
        if (mine := [number for number in kept if "ab"[number % 2] == walker])
    ]
    assert rows == expected
    assert position == 25
    only_outages = {number for number, kinds in failures.items() if set(kinds) == {"outage"}}
    assert not dead & only_outages
