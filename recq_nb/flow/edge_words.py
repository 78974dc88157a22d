"""What is said on an edge of the application graph, in few words: the live picture and its static twin say the same."""

from __future__ import annotations

from recq_nb.flow.flow_graph import short_duration

_RATED = 0.1
"""Messages a second from which on an edge says how many a second, not how many."""
_THOUSANDS = 10_000


def edge_words(count: int, failed: int, *, lag: int = 0, p50: float = 0.0, rate: float = 0.0) -> str:
    """How often, and what is wrong, or else how long it takes; empty where nothing is known.

    Args:
        count: Messages that passed.
        failed: How many of them were refused or failed.
        lag: Events its consumer has still to pass.
        p50: Milliseconds in the handler.
        rate: Messages a second of late; 0 in a picture that stays.
    """
    often = f"{_counted(rate)}/s" if rate >= _RATED else f"{_counted(count)}\N{MULTIPLICATION SIGN}" if count else ""
    wrong = [f"{_counted(number)} {word}" for number, word in ((failed, "failed"), (lag, "behind")) if number]
    usual = [short_duration(round(p50 * 1e6))] if p50 > 0 else []
    return " ".join(word for word in (often, *(wrong or usual)) if word)


def _counted(number: float) -> str:
    return f"{number / 1000:.0f}k" if number >= _THOUSANDS else f"{number:.1f}".removesuffix(".0")
