"""What can be said of a consumer at any moment."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ConsumerHealth(StrEnum):
    """What a consumer is doing."""

    STARTING = "starting"
    REPLAYING = "replaying"
    RUNNING = "running"
    STALLED = "stalled"
    PAUSED = "paused"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class ConsumerStatus:
    """One consumer: component, version and context.

    Attributes:
        consumer_id: ``Component_version_context``.
        kind: Component type.
        position: Sequence number of the last event it has passed.
        head: Sequence number of the newest event of the log.
        lag: Events it still has to pass.
        health: What it is doing; ``stalled`` while it waits to try an event again.
        reason: Why it is stalled or paused; ``""`` otherwise.
        attempts: Failed attempts at the event it is stalled on.
        dead_events: Events in its dead event queue.
        last_error: The newest failure, also after it was overcome.
    """

    consumer_id: str
    component: str
    kind: str
    version: int
    context: str
    position: int
    head: int
    lag: int
    health: ConsumerHealth
    reason: str = ""
    attempts: int = 0
    dead_events: int = 0
    last_error: str = ""
