"""Handler metrics: counts, failures, rates and durations per handler, from recorded flow steps."""

from __future__ import annotations

from collections import Counter, deque

from recq_nb.flow.flow_reader import FlowReader
from recq_nb.flow.recorder import CAPACITY, FlowRecorder
from recq_nb.ports.flow_listener import REFUSALS
from recq_nb.widgets.protocol.catalog import CatalogMetric

SAMPLED = 5_000
"""Steps of one look whose durations are kept; of a burst the newest."""
RATED_SECONDS = 0.2
"""The shortest time a rate is taken over."""
REMEMBERED = 512
"""Durations of a handler that its percentiles come from."""


class HandlerMetrics:
    """Reads the recorder now and then. Counts are those of the whole session, durations those of the newest steps."""

    def __init__(self, recorder: FlowRecorder) -> None:
        self._reader = FlowReader(recorder)
        self._counts: Counter[tuple[str, str]] = Counter()
        self._failed: Counter[tuple[str, str]] = Counter()
        self._durations: dict[tuple[str, str], deque[int]] = {}
        self._before: dict[tuple[str, str], int] = {}
        self._rates: dict[tuple[str, str], float] = {}
        self._rated_at: float | None = None

    def look(self, now: float) -> None:
        """Count what was recorded since the last look.

        Args:
            now: Seconds of a monotonic clock; rates are taken over the time between two looks.
        """
        news = self._reader.look(CAPACITY if self._rated_at is None else SAMPLED)
        for (kind, _message, _name, _sender, component, handler), count in news.routes.items():
            self._counts[component, handler] += count
            if kind in REFUSALS:
                self._failed[component, handler] += count
        for step in news.steps:
            if step.handler:
                kept = self._durations.setdefault((step.component, step.handler), deque(maxlen=REMEMBERED))
                kept.append(step.handler_ns)
        past = 0.0 if self._rated_at is None else now - self._rated_at
        if self._rated_at is not None and past < RATED_SECONDS:
            return  # too short a time to say how often something happens
        if past:
            self._rates = {key: (count - self._before.get(key, 0)) / past for key, count in self._counts.items()}
        self._before, self._rated_at = dict(self._counts), now

    def all(self) -> dict[str, CatalogMetric]:
        """By handler id, ``Component.method``."""
        return {
            f"{component}.{handler}": self._metric((component, handler))
            for component, handler in self._counts
            if handler
        }

    def longest(self) -> dict[str, float]:
        """The longest of the remembered durations, in milliseconds, by handler id."""
        return {
            f"{one}.{handler}": round(max(kept) / 1e6, 3) for (one, handler), kept in self._durations.items() if kept
        }

    def _metric(self, key: tuple[str, str]) -> CatalogMetric:
        durations = sorted(self._durations.get(key, ()))
        return {
            "count": self._counts[key],
            "failed": self._failed[key],
            "rate": round(self._rates.get(key, 0.0), 1),
            "p50": _percentile(durations, 50),
            "p95": _percentile(durations, 95),
        }


def _percentile(durations: list[int], percent: int) -> float:
    """Milliseconds, by nearest rank; 0 where nothing was measured."""
    if not durations:
        return 0.0
    rank = -(-len(durations) * percent // 100)
    return round(durations[rank - 1] / 1e6, 3)
