"""Waiting for what a session does by itself: woken by its changes, never by the wall clock."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from recq_nb import Session
from recq_nb.runtime.consumer_status import ConsumerHealth, ConsumerStatus
from recq_nb.testing.clock import ManualClock

PATIENCE = 30.0


def wait_until(session: Session, reached: Callable[[], bool]) -> None:
    """Return once this holds; it is looked at, on the engine thread, after every change there."""

    async def wait() -> None:
        async with asyncio.timeout(PATIENCE):
            await session._runtime._activity.until(reached)

    session._runtime.run(wait, "wait")


def spin_until(session: Session, reached: Callable[[], bool]) -> None:
    """Return once this holds, for what changes without anybody being told: it is looked at again and again."""

    async def spin() -> None:
        async with asyncio.timeout(PATIENCE):
            while not reached():  # noqa: ASYNC110  nobody sets an event for it
                await asyncio.sleep(0)

    session._runtime.run(spin, "spin")


def status_of(session: Session, consumer: str) -> ConsumerStatus:
    """The status of a component's one consumer, or of the consumer with this id."""
    (status,) = [s for s in session.consumer_statuses() if consumer in (s.component, s.consumer_id)]
    return status


def wait_for_health(session: Session, consumer: str, health: ConsumerHealth) -> ConsumerStatus:
    """The status of a consumer once it is like this."""
    wait_until(session, lambda: status_of(session, consumer).health is health)
    return status_of(session, consumer)


def wait_for_position(session: Session, consumer: str, position: int) -> None:
    """Return once a consumer has passed this event."""
    wait_until(session, lambda: status_of(session, consumer).position >= position)


def pass_time(clock: ManualClock, seconds: float, *, step: float, sleepers: int = 1) -> None:
    """Let time pass in steps, in each of which so many things try again, fail, and wait for their next try."""
    for _ in range(round(seconds / step)):
        clock.wait_for_sleepers(sleepers)
        clock.advance(step)
    clock.wait_for_sleepers(sleepers)


class HastyClock(ManualClock):
    """A clock that moves on by itself as far as whoever sleeps asks for, and remembers how long each has slept."""

    def __init__(self) -> None:
        super().__init__()
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        """Return soon, when by this clock so many seconds have passed."""
        self.slept.append(seconds)
        self.advance(seconds)
        await asyncio.sleep(0)
