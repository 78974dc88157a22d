"""Errands: what an intent asks for and the engine takes its time with, done on a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable

from recq_nb.errors import RecqError
from recq_nb.widgets.part import Answer
from recq_nb.widgets.protocol.envelope import Body

MOST = 16
"""Errands of one part that may be under way at once."""
LONGEST_PROBLEM = 4_000
"""Characters of a problem that are shown."""


class Errands:
    """Runs errands beside the thread an intent arrived on, which must not wait."""

    def __init__(self) -> None:
        self._under_way = threading.BoundedSemaphore(MOST)

    def run(self, work: Callable[[], Body], answer: Answer) -> None:
        """Do this soon, and answer with what comes of it, or with the problem.

        Raises:
            RecqError: Too many are under way.
        """
        if not self._under_way.acquire(blocking=False):
            raise RecqError(
                f"{MOST} actions of this widget are still under way.", remedy="Wait until one of them has ended."
            )
        # A daemon: what never ends must not keep the kernel from stopping.
        threading.Thread(target=self._do, args=(work, answer), name="recq-widgets-errand", daemon=True).start()

    def _do(self, work: Callable[[], Body], answer: Answer) -> None:
        try:
            body = work()
        except Exception as error:  # noqa: BLE001  border: the Intent receiver, continued on this thread
            body = problem_of(error)
        finally:
            self._under_way.release()
        answer(body)


def problem_of(error: Exception) -> Body:
    """An error as a widget shows it."""
    if isinstance(error, RecqError):
        text, remedy = error.problem, error.remedy or ""
    else:
        text, remedy = f"{type(error).__name__}: {error}", ""
    return {"kind": "problem", "text": text[:LONGEST_PROBLEM], "remedy": remedy[:LONGEST_PROBLEM]}
