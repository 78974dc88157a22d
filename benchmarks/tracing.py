"""B9: what watching costs."""

from __future__ import annotations

from benchmarks.result import Limit, Result
from benchmarks.scale import Scale


def watching(scale: Scale) -> list[Result]:
    """B9: the same commands with the flow recorder on and off, and with a widget attached."""
    del scale
    return [
        Result("B9", "flow recorder on ÷ off", limit=Limit(at_least=0.75), note="there is no flow recorder yet"),
        Result("B9", "a live widget attached ÷ not", limit=Limit(at_least=0.9), note="there are no live widgets yet"),
    ]
