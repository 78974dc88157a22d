"""Time and identity, injected so that tests and replays are deterministic."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Where timestamps and due times come from."""

    def now(self) -> datetime:
        """The present moment, timezone-aware, UTC."""

    async def sleep(self, seconds: float) -> None:
        """Return when so many seconds of this clock have passed."""


class IdSource(Protocol):
    """Where message ids come from."""

    def next_id(self) -> str:
        """An id no other message has, also across kernels."""
