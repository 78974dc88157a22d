"""B1, B2, B3: how many commands, and how long each takes, beside eventsourcing's."""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter

from benchmarks import machine
from benchmarks.account import READ_SIDE, WRITE_SIDE
from benchmarks.elsewhere import Elsewhere, Ours, Peer
from benchmarks.peer_account import BEST, DEFAULT
from benchmarks.result import Limit, Result, Unit
from benchmarks.sample import Contestant, Rounds, Sample, interleaved, median, median_ratio
from benchmarks.scale import Scale

CLIENTS = 256
_rate = attrgetter("per_second")


def sequential_on_disk(scale: Scale) -> list[Result]:
    """B1: one client, one command after the other, every one durable."""
    count = scale.of(1000, at_least=50)
    with (
        Elsewhere(Ours(scale.folder / "b1.duckdb", WRITE_SIDE)) as ours,
        Elsewhere(Ours(scale.folder / "b1_projected.duckdb", WRITE_SIDE + READ_SIDE)) as projected,
        Elsewhere(Peer(scale.folder / "b1_default.sqlite", DEFAULT)) as default,
        Elsewhere(Peer(scale.folder / "b1_best.sqlite", BEST)) as best,
    ):
        contestants: Mapping[str, Contestant] = {
            "ours": lambda number: ours.one_client(number, count),
            "projected": lambda number: projected.one_client(number, count),
            "default": lambda number: default.one_client(number, count),
            "best": lambda number: best.one_client(number, count),
        }
        rounds = interleaved(scale.rounds, contestants)
    fsync = machine.fsync_seconds(scale.folder)
    compare = _Comparison("B1", rounds, fsync)
    return [
        compare.rate("file, 1 client", "ours", "default", "SQLite default", Limit(at_least=1.0)),
        compare.rate("file, 1 client", "ours", "best", "SQLite best"),
        compare.p50("file, 1 client, p50", "ours", "default", "SQLite default"),
        compare.rate("the same with a projector", "projected", "default", "SQLite default"),
    ]


def many_on_disk(scale: Scale) -> list[Result]:
    """B2: 256 clients at once, every command durable."""
    count = scale.of(CLIENTS * 80, at_least=CLIENTS)
    peer_count = scale.of(CLIENTS * 20, at_least=CLIENTS)
    with (
        Elsewhere(Ours(scale.folder / "b2.duckdb", WRITE_SIDE)) as ours,
        Elsewhere(Ours(scale.folder / "b2_projected.duckdb", WRITE_SIDE + READ_SIDE)) as projected,
        Elsewhere(Ours(scale.folder / "b2_threads.duckdb", WRITE_SIDE)) as threaded,
        Elsewhere(Peer(scale.folder / "b2_default.sqlite", DEFAULT)) as default,
        Elsewhere(Peer(scale.folder / "b2_best.sqlite", BEST)) as best,
    ):
        contestants: Mapping[str, Contestant] = {
            "ours": lambda number: ours.in_flight(number, CLIENTS, count),
            "projected": lambda number: projected.in_flight(number, CLIENTS, count),
            "threads": lambda number: threaded.threads(number, CLIENTS, peer_count),
            "default": lambda number: default.threads(number, CLIENTS, peer_count),
            "best": lambda number: best.threads(number, CLIENTS, peer_count),
        }
        rounds = interleaved(scale.rounds, contestants)
    fsync = machine.fsync_seconds(scale.folder)
    compare = _Comparison("B2", rounds, fsync)
    return [
        compare.rate("file, 256 in flight", "ours", "default", "SQLite default", Limit(at_least=30)),
        compare.p99("file, 256 in flight, p99", "ours", "default", "SQLite default", Limit(at_most=1 / 20)),
        compare.rate("file, 256 in flight", "ours", "best", "SQLite best"),
        compare.rate("file, 256 threads", "threads", "default", "SQLite default"),
        compare.rate("the same in flight with a projector", "projected", "default", "SQLite default"),
    ]


def in_memory(scale: Scale) -> list[Result]:
    """B3: the default store, from a cell."""
    few, many = scale.of(3000, at_least=50), scale.of(CLIENTS * 100, at_least=CLIENTS)
    peer_many = scale.of(CLIENTS * 40, at_least=CLIENTS)
    with (
        Elsewhere(Ours("memory", WRITE_SIDE)) as ours,
        Elsewhere(Ours("memory", WRITE_SIDE + READ_SIDE)) as projected,
        Elsewhere(Peer(None, DEFAULT)) as default,
        Elsewhere(Peer(None, BEST)) as best,
    ):
        contestants: Mapping[str, Contestant] = {
            "one": lambda number: ours.one_client(number, few),
            "many": lambda number: ours.in_flight(number, CLIENTS, many),
            "projected": lambda number: projected.in_flight(number, CLIENTS, many),
            "default one": lambda number: default.one_client(number, few),
            "best many": lambda number: best.threads(number, CLIENTS, peer_many),
            "best one": lambda number: best.one_client(number, few),
        }
        rounds = interleaved(scale.rounds, contestants)
    compare = _Comparison("B3", rounds, None)
    return [
        compare.rate("memory, 1 client in a cell", "one", "default one", "POPO default", Limit(at_least=3)),
        compare.rate("memory, 256 in flight", "many", "best many", "POPO best, 256 threads", Limit(at_least=4)),
        compare.rate("memory, 256 in flight", "many", "best one", "POPO best, 1 client"),
        compare.rate("the same with a projector", "projected", "best many", "POPO best, 256 threads"),
    ]


class _Comparison:
    def __init__(self, budget: str, rounds: Rounds, fsync: float | None) -> None:
        self._budget = budget
        self._rounds = rounds
        self._fsync = fsync

    def rate(self, what: str, ours: str, peer: str, versus: str, limit: Limit | None = None) -> Result:
        return self._row(what, ours, peer, versus, limit, "per_second", Unit.PER_SECOND)

    def p50(self, what: str, ours: str, peer: str, versus: str, limit: Limit | None = None) -> Result:
        return self._row(what, ours, peer, versus, limit, "p50", Unit.SECONDS)

    def p99(self, what: str, ours: str, peer: str, versus: str, limit: Limit | None = None) -> Result:
        return self._row(what, ours, peer, versus, limit, "p99", Unit.SECONDS)

    def _row(
        self, what: str, ours: str, peer: str, versus: str, limit: Limit | None, figure: str, unit: Unit
    ) -> Result:
        own, other = self._rounds[ours], self._rounds[peer]

        def value(sample: Sample) -> float:
            found: float = getattr(sample, figure)
            return found

        return Result(
            self._budget,
            what,
            unit,
            median(own, value),
            median(other, value),
            versus,
            median_ratio(own, other, value),
            limit,
            self._fsync,
        )
