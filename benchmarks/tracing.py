"""B9: what watching costs."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter

from benchmarks.account import READ_SIDE, WRITE_SIDE
from benchmarks.elsewhere import Elsewhere, Ours
from benchmarks.result import Limit, Result, Unit
from benchmarks.sample import Sample, interleaved, median, median_ratio
from benchmarks.scale import Scale

CLIENTS = 256
_WATCHED_LIMIT = Limit(at_least=0.9)
_rate = attrgetter("per_second")


def watching(scale: Scale) -> list[Result]:
    """B9: the same commands with the flow recorder on and off, and with a widget attached.

    With and without a widget is measured in one process: two processes that do the same differ by more than a widget.
    """
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
                "many watched": lambda number: recorded.watched(number, CLIENTS, many),
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
        _beside(
            "live flow, page acknowledges at once, memory, 256 in flight", rounds["many watched"], rounds["many on"]
        ),
        _in_a_browser(scale, many),
    ]


def _in_a_browser(scale: Scale, count: int) -> Result:
    """A kernel whose flow is drawn in a browser, beside the same kernel with nothing in sight.

    Server and browser take their share of the machine: with less than four cores, of the kernel's as well.
    """
    what = "live flow in Chromium, memory, 256 in flight"
    if scale.divisor > 1:
        return Result("B9", what, limit=_WATCHED_LIMIT, note="measured at full scale only")
    from benchmarks.live_page import live_page  # noqa: PLC0415  needs what only the browser tests need
    from tests.ui.chromium import BrowserMissingError  # noqa: PLC0415  as above

    try:
        with live_page(scale.folder) as page:
            rounds = interleaved(
                scale.rounds,
                {
                    "on": lambda number: page.watched(number, CLIENTS, count),
                    "off": lambda number: page.unwatched(number, CLIENTS, count),
                },
            )
    except BrowserMissingError as missing:
        return Result("B9", what, limit=_WATCHED_LIMIT, note=str(missing))
    return _beside(what, rounds["on"], rounds["off"])


def _beside(what: str, own: Sequence[Sample], other: Sequence[Sample]) -> Result:
    ratio = median_ratio(own, other, _rate)
    return Result(
        "B9", what, Unit.PER_SECOND, median(own, _rate), median(other, _rate), "no widget", ratio, _WATCHED_LIMIT
    )
