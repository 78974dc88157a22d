"""Deadlines: whatever is not done in time is told, once, and what is done is forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from recq_nb.runtime.deadlines import COMPACT_ABOVE, Deadlines


class Waiting:
    """Something that may run out of time."""

    def __init__(self) -> None:
        self.expired = asyncio.Event()
        self.times = 0
        self.settled = False

    def done(self) -> bool:
        return self.settled or self.times > 0

    def expire(self) -> None:
        self.times += 1
        self.expired.set()


def in_a_loop(act: Callable[[Callable[[float], Deadlines]], Awaitable[None]]) -> None:
    async def run() -> None:
        made: list[Deadlines] = []

        def make(default: float) -> Deadlines:
            made.append(Deadlines(asyncio.get_running_loop(), default))
            return made[-1]

        async with asyncio.timeout(30):
            await act(make)
        for deadlines in made:
            deadlines.stop()

    asyncio.run(run())


def test_the_default_deadline_expires_all_that_are_not_done() -> None:
    async def act(make: Callable[[float], Deadlines]) -> None:
        deadlines = make(0.01)
        late, settled, late_too = Waiting(), Waiting(), Waiting()
        settled.settled = True
        for one in (late, settled, late_too):
            deadlines.watch(one, None)

        await asyncio.gather(late.expired.wait(), late_too.expired.wait())

        assert [late.times, settled.times, late_too.times] == [1, 0, 1]

    in_a_loop(act)


def test_a_deadline_of_its_own_does_not_wait_for_the_default() -> None:
    async def act(make: Callable[[float], Deadlines]) -> None:
        deadlines = make(3_600)
        patient, hasty, settled = Waiting(), Waiting(), Waiting()
        settled.settled = True
        deadlines.watch(patient, None)
        deadlines.watch(settled, 0)
        deadlines.watch(hasty, 0.001)

        await hasty.expired.wait()

        assert [patient.times, settled.times, hasty.times] == [0, 0, 1]

    in_a_loop(act)


def test_the_settled_do_not_pile_up_behind_a_slow_one() -> None:
    async def act(make: Callable[[float], Deadlines]) -> None:
        deadlines = make(3_600)
        slow = Waiting()
        deadlines.watch(slow, None)
        for _ in range(COMPACT_ABOVE + 10):
            quick = Waiting()
            quick.settled = True
            deadlines.watch(quick, None)

        deadlines._sweep()

        assert [waiting for _, waiting in deadlines._queue] == [slow]

    in_a_loop(act)


def test_after_stopping_nothing_expires() -> None:
    async def act(make: Callable[[float], Deadlines]) -> None:
        deadlines, other = make(0.01), make(0.05)
        forgotten, known = Waiting(), Waiting()
        deadlines.watch(forgotten, None)
        other.watch(known, None)

        deadlines.stop()
        await known.expired.wait()

        assert forgotten.times == 0

    in_a_loop(act)
