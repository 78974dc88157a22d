"""Acting on consumers and their dead events: the part of a session for whoever keeps it running."""

from __future__ import annotations

from collections.abc import Coroutine
from dataclasses import dataclass
from typing import TypeVar

from recq_nb.errors import ConsumerError
from recq_nb.session.inspection import Inspection
from recq_nb.session.status import counted

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Redriven:
    """What became of one dead event that was handled again.

    Attributes:
        consumer_id: Its consumer.
        sequence_number: The event.
        error: What it failed with this time; ``""`` if it succeeded and left the queue.
    """

    consumer_id: str
    sequence_number: int
    error: str

    @property
    def succeeded(self) -> bool:
        """Whether it left the queue."""
        return not self.error


class Redrives(tuple[Redriven, ...]):
    """What became of dead events that were handled again, oldest first; says so in a sentence."""

    __slots__ = ()

    def __repr__(self) -> str:
        if not self:
            return "no dead event to handle again"
        failed = [one for one in self if not one.succeeded]
        said = f"{len(self) - len(failed)} of {counted(len(self), 'dead event')} handled"
        lines = [f"  event {one.sequence_number} of {one.consumer_id} failed again: {one.error}" for one in failed]
        return "\n".join([said, *lines])


class ConsumerControl(Inspection):
    """Consumers by name: a component (all its consumers) or one ``Component_version_context``."""

    def _run(self, make: Coroutine[object, object, T], label: str) -> T:
        try:
            self._must_be_open()
        except BaseException:
            make.close()
            raise
        return self._runtime.run(lambda: make, label)

    # -- acting --------------------------------------------------------------------------------------------------

    def pause(self, consumer: str) -> None:
        """Stop consuming after the work at hand, until ``resume``; remembered across restarts.

        Raises:
            RoutingError: No such consumer.
        """
        self._run(self._runtime.consumers.set_enabled(consumer, enabled=False), "pause")

    def resume(self, consumer: str) -> None:
        """Go on consuming.

        Raises:
            RoutingError: No such consumer.
        """
        self._run(self._runtime.consumers.set_enabled(consumer, enabled=True), "resume")

    def replay(self, component: str, *, after: int = 0) -> None:
        """Consume the log again from behind an event; a projector's read model is emptied first.

        A saga or observer sends again what it sent before, under the same command ids: nothing happens twice that has
        an outcome already.

        Args:
            component: Component name.
            after: Sequence number to start behind; 0 for the whole log, the only choice for a projector.

        Raises:
            RoutingError: No such consumer.
            ConsumerError: A projector was asked to start elsewhere.
        """
        self._run(self._runtime.consumers.replay(component, after), "replay")

    def redrive(self, consumer: str | None = None, sequence_number: int | None = None) -> Redrives:
        """Handle dead events once more, oldest first; an event leaves the queue only once that succeeded.

        Args:
            consumer: Component or consumer id; None for all.
            sequence_number: One event; None for all.

        Returns:
            What became of each.

        Raises:
            RoutingError: No such consumer.
        """
        tried = self._run(self._runtime.consumers.redrive(consumer, sequence_number), "redrive")
        return Redrives(
            Redriven(consumer_id, number, "" if error is None else f"{type(error).__name__}: {error}")
            for consumer_id, number, error in tried
        )

    def delete_dead_events(self, consumer: str, sequence_number: int | None = None) -> int:
        """Give dead events up for good.

        Args:
            consumer: Component or consumer id.
            sequence_number: One event; None for all of that consumer.

        Returns:
            How many were deleted.

        Raises:
            RoutingError: No such consumer.
            ConsumerError: That event is not in the queue.
        """
        deleted = self._run(self._runtime.consumers.delete_dead_events(consumer, sequence_number), "delete")
        if sequence_number is not None and not deleted:
            raise ConsumerError(
                f"event {sequence_number} is not in the dead event queue of {consumer}.",
                remedy="See recq.dead_events_df().",
            )
        return deleted

    def cancel_scheduled(self, schedule_id: str) -> None:
        """Take a scheduled command back, so that it is never sent; its saga is not told.

        Args:
            schedule_id: As ``scheduled_df`` has it.

        Raises:
            ConsumerError: It is not scheduled, or on its way.
        """
        self._run(self._runtime.scheduler.cancel(schedule_id), "cancel")

    def retry_scheduled(self, schedule_id: str) -> None:
        """Send a scheduled command that was given up once more, under the same command id.

        Args:
            schedule_id: As ``scheduled_df`` has it.

        Raises:
            ConsumerError: It is not scheduled, or was not given up.
        """
        self._run(self._runtime.scheduler.retry(schedule_id), "retry")
