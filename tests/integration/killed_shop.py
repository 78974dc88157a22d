"""A shop in a process of its own, which kills itself, for real, at a chosen place in its work."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
from collections import deque
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from enum import StrEnum
from functools import wraps
from inspect import iscoroutinefunction
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import NamedTuple, cast
from unittest.mock import patch

from recq_nb import Session
from recq_nb.adapters.duckdb.consumer_state_store import DuckDbConsumerTransaction
from recq_nb.adapters.duckdb.saga_state_store import DuckDbSagaStates
from recq_nb.adapters.duckdb.scheduled_command_store import DuckDbScheduledCommandStore
from recq_nb.adapters.duckdb.system_state_store import DuckDbSystemStateStore
from recq_nb.modeling.payload import Command
from recq_nb.ports.saga_state_store import SagaRecord
from recq_nb.testing.clock import START, ManualClock
from tests.domains.order_board import OrderBoard
from tests.domains.order_stock_payment import (
    Account,
    AccountOpenCommand,
    Checkout,
    HoldExpiry,
    Order,
    OrderPlaceCommand,
    Stock,
    StockOpenCommand,
    StockReserveCommand,
)

ORDERS = 5
CHECKOUT = (Order, Stock, Account, Checkout, HoldExpiry, OrderBoard)
HOLDS = (Order, Stock, HoldExpiry, OrderBoard)

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload([__name__])


class Point(StrEnum):
    """Where the process dies."""

    BEFORE_APPEND = "before events are appended"
    AFTER_APPEND = "after events were appended"
    CHARGED = "after a saga sent its charge, before its state is saved"
    WRITTEN = "after a read model was written, before its commit"
    DUE = "while a scheduled command is due"
    FIRED = "after a scheduled command was sent, before its schedule is removed"


def commands(seed: int) -> list[Command]:
    """What customers of the checkout send: scarce units, scarce money, another order of things for each seed."""
    chance = random.Random(seed)
    opened: list[Command] = [
        StockOpenCommand(item_id="ITEM", units=chance.randint(4, 8)),
        AccountOpenCommand(account_id="ACCOUNT", money=chance.randint(20, 40)),
    ]
    placed = [
        OrderPlaceCommand(
            order_id=f"ORDER_{number}",
            item_id="ITEM",
            account_id="ACCOUNT",
            units=chance.randint(1, 3),
            price=chance.randint(5, 15),
        )
        for number in range(ORDERS)
    ]
    return opened + placed


def hold_commands() -> list[Command]:
    """Orders with a reservation that nobody pays for."""
    placed: list[Command] = [StockOpenCommand(item_id="ITEM", units=ORDERS)]
    for number in range(ORDERS):
        order_id = f"ORDER_{number}"
        placed += [
            OrderPlaceCommand(order_id=order_id, item_id="ITEM", account_id="ACCOUNT", units=1, price=1),
            StockReserveCommand(item_id="ITEM", order_id=order_id, units=1),
        ]
    return placed


def send_all(session: Session, sent: Sequence[Command]) -> None:
    """Send each under an id of its own, as whoever does not know what became of it would send it again."""
    for number, command in enumerate(sent):
        session.send(command, command_id=f"customer-{number}").result()


class Death(NamedTuple):
    """A shop on a store of its own, and the occurrence of a point at which it dies."""

    store: Path
    point: Point
    occurrence: int
    seed: int = 0


def dying(deaths: Iterable[Death]) -> Iterator[tuple[Death, int | None]]:
    """How the process of each ended; the next one runs while its reader looks at what is left of this one."""
    running: deque[tuple[Death, BaseProcess]] = deque()
    for death in deaths:
        child = _processes.Process(target=_run, args=death)
        child.start()
        running.append((death, child))
        if len(running) > 1:
            yield _ended(*running.popleft())
    yield _ended(*running.popleft())


def _ended(death: Death, child: BaseProcess) -> tuple[Death, int | None]:
    child.join()
    return death, child.exitcode


def _run(store: Path, point: Point, occurrence: int, seed: int) -> None:
    clock = ManualClock()
    with _death(point, occurrence), Session(store, clock=clock) as session:
        if point in (Point.DUE, Point.FIRED):
            session.register(*HOLDS)
            send_all(session, hold_commands())
            session.settled().result()
            clock.advance(timedelta(seconds=1))
        else:
            session.register(*CHECKOUT)
            send_all(session, commands(seed))
        session.settled().result()


def later() -> ManualClock:
    """The clock of whoever comes back when every deadline has passed."""
    return ManualClock(START + timedelta(seconds=10))


class _Countdown:
    def __init__(self, occurrence: int) -> None:
        self._left = occurrence

    def strike(self, occurrences: int = 1) -> None:
        """Count them; the last one ends the process, without a chance to finish anything."""
        self._left -= occurrences
        if self._left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)


def _death(point: Point, occurrence: int) -> AbstractContextManager[object]:
    countdown = _Countdown(occurrence)

    def strike(*_: object) -> None:
        countdown.strike()

    def on_save(_states: object, record: SagaRecord) -> None:
        if record.saga_name == "Checkout":
            countdown.strike()

    def on_commit(transaction: DuckDbConsumerTransaction, *_: object) -> None:
        if transaction._component == "OrderBoard":
            rows = sum(len(table._dirty) for table in transaction._tables.values())
            transaction._flush_tables()
            countdown.strike(rows)

    places = {
        Point.BEFORE_APPEND: lambda: _wrapped(DuckDbSystemStateStore, "append", before=strike),
        Point.AFTER_APPEND: lambda: _wrapped(DuckDbSystemStateStore, "append", after=strike),
        Point.CHARGED: lambda: _wrapped(DuckDbSagaStates, "save", before=on_save),
        Point.WRITTEN: lambda: _wrapped(DuckDbConsumerTransaction, "commit", before=on_commit),
        Point.DUE: lambda: _wrapped(DuckDbScheduledCommandStore, "is_scheduled", before=strike),
        Point.FIRED: lambda: _wrapped(DuckDbScheduledCommandStore, "remove", before=strike),
    }
    return places[point]()


def _wrapped(
    adapter: type, name: str, before: Callable[..., None] = lambda *_: None, after: Callable[[], None] = lambda: None
) -> AbstractContextManager[object]:
    method = cast("Callable[..., object]", getattr(adapter, name))

    @wraps(method)
    def plain(*arguments: object) -> object:
        before(*arguments)
        return method(*arguments)

    @wraps(method)
    async def awaited(*arguments: object) -> object:
        before(*arguments)
        outcome = await cast("Callable[..., Coroutine[object, object, object]]", method)(*arguments)
        after()
        return outcome

    return patch.object(adapter, name, awaited if iscoroutinefunction(method) else plain)
