"""The flow listener: told of every hop a message makes, for pictures and measurements.

Of a long replay it is told of the newest events of each batch only, and of every failure.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple, Protocol

from recq_nb.modeling.message import Message


class FlowStepKind(StrEnum):
    """What happened to a message."""

    SENT = "sent"
    PUBLISHED = "published"
    CONSUMED = "consumed"
    REPLIED = "replied"
    REJECTED = "rejected"
    FAILED = "failed"
    TIMED_OUT = "timed_out"


REFUSALS = frozenset({FlowStepKind.REJECTED, FlowStepKind.FAILED, FlowStepKind.TIMED_OUT})
"""What happens to a message that does not succeed."""


class FlowStep(NamedTuple):
    """One hop. Cheap to make: it refers to the message and is read later.

    Attributes:
        kind: What happened.
        time_ns: When, in nanoseconds of the monotonic clock; for what took time, when it ended.
        message: The message it happened to.
        component: The component that handles or consumes it; ``""`` where none does.
        handler: Its method.
        lock_wait_ns: Waiting for the lock id.
        retrieve_ns: Loading aggregate state.
        handler_ns: Running the handler.
        store_ns: From staging to stored.
        outcome: The error's class and text, or a rejection's code; ``""`` for success.
        routed_ns: When the request reached its handler's component; 0 where it did not.
    """

    kind: FlowStepKind
    time_ns: int
    message: Message
    component: str = ""
    handler: str = ""
    lock_wait_ns: int = 0
    retrieve_ns: int = 0
    handler_ns: int = 0
    store_ns: int = 0
    outcome: str = ""
    routed_ns: int = 0


class FlowListener(Protocol):
    """Receives flow steps on the engine thread, many at a time; must return quickly and never raise."""

    def record(self, steps: Sequence[FlowStep]) -> None:
        """Take note of steps, in the order they happened."""
