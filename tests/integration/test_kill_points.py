"""Processes that are really killed at the worst moments: after reopening, all is as if nothing had happened."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from functools import cache
from itertools import product
from pathlib import Path

import pytest

from recq_nb import Session
from recq_nb.modeling.payload import Command
from recq_nb.session.session import MEMORY
from recq_nb.testing.clock import ManualClock
from tests.domains.order_ledger import Ledger, audit
from tests.integration.killed_shop import CHECKOUT, HOLDS, Death, Point, commands, dying, hold_commands, later, send_all

pytestmark = pytest.mark.slow

Tables = tuple[list[tuple[object, ...]], list[tuple[object, ...]]]


def read_models(session: Session) -> Tables:
    return (
        session.sql("SELECT * FROM order_row ORDER BY ALL").rows(),
        session.sql("SELECT * FROM account_row ORDER BY ALL").rows(),
    )


def left_over(session: Session) -> tuple[int, int, int]:
    return len(session.dead_events_df()), len(session.sagas_df()), len(session.scheduled_df())


def finish(
    store: Path | str, components: Sequence[type], sent: Sequence[Command], clock: ManualClock
) -> tuple[Ledger, Tables]:
    """Open a store, send again what may have been lost, and look at where that ends."""
    with Session(store, clock=clock) as session:
        session.register(*components)
        send_all(session, sent)
        session.settled().result()
        assert left_over(session) == (0, 0, 0)
        return audit(session), read_models(session)


@cache
def undisturbed(seed: int) -> tuple[Ledger, Tables]:
    return finish(MEMORY, CHECKOUT, commands(seed), ManualClock())


@pytest.mark.parametrize("point", [Point.BEFORE_APPEND, Point.AFTER_APPEND, Point.CHARGED, Point.WRITTEN])
def test_a_checkout_killed_anywhere_ends_as_if_it_had_not_been(point: Point, tmp_path: Path) -> None:
    occurrences = range(1, 6) if point in (Point.CHARGED, Point.WRITTEN) else range(2, 17, 3)
    deaths = [
        Death(tmp_path / f"{seed}_{occurrence}.duckdb", point, occurrence, seed)
        for seed, occurrence in product(range(4), occurrences)
    ]
    for death, ending in dying(deaths):
        ledger, tables = finish(death.store, CHECKOUT, commands(death.seed), ManualClock())

        assert ending == -signal.SIGKILL, f"the process outlived occurrence {death.occurrence}"
        ledger.check_closed()
        assert (ledger, tables) == undisturbed(death.seed)


@pytest.mark.parametrize("point", [Point.DUE, Point.FIRED])
def test_a_deadline_killed_while_it_fires_fires_once_after_reopening(point: Point, tmp_path: Path) -> None:
    deaths = [Death(tmp_path / f"{number}.duckdb", point, number % 5 + 1) for number in range(20)]
    for death, ending in dying(deaths):
        ledger, _ = finish(death.store, HOLDS, hold_commands(), later())

        assert ending == -signal.SIGKILL
        assert ledger.orders == {f"ORDER_{number}": "hold.expired" for number in range(5)}
        assert ledger.stock["ITEM"].taken == {}
