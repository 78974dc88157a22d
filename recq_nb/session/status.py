"""What a session is doing now, as one value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from recq_nb.runtime.consumer_status import ConsumerStatus


def counted(number: int, noun: str) -> str:
    """``1 event``, ``12,000 events``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


@dataclass(frozen=True, slots=True)
class SessionStatus:
    """What a session is doing now.

    Attributes:
        store: ``"memory"`` or the file.
        head: Events in the log.
        payloads: Registered payload names by kind.
        components: Registered component names by type.
        consumers: How each consumer is doing.
        in_flight: Requests being handled.
    """

    store: str
    head: int
    payloads: Mapping[str, tuple[str, ...]]
    components: Mapping[str, tuple[str, ...]]
    consumers: tuple[ConsumerStatus, ...]
    in_flight: int
