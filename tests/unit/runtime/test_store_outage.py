"""A store that fails for a while: consumers wait, say why, and go on; nothing is lost or done twice."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from recq_nb import Session, StoreUnavailableError
from recq_nb.adapters.duckdb.consumer_state_store import DuckDbConsumerStateStore, DuckDbConsumerTransaction
from recq_nb.adapters.duckdb.scheduled_command_store import DuckDbScheduledCommandStore
from recq_nb.runtime.consumer_status import ConsumerHealth
from recq_nb.runtime.event_source import EventSource
from recq_nb.testing.clock import ManualClock
from tests.domains import tally
from tests.domains.reminders import Bell, BookCommand, Desk, Reminder, Stay
from tests.domains.tally import TallyOpenCommand
from tests.domains.tally_readers import Seen, add, reader
from tests.waiting import HastyClock, spin_until, wait_for_health

ERRORS = [StoreUnavailableError("the disk is away"), RuntimeError("a bug in an adapter"), OSError("input/output error")]


class Outage:
    """Makes a method of an adapter fail while it lasts."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, adapter: type, name: str, error: Exception) -> None:
        self.lasts = False
        self.failures = 0
        method: Callable[..., object] = getattr(adapter, name)

        def failing(*arguments: object) -> object:
            if self.lasts:
                self.failures += 1
                raise error
            return method(*arguments)

        monkeypatch.setattr(adapter, name, failing)


@pytest.mark.parametrize("kind", ["projector", "saga"])
@pytest.mark.parametrize("error", ERRORS, ids=repr)
@pytest.mark.parametrize(
    ("adapter", "name"),
    [
        (DuckDbConsumerStateStore, "begin"),
        (DuckDbConsumerTransaction, "commit"),
        (EventSource, "read"),
    ],
)
def test_an_ordered_consumer_outlives_a_store_that_fails(
    kind: str, error: Exception, adapter: type, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, seen = ManualClock(), Seen()
    outage = Outage(monkeypatch, adapter, name, error)
    with Session(clock=clock) as session:
        session.register(tally, reader(kind, seen))
        session.send(TallyOpenCommand(identifier="T")).result()
        add(session, 1)
        session.settled().result()

        outage.lasts = True
        add(session, 2, 3)
        status = wait_for_health(session, "Reader", ConsumerHealth.STALLED)
        assert status.reason == f"{type(error).__name__}: {error}"
        outage.lasts = False
        while session.consumers_df()["lag"].sum():
            clock.advance(31)
        session.settled().result()

        assert sorted(set(seen)) == [1, 2, 3]
        assert len(session.dead_events_df()) == 0
        if kind == "projector":
            assert session.sql("SELECT number FROM log_row ORDER BY ALL").rows() == [(1,), (2,), (3,)]


@pytest.mark.parametrize("error", ERRORS, ids=repr)
def test_an_observer_outlives_a_store_that_cannot_be_read(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, seen = ManualClock(), Seen()
    outage = Outage(monkeypatch, EventSource, "read", error)
    with Session(clock=clock) as session:
        session.register(tally, reader("observer", seen))
        session.send(TallyOpenCommand(identifier="T")).result()
        outage.lasts = True
        add(session, 1, 2)
        wait_for_health(session, "Reader", ConsumerHealth.STALLED)

        outage.lasts = False
        while session.consumers_df()["lag"].sum():
            clock.advance(31)
        session.settled().result()

        assert list(seen) == [1, 2]


@pytest.mark.parametrize("error", ERRORS, ids=repr)
@pytest.mark.parametrize("name", ["due", "is_scheduled", "remove"])
def test_the_scheduler_outlives_a_store_that_fails(
    name: str, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    bell = Bell()
    outage = Outage(monkeypatch, DuckDbScheduledCommandStore, name, error)
    with Session(clock=HastyClock(), injector={Bell: bell}) as session:
        session.register(Desk, Reminder, Stay)
        outage.lasts = True
        session.send(BookCommand(name="ada", seconds=1)).result()
        spin_until(session, lambda: outage.failures >= 3)

        outage.lasts = False
        spin_until(session, lambda: bell.rung == ["ada"])
        session.settled().result()

        assert (bell.rung, len(session.scheduled_df()), len(bell.messages)) == (["ada"], 0, 1)
