"""B9: what watching costs."""

from __future__ import annotations

from operator import attrgetter

from benchmarks.account import READ_SIDE, WRITE_SIDE
from benchmarks.elsewhere import Elsewhere, Ours
from benchmarks.result import Limit, Result, Unit
from benchmarks.sample import interleaved, median, median_ratio
from benchmarks.scale import Scale

CLIENTS = 256
_rate = attrgetter("per_second")


def watching(scale: Scale) -> list[Result]:
    """B9: the same commands with the flow recorder on and off, and with a widget attached."""
    few, many = scale.of(3000, at_least=50), scale.of(CLIENTS * 100, at_least=CLIENTS)
    with (
        Elsewhere(Ours("memory", WRITE_SIDE + READ_SIDE)) as recorded,
        Elsewhere(Ours("memory", WRITE_SIDE + READ_SIDE, record=False)) as unrecorded,
    ):
        rounds = interleaved(
            scale.rounds,
            {
                "one on": lambda number: recorded.one_client(number, few),
                "one off": lambda number: unrecorded.one_client(number, few),
                "many on": lambda number: recorded.in_flight(number, CLIENTS, many),
                "many off": lambda number: unrecorded.in_flight(number, CLIENTS, many),
            },
        )

    def row(what: str, name: str) -> Result:
        own, other = rounds[f"{name} on"], rounds[f"{name} off"]
        ratio = median_ratio(own, other, _rate)
        limit = Limit(at_least=0.75)
        return Result(
            "B9", what, Unit.PER_SECOND, median(own, _rate), median(other, _rate), "recorder off", ratio, limit
        )

    return [
        row("flow recorder on, memory, 1 client in a cell", "one"),
        row("flow recorder on, memory, 256 in flight", "many"),
        Result("B9", "a live widget attached ÷ not", limit=Limit(at_least=0.9), note="there are no live widgets yet"),
    ]
