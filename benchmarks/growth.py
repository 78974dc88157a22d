"""B8: a log that has grown, beside one that has not."""

from __future__ import annotations

import time
from operator import attrgetter
from pathlib import Path

from benchmarks import machine
from benchmarks.replay import EVENTS_OF_ONE_ACCOUNT, fill_ours
from benchmarks.result import Limit, Result, Unit
from benchmarks.sample import Sample, interleaved, median, median_ratio
from benchmarks.scale import Scale
from benchmarks.systems import OurSystem

_SMALL = 10_000
_p50 = attrgetter("p50")
_seconds = attrgetter("seconds")


def growing(scale: Scale) -> list[Result]:
    """B8: append to a small and a large log, and open both."""
    many = scale.of(10_000_000 if scale.large else 1_000_000, at_least=_SMALL)
    count = scale.of(500, at_least=50)
    small, large = scale.folder / "b8_small.duckdb", scale.folder / "b8_large.duckdb"
    fill_ours(small, _SMALL // EVENTS_OF_ONE_ACCOUNT, EVENTS_OF_ONE_ACCOUNT)
    fill_ours(large, many // EVENTS_OF_ONE_ACCOUNT, EVENTS_OF_ONE_ACCOUNT)
    opened = interleaved(scale.rounds, {"small": lambda _: _open(small), "large": lambda _: _open(large)})
    with OurSystem(small) as small_system, OurSystem(large) as large_system:
        appended = interleaved(
            scale.rounds,
            {
                "small": lambda number: small_system.one_client(number, count),
                "large": lambda number: large_system.one_client(number, count),
            },
        )
    fsync = machine.fsync_seconds(scale.folder)
    own, other = appended["large"], appended["small"]
    return [
        Result(
            "B8",
            f"append to a file of {many:,} events, p50",
            Unit.SECONDS,
            median(own, _p50),
            median(other, _p50),
            f"{_SMALL:,} events",
            median_ratio(own, other, _p50),
            Limit(at_most=1.3),
            fsync,
        ),
        Result(
            "B8",
            f"open a file of {many:,} events",
            Unit.SECONDS,
            median(opened["large"], _seconds),
            limit=Limit(at_most=1.0),
        ),
    ]


def _open(path: Path) -> Sample:
    started = time.perf_counter()
    with OurSystem(path):
        return Sample(1, time.perf_counter() - started)
