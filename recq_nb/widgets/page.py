"""Page: one browser tab that looks at a widget, and how far it keeps up."""

from __future__ import annotations

AHEAD = 3
"""Frames a page may be behind before news waits."""
SLOW_SECONDS = 1.0
"""A page that does not acknowledge still gets a frame this often: its acknowledgements may wait for a busy cell."""
GONE_SECONDS = 60.0
"""A page that has not acknowledged for so long although frames were sent is gone: its tab was closed or reloaded."""


class Page:
    """What one page has been sent and has shown.

    Attributes:
        looks_at: Names of the parts it shows.
    """

    def __init__(self, now: float, frame: int) -> None:
        self.looks_at: set[str] = set()
        self._shown = frame
        self._heard = now
        self._sent = now
        self._waiting = False

    def sent(self, now: float) -> None:
        """A frame is on its way."""
        self._sent = now
        if not self._waiting:
            self._waiting, self._heard = True, now

    def acknowledged(self, frame: int, now: float) -> None:
        """It has shown everything up to this frame."""
        self._shown = max(self._shown, frame)
        self._heard, self._waiting = now, False

    def is_ready(self, newest: int, now: float) -> bool:
        """Whether it should be sent news now."""
        return newest - self._shown <= AHEAD or now - self._sent >= SLOW_SECONDS

    def is_gone(self, now: float) -> bool:
        """Whether nobody seems to look any more."""
        return self._waiting and now - self._heard >= GONE_SECONDS
