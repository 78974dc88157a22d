"""B5: long histories, cold and hot."""

from __future__ import annotations

import asyncio
import statistics
import time
from pathlib import Path

from benchmarks.account import WRITE_SIDE, AccountCreditCommand
from benchmarks.clients import awaited_in_turn
from benchmarks.peer_account import DEFAULT, Account, sqlite_accounts
from benchmarks.replay import fill_ours, fill_peer
from benchmarks.result import Limit, Result, Unit
from benchmarks.sample import Sample, interleaved, median, median_ratio
from benchmarks.scale import Scale
from benchmarks.systems import OurSystem, amount, reference
from recq_nb import Session

ACCOUNTS = 3
_HOT = "ACCT_0"


def long_histories(scale: Scale) -> list[Result]:
    """B5: the first command to an aggregate with 10,000 events, and 10,000 commands to one."""
    events = scale.of(10_000, at_least=100)
    return [_cold(scale, events), _hot(scale, events)]


def _cold(scale: Scale, events: int) -> Result:
    ours, peer = scale.folder / "b5.duckdb", scale.folder / "b5.sqlite"
    fill_ours(ours, ACCOUNTS, events)
    fill_peer(peer, ACCOUNTS, events)
    rounds = interleaved(
        scale.rounds, {"ours": lambda number: _our_first(ours, number), "peer": lambda _: _peer_first(peer)}
    )
    own, other = rounds["ours"], rounds["peer"]
    ratio = 1 / median_ratio(own, other, _seconds)
    what = f"first command to a cold aggregate of {events:,} events (speed-up)"
    ours_seconds, peer_seconds = median(own, _seconds), median(other, _seconds)
    return Result("B5", what, Unit.SECONDS, ours_seconds, peer_seconds, "SQLite default", ratio, Limit(at_least=10))


def _seconds(sample: Sample) -> float:
    return sample.seconds


def _our_first(path: Path, number: int) -> Sample:
    with Session(path) as session:
        session.register(*WRITE_SIDE)
        asyncio.run(_send(session, f"ACCT_{number % (ACCOUNTS - 1) + 1}"))  # threads and statements are there
        started = time.perf_counter()
        asyncio.run(_send(session, _HOT))
        return Sample(1, time.perf_counter() - started)


async def _send(session: Session, account_id: str) -> None:
    await session.send(AccountCreditCommand(account_id=account_id, amount=1, reference=reference(1)))


def _peer_first(path: Path) -> Sample:
    app = sqlite_accounts(path, DEFAULT)
    hot = app.recorder.select_notifications(1, 1)[0].originator_id
    warm = app.save(Account("warm up"))
    app.credit(warm[0].domain_event.originator_id, 1, reference(1))
    started = time.perf_counter()
    app.credit(hot, amount(1), reference(1))  # type: ignore[arg-type]  # its ids are UUIDs
    seconds = time.perf_counter() - started
    app.close()
    return Sample(1, seconds)


def _hot(scale: Scale, events: int) -> Result:
    firsts, lasts, ratios = [], [], []
    for number in range(scale.rounds):
        with OurSystem() as ours:
            ours.open_accounts(f"hot{number}", 1)
            awaited_in_turn(ours.send, events // 10)  # warm up
            ours.open_accounts(f"hotter{number}", 1)
            latencies = awaited_in_turn(ours.send, events).latencies
        tenth = len(latencies) // 10
        first, last = statistics.median(latencies[:tenth]), statistics.median(latencies[-tenth:])
        firsts.append(first)
        lasts.append(last)
        ratios.append(last / first)
    return Result(
        "B5",
        f"{events:,} commands to one aggregate: p50 of the last tenth",
        Unit.SECONDS,
        statistics.median(lasts),
        statistics.median(firsts),
        "the first tenth",
        statistics.median(ratios),
        Limit(at_most=1.3),
    )
