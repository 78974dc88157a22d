"""The garbage collector while an engine runs: many messages in flight must not look like a leak to it."""

from __future__ import annotations

import gc
import threading

YOUNG = 50_000
"""Objects that may be made, and not yet given up, before the collector looks at the young ones."""

_lock = threading.Lock()
_engines = 0
_before: tuple[int, int, int] | None = None


def collect_seldom() -> None:
    """Have the collector start at ``YOUNG`` objects instead of CPython's 700; once for each engine that starts.

    A few hundred messages in flight hold thousands of objects for some milliseconds. At 700 these are taken for long
    lived, which costs a third of the time and, with the pauses of full collections, nearly all of the tail of the
    latencies. A higher threshold, and a collector that is switched off, are left as they are.
    """
    global _engines, _before  # noqa: PLW0603  the collector is one for the process, and so is what it was set to
    with _lock:
        _engines += 1
        found = gc.get_threshold()
        if _engines == 1 and 0 < found[0] < YOUNG:
            _before = found
            gc.set_threshold(YOUNG, *found[1:])


def collect_as_before() -> None:
    """Undo it when the last engine stops, unless somebody else has set the threshold meanwhile."""
    global _engines, _before  # noqa: PLW0603  as above
    with _lock:
        _engines -= 1
        if _engines == 0 and _before is not None:
            if gc.get_threshold()[0] == YOUNG:
                gc.set_threshold(*_before)
            _before = None
