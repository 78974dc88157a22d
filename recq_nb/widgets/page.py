"""Page: one browser tab that looks at a widget, and how far it keeps up."""

from __future__ import annotations

AHEAD = 3
"""Frames a page may be behind before news waits."""
SLOW_SECONDS = 1.0
"""A page that does not acknowledge still gets a frame this often: its acknowledgements may wait for a busy cell."""
GONE_SECONDS = 60.0
"""A page that has not acknowledged for so long although frames were sent is gone: its tab was closed, reloaded or
hidden. One that acknowledges later is asked to say hello again."""


class Page:
    """What one page has been sent and has shown.

    Attributes:
        looks_at: Names of the parts it shows.
    """

    def __init__(self, now: float, frame: int) -> None:
        self.looks_at: set[str] = set()
        self._shown = frame
        self._newest = frame
        self._heard = now
        self._sent = now
        self._waiting = False

    def sent(self, frame: int, now: float) -> None:
        """A frame for it is on its way."""
        self._sent, self._newest = now, frame
        if not self._waiting:
            self._waiting, self._heard = True, now

    def acknowledged(self, frame: int, now: float) -> None:
        """It has shown everything up to this frame."""
        self._shown = max(self._shown, frame)
        self._heard, self._waiting = now, False

    def is_ready(self, now: float) -> bool:
        """Whether it should be sent news now."""
        return self._newest - self._shown <= AHEAD or now - self._sent >= SLOW_SECONDS

    def is_gone(self, now: float) -> bool:
        """Whether nobody seems to look any more."""
        return self._waiting and now - self._heard >= GONE_SECONDS
