"""What every clock and every id source promises."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from datetime import UTC, timedelta

import pytest

from recq_nb.adapters.local.clock import SystemClock, UniqueIdSource
from recq_nb.ports.clock import Clock, IdSource
from recq_nb.testing.clock import ManualClock, SequentialIds

CLOCKS: dict[str, Callable[[], tuple[Clock, Callable[[float], None]]]] = {
    "system": lambda: (SystemClock(), lambda _: None),
    "manual": lambda: (clock := ManualClock(), clock.advance),
}
ID_SOURCES: dict[str, Callable[[], IdSource]] = {"unique": UniqueIdSource, "sequential": SequentialIds}


@pytest.fixture(params=CLOCKS)
def clock_and_hand(request: pytest.FixtureRequest) -> tuple[Clock, Callable[[float], None]]:
    """A clock and what moves it; the machine's moves by itself."""
    return CLOCKS[request.param]()


@pytest.fixture(params=ID_SOURCES)
def ids(request: pytest.FixtureRequest) -> IdSource:
    """A new source of ids."""
    return ID_SOURCES[request.param]()


def test_now_is_timezone_aware_utc(clock_and_hand: tuple[Clock, Callable[[float], None]]) -> None:
    now = clock_and_hand[0].now()

    assert now.tzinfo is UTC


def test_sleep_returns_once_the_time_has_passed(clock_and_hand: tuple[Clock, Callable[[float], None]]) -> None:
    clock, move = clock_and_hand

    async def sleep() -> timedelta:
        start = clock.now()
        sleeping = asyncio.ensure_future(clock.sleep(0.01))
        await asyncio.sleep(0)
        assert not sleeping.done()
        move(0.01)
        await sleeping
        return clock.now() - start

    assert asyncio.run(sleep()) >= timedelta(seconds=0.01)


def test_sleeping_no_time_returns(clock_and_hand: tuple[Clock, Callable[[float], None]]) -> None:
    clock, _ = clock_and_hand

    async def sleep() -> str:
        await clock.sleep(0)
        return "awake"

    assert asyncio.run(sleep()) == "awake"


def test_no_id_is_given_twice_whichever_thread_asks(ids: IdSource) -> None:
    found: list[str] = []

    def take() -> None:
        found.extend([ids.next_id() for _ in range(1_000)])

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(found)) == 8_000
    assert all(found)


def test_unique_ids_differ_between_sources_and_sort_by_age() -> None:
    one, other = UniqueIdSource(), UniqueIdSource()

    taken = [[source.next_id() for _ in range(100)] for source in (one, other)]

    assert taken[0] == sorted(taken[0])
    assert set(taken[0]).isdisjoint(taken[1])


def test_a_manual_clock_wakes_sleepers_in_the_order_they_are_due() -> None:
    clock = ManualClock()
    woken: list[str] = []

    async def sleep(name: str, seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append(name)

    async def run() -> None:
        async with asyncio.TaskGroup() as tasks:
            for name, seconds in (("last", 30), ("first", 10), ("second", 20)):
                tasks.create_task(sleep(name, seconds))
            await asyncio.sleep(0)
            clock.wait_for_sleepers(3)
            clock.advance(5)
            assert clock.sleeping == 3
            clock.advance(timedelta(seconds=25))

    asyncio.run(run())

    assert woken == ["first", "second", "last"]


def test_a_manual_clock_says_when_nobody_sleeps_on_it() -> None:
    with pytest.raises(TimeoutError, match="0 sleep on the clock, not 1"):
        ManualClock().wait_for_sleepers(timeout=0)


def test_a_sleeper_that_is_cancelled_is_forgotten() -> None:
    clock = ManualClock()

    async def run() -> int:
        sleeping = asyncio.ensure_future(clock.sleep(10))
        await asyncio.sleep(0)
        sleeping.cancel()
        await asyncio.gather(sleeping, return_exceptions=True)
        return clock.sleeping

    assert asyncio.run(run()) == 0
