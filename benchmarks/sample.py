"""Samples: what one contestant did in one round, and the medians over rounds."""

from __future__ import annotations

import gc
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Sample:
    """One contestant in one round.

    Attributes:
        count: How many pieces of work.
        seconds: How long all of them took together.
        latencies: Seconds each took, where that was measured.
    """

    count: int
    seconds: float
    latencies: Sequence[float] = field(default=(), repr=False)

    @property
    def per_second(self) -> float:
        return self.count / self.seconds

    @property
    def p50(self) -> float:
        return percentile(self.latencies, 50)

    @property
    def p99(self) -> float:
        return percentile(self.latencies, 99)


def percentile(values: Sequence[float], percent: int) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


Contestant = Callable[[int], Sample]
"""Does its work for a round, given the round's number; round 0 warms up and is not counted."""

Rounds = Mapping[str, Sequence[Sample]]


def interleaved(rounds: int, contestants: Mapping[str, Contestant]) -> Rounds:
    """Let all contestants do every round one after the other, the order reversed each time."""
    samples: dict[str, list[Sample]] = {name: [] for name in contestants}
    for round_number in range(rounds + 1):
        order = list(contestants.items())
        for name, contestant in order if round_number % 2 else reversed(order):
            gc.collect()
            sample = contestant(round_number)
            if round_number:
                samples[name].append(sample)
    return samples


def median(samples: Sequence[Sample], figure: Callable[[Sample], float]) -> float:
    return statistics.median(map(figure, samples))


def median_ratio(ours: Sequence[Sample], peers: Sequence[Sample], figure: Callable[[Sample], float]) -> float:
    """The median of the rounds' ratios: what disturbs a whole round does not disturb its ratio."""
    return statistics.median(figure(own) / figure(peer) for own, peer in zip(ours, peers, strict=True))
