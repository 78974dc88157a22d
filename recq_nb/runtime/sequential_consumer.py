"""Sequential consumers: projectors and sagas, one event after the other in the order of the log."""

from __future__ import annotations

from collections.abc import Sequence

from recq_nb.runtime.consumer import FETCH_SIZE, UNSAVED_LIMIT, Consumer
from recq_nb.runtime.event_tail import TailEvent
from recq_nb.runtime.event_work import Progress

REPLAY_SIZE = 4_000
"""Events in one transaction while a consumer is far from the head, where nobody waits for any one of them."""


class SequentialConsumer(Consumer):
    """Hands batches to its work; what the handlers change and the checkpoint commit together."""

    async def _consume(self) -> None:
        events = await self._source.read(self.position, FETCH_SIZE if self.head_reached else REPLAY_SIZE)
        fresh = [event for event in events if event.stored.sequence_number > self.position]
        if fresh:
            await self._pass(fresh)

    async def _pass(self, events: Sequence[TailEvent]) -> None:
        """Handle a fetched batch completely, however many attempts that takes."""
        last = events[-1].stored.sequence_number
        mine = self._mine(events)
        while mine and not self.stopping and self.enabled:
            async with self._turn:
                failure = await self._work.handle(mine, self._progress(last))
            if failure is None:
                self._advance(last, saved=True)
                return
            if failure.place > 0:
                before, mine = mine[: failure.place], mine[failure.place :]
                checkpoint = mine[0].stored.sequence_number - 1
                if not failure.kept:
                    async with self._turn:
                        again = await self._work.handle(before, self._progress(checkpoint))
                    if again is not None:
                        mine = [*before, *mine]
                        continue
                self._advance(checkpoint, saved=not failure.kept)
            sequence_number = mine[0].stored.sequence_number
            if await self._try_until_decided(mine[0], failure.error, self._progress(sequence_number)):
                self._advance(sequence_number, saved=True)
                mine = mine[1:]
        if not mine:
            self._advance(last, saved=False)
            if self.position - self._saved >= UNSAVED_LIMIT:
                await self.save()

    def _mine(self, events: Sequence[TailEvent]) -> list[TailEvent]:
        """The events that concern it, each once, whatever the log hands over twice."""
        mine: dict[int, TailEvent] = {}
        for event in events:
            if self.concerns(event):
                mine.setdefault(event.stored.sequence_number, event)
        return list(mine.values())

    async def _alone(self, events: list[TailEvent], progress: Progress) -> BaseException | None:
        async with self._turn:
            return await super()._alone(events, progress)
