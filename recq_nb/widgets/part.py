"""Part: one picture's facts, apart from any browser; a widget shows one, the dashboard several."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

from recq_nb.widgets.protocol.envelope import Body

BURST_REST_SECONDS = 0.3
"""Nobody reads what flies past: of a burst there are few frames, which leaves the machine to whoever sends."""
Answer = Callable[[Body], None]
"""Takes the answer to an intent; may be called later, and from any thread."""


class Picture(NamedTuple):
    """What a reader without a kernel sees.

    Attributes:
        html: Self-contained, escaped, without scripts.
        text: The same for screen readers and terminals.
    """

    html: str
    text: str


class Part(Protocol):
    """Facts for one picture.

    Snapshot, delta and picture are asked for from any thread, one at a time; intents arrive whenever a reader likes.
    """

    @property
    def name(self) -> str:
        """What frames and the session's method are called by, e.g. ``"flow"``."""

    @property
    def rest_seconds(self) -> float:
        """How long it need not be asked again after its last delta, so that cell and page have time for others."""

    def snapshot(self) -> Body:
        """All that a page which just came has to know; replaces what it knew before.

        Other pages were given a delta the moment before, and miss nothing.
        """

    def delta(self) -> Body | None:
        """What is new since the last call, bounded; None when nothing is. Asked at most twenty times a second."""

    def receive(self, intent: Body, answer: Answer) -> None:
        """Do what a reader wants; must not wait for the engine. Raises ``RecqError`` where it cannot be done."""

    def picture(self) -> Picture:
        """The static twin as of now."""

    def close(self) -> None:
        """Let go of what it listens to."""
