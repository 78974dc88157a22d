"""What a consumer asks of the component kind it runs: handle events and keep that together with the progress."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import NamedTuple, Protocol

from recq_nb.ports.consumer_state_store import ConsumerState, ConsumerStateStore, ConsumerTransaction
from recq_nb.ports.dead_event_queue import DeadEventRecord
from recq_nb.runtime.event_tail import TailEvent


class Failure(NamedTuple):
    """An event that could not be handled.

    Attributes:
        place: Its index among the events given.
        error: What was raised.
        kept: Whether the events before it are handled and committed; otherwise nothing of the batch is.
    """

    place: int
    error: BaseException
    kept: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """What to commit beside what the handlers changed.

    Attributes:
        consumer_id: Whose progress it is.
        fingerprint: Of the handler source.
        checkpoint: The new checkpoint; None to leave it.
        completed: An event handled ahead of the checkpoint.
        redriven: An event that leaves the dead event queue with this: it was handled, or given up.
        parked: An event that enters it.
        head_reached: Whether the consumer has been at the head of the log.
        enabled: False while the consumer is paused.
    """

    consumer_id: str
    fingerprint: str
    checkpoint: int | None = None
    completed: int | None = None
    redriven: int | None = None
    parked: DeadEventRecord | None = None
    head_reached: bool = False
    enabled: bool = True

    def commit(self, transaction: ConsumerTransaction) -> None:
        """Commit a transaction together with this progress."""
        if self.completed is not None:
            transaction.complete(self.consumer_id, self.completed)
        if self.redriven is not None:
            transaction.dead_events().remove(self.consumer_id, self.redriven)
        if self.parked is not None:
            transaction.dead_events().park(self.parked)
        if self.checkpoint is None:
            transaction.commit()
        else:
            transaction.commit(ConsumerState(self.consumer_id, self.checkpoint, self.fingerprint, self.enabled))


def is_of_context(context: str, pattern: str) -> bool:
    """Whether an event of this context reaches a consumer that subscribes to a context, or to a glob of them."""
    return pattern == "*" or fnmatchcase(context, pattern)


class EventWork(Protocol):
    """Handles events of one component for its consumers."""

    async def handle(self, events: Sequence[TailEvent], progress: Progress) -> Failure | None:
        """Handle events in order and commit what they changed with the progress.

        On a failure nothing is changed, unless it says that the events before it are kept.
        """

    async def commit(self, progress: Progress) -> None:
        """Commit progress alone: an event was parked."""


def commit_alone(states: ConsumerStateStore, component: str, progress: Progress) -> None:
    """Commit progress in a transaction of its own; on a worker thread."""
    transaction = states.begin(component)
    try:
        progress.commit(transaction)
    except BaseException:
        transaction.rollback()
        raise
