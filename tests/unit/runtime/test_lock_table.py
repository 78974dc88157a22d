"""Locks by id: first come, first served, and what can never be granted is refused at once."""

from __future__ import annotations

from contextvars import copy_context
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recq_nb.errors import DeadlockError
from recq_nb.modeling.message import CommandMessage
from recq_nb.modeling.metadata import EMPTY_METADATA
from recq_nb.modeling.payload import ServiceCommand
from recq_nb.ports.message_transport import HeldLock
from recq_nb.runtime.lock_table import LockTable
from recq_nb.testing.clock import START


class TakeCommand(ServiceCommand):
    pass


class Taker:
    """A request somewhere down a chain of locks."""

    def __init__(self, *chain: str) -> None:
        self.message = CommandMessage("id", "id", "id", "TakeCommand", TakeCommand(), EMPTY_METADATA, START)
        self.chain = tuple(HeldLock(lock_id, "TakeCommand") for lock_id in chain)
        self.context = copy_context()

    def succeed(self, outcome: object) -> None: ...

    def fail(self, error: BaseException) -> None: ...


def not_called() -> None:
    raise AssertionError("resumed, though the lock was taken at once")


def test_a_free_lock_is_taken_at_once_and_leaves_nothing_when_it_is_given_back() -> None:
    locks = LockTable()

    assert locks.acquire("a", Taker(), not_called)
    assert (locks.is_held("a"), len(locks)) == (True, 1)

    locks.release("a")
    assert (locks.is_held("a"), len(locks)) == (False, 0)


def test_whoever_waits_is_resumed_in_the_order_they_came() -> None:
    locks, resumed = LockTable(), list[int]()
    locks.acquire("a", Taker(), not_called)
    for number in range(5):
        assert not locks.acquire("a", Taker(), lambda number=number: resumed.append(number))  # type: ignore[misc]  # bound now

    for _ in range(3):
        locks.release("a")

    assert resumed == [0, 1, 2]
    assert locks.is_held("a")


def test_a_queue_of_any_length_is_worked_off_without_recursion() -> None:
    locks, resumed = LockTable(), list[int]()

    def resume() -> None:
        resumed.append(len(resumed))
        locks.release("a")

    locks.acquire("a", Taker(), not_called)
    for _ in range(10_000):
        locks.acquire("a", Taker(), resume)

    locks.release("a")

    assert len(resumed) == 10_000
    assert len(locks) == 0


def test_a_waiter_that_fails_does_not_keep_the_others_waiting_for_ever() -> None:
    locks, resumed = LockTable(), list[str]()

    def fails() -> None:
        raise ZeroDivisionError

    locks.acquire("a", Taker(), not_called)
    locks.acquire("a", Taker(), fails)
    locks.acquire("a", Taker(), lambda: resumed.append("second"))
    with pytest.raises(ZeroDivisionError):
        locks.release("a")

    locks.release("a")

    assert resumed == ["second"]


def test_wanting_what_the_own_chain_holds_is_refused() -> None:
    locks = LockTable()
    for lock_id in "abc":
        locks.acquire(lock_id, Taker(), not_called)

    with pytest.raises(DeadlockError) as refused:
        locks.acquire("a", Taker("a", "b", "c"), not_called)

    assert refused.value.chain == ("TakeCommand",) * 4
    assert "its own chain holds it (TakeCommand(a) → TakeCommand(b) → TakeCommand(c) → TakeCommand(a))" in str(
        refused.value
    )
    assert refused.value.remedy


def test_a_circle_of_waiting_chains_is_refused_where_it_closes() -> None:
    locks = LockTable()
    for lock_id in "abc":
        locks.acquire(lock_id, Taker(), not_called)
    assert not locks.acquire("b", Taker("a"), lambda: None)
    assert not locks.acquire("c", Taker("b"), lambda: None)

    with pytest.raises(DeadlockError, match="its holder waits for 'c', which this chain holds"):
        locks.acquire("a", Taker("c"), not_called)


def test_waiting_without_a_circle_is_no_deadlock() -> None:
    locks = LockTable()
    for lock_id in "abc":
        locks.acquire(lock_id, Taker(), not_called)

    assert not locks.acquire("b", Taker("a"), lambda: None)
    assert not locks.acquire("c", Taker("b"), lambda: None)
    assert not locks.acquire("c", Taker("a"), lambda: None)
    assert not locks.acquire("a", Taker(), lambda: None)


STEPS = st.lists(st.tuples(st.integers(0, 3), st.sampled_from("abcde"), st.booleans()), max_size=60)


@given(STEPS)
def test_whatever_is_wanted_somebody_can_always_go_on(steps: list[tuple[int, str, bool]]) -> None:
    """Four chains take and give back locks, each waiting for one at a time: they never all wait for one another."""
    locks = LockTable()
    chains: list[list[str]] = [[] for _ in range(4)]
    waiting: dict[int, str] = {}

    def granted(number: int) -> None:
        chains[number].append(waiting.pop(number))

    for number, wanted, gives_back in steps:
        if number in waiting:
            continue
        if gives_back and chains[number]:
            locks.release(chains[number].pop())
            continue
        waiting[number] = wanted
        try:
            if locks.acquire(wanted, Taker(*chains[number]), partial(granted, number)):
                granted(number)
        except DeadlockError:
            del waiting[number]

    while any(chains):
        free = [number for number, chain in enumerate(chains) if chain and number not in waiting]
        assert free, f"{waiting} wait for one another: {chains}"
        locks.release(chains[free[0]].pop())
    assert (waiting, len(locks)) == ({}, 0)
