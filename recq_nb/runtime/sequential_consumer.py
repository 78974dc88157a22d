"""Sequential consumers: projectors and sagas, one event after the other in the order of the log."""

from __future__ import annotations

from collections.abc import Sequence

from recq_nb.modeling.capability import ComponentKind
from recq_nb.runtime.consumer import FETCH_SIZE, UNSAVED_LIMIT, Consumer
from recq_nb.runtime.event_tail import TailEvent
from recq_nb.runtime.event_work import Failure, Progress

REPLAY_SIZE = 10_000
"""Events in one transaction while a consumer is far from the head, where nobody waits for any one of them."""


class SequentialConsumer(Consumer):
    """Hands batches to its work; what the handlers change and the checkpoint commit together.

    A projector takes a whole batch at a time. A saga takes one event at a time, each of which may wait for replies, so
    that pausing, redefining and closing never wait for a batch of them.
    """

    async def _consume(self) -> None:
        events = await self._source.read(self.position, FETCH_SIZE if self.head_reached else REPLAY_SIZE)
        fresh = [event for event in events if event.stored.sequence_number > self.position]
        if fresh:
            await self._pass(fresh)

    async def _pass(self, events: Sequence[TailEvent]) -> None:
        """Handle a fetched batch completely, however many attempts that takes."""
        last = events[-1].stored.sequence_number
        mine = self._mine(events)
        size = 1 if self.component.kind is ComponentKind.SAGA else len(events)
        while mine and not self.stopping and self.enabled:
            batch, mine = mine[:size], mine[size:]
            left = await self._pass_batch(batch, batch[-1].stored.sequence_number if mine else last)
            mine = [*left, *mine]
        if not mine:
            self._advance(last, saved=False)
            if self.position - self._saved >= UNSAVED_LIMIT:
                await self.save()

    async def _pass_batch(self, batch: list[TailEvent], checkpoint: int) -> list[TailEvent]:
        """Handle events up to and including the first that fails; returns those after it, to be handled next."""
        failure = await self._attempt(batch, self._progress(checkpoint))
        if failure is None:
            self._advance(checkpoint, saved=True)
            return []
        before, failed, after = batch[: failure.place], batch[failure.place], batch[failure.place + 1 :]
        sequence_number = failed.stored.sequence_number
        if before:
            if not failure.kept and await self._attempt(before, self._progress(sequence_number - 1)) is not None:
                return batch
            self._advance(sequence_number - 1, saved=not failure.kept)
        if not await self._try_until_decided(failed, failure.error, self._progress(sequence_number)):
            return [failed, *after]
        self._advance(sequence_number, saved=True)
        return after

    def _mine(self, events: Sequence[TailEvent]) -> list[TailEvent]:
        """The events that concern it, each once, whatever the log hands over twice."""
        mine: dict[int, TailEvent] = {}
        for event in events:
            if self.concerns(event):
                mine.setdefault(event.stored.sequence_number, event)
        return list(mine.values())

    async def _attempt(self, events: Sequence[TailEvent], progress: Progress) -> Failure | None:
        async with self._turn:
            return await super()._attempt(events, progress)

    async def _commit(self, progress: Progress) -> None:
        async with self._turn:
            await super()._commit(progress)
