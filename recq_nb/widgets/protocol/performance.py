"""What the performance widget and its part tell each other."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

from recq_nb.widgets.protocol.catalog import CatalogMetric


class HandlerPerformance(CatalogMetric):
    """A handler's measurements; durations in milliseconds, ``p95`` and ``longest`` of the newest few hundred calls."""

    handler: str
    kind: str
    longest: float


class PerformanceBody(TypedDict):
    """All handlers that have run."""

    kind: Literal["performance"]
    handlers: list[HandlerPerformance]
