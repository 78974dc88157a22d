"""A parallel projector in a process that is killed while some events are projected and earlier ones are not."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
from pathlib import Path

from recq_nb import (
    Key,
    ReadModel,
    ServiceCommand,
    ServiceEvent,
    Session,
    Table,
    TransientError,
    command_handler,
    event_handler,
    pooled,
    projector,
    service,
)
from recq_nb.runtime.parallel_consumer import ParallelConsumer
from recq_nb.testing.clock import ManualClock
from tests.waiting import spin_until

COUNT = 12
EXECUTORS = {"pool": pooled(COUNT)}

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload([__name__])


class NumberCommand(ServiceCommand):
    number: int


class NumberedEvent(ServiceEvent):
    number: int


@service
class Numbers:
    @command_handler
    def number(self, command: NumberCommand) -> NumberedEvent:
        return NumberedEvent(number=command.number)


class NumberRow(ReadModel):
    number: Key[int]
    times: int


class Held:
    """Numbers that cannot be projected now."""

    def __init__(self, *numbers: int) -> None:
        self.numbers = frozenset(numbers)


@projector
class NumberProjector:
    def __init__(self, held: Held) -> None:
        self._held = held

    @event_handler(executor="pool")
    def numbered(self, event: NumberedEvent, rows: Table[NumberRow]) -> None:
        if event.number in self._held.numbers:
            raise TransientError("held back")
        row = rows.get(event.number) or NumberRow(number=event.number, times=0)
        rows.upsert(NumberRow(number=row.number, times=row.times + 1))


COMPONENTS = (Numbers, NumberProjector)


def held_back(seed: int) -> list[int]:
    """Some of the numbers, never all."""
    return random.Random(seed).sample(range(1, COUNT + 1), 1 + seed % (COUNT - 1))


def run_and_die(store: Path, seed: int) -> int | None:
    """Project all numbers that are not held back, then die; returns how the process ended."""
    child = _processes.Process(target=_run, args=(store, seed))
    child.start()
    child.join()
    return child.exitcode


def _run(store: Path, seed: int) -> None:
    held = held_back(seed)
    with Session(store, clock=ManualClock(), executors=EXECUTORS, injector={Held: Held(*held)}) as session:
        session.register(*COMPONENTS)
        for number in range(1, COUNT + 1):
            session.send(NumberCommand(number=number)).result()
        (consumer,) = session._runtime.consumers.find("NumberProjector")
        assert isinstance(consumer, ParallelConsumer)
        spin_until(session, lambda: consumer._fetched == COUNT and len(consumer._outstanding) == len(held))
        os.kill(os.getpid(), signal.SIGKILL)
