"""A consumer: one component, version and context, walking the log, never skipping an event in silence."""

from __future__ import annotations

import asyncio
import traceback
from abc import ABC, abstractmethod
from collections.abc import Coroutine, Sequence
from dataclasses import replace

from recq_nb.errors import ConsumerError, RecqError
from recq_nb.modeling.capability import HandlerKind
from recq_nb.modeling.component_definition import ComponentDefinition, HandlerDefinition
from recq_nb.modeling.legible_text import legible
from recq_nb.ports.clock import Clock
from recq_nb.ports.consumer_state_store import ConsumerState, ConsumerStateStore
from recq_nb.ports.dead_event_queue import DeadEventRecord
from recq_nb.runtime.activity import Activity
from recq_nb.runtime.consumer_status import ConsumerHealth, ConsumerStatus
from recq_nb.runtime.event_source import EventSource
from recq_nb.runtime.event_tail import TailEvent
from recq_nb.runtime.event_work import EventWork, Failure, Progress, is_of_context
from recq_nb.runtime.failure_policy import Backoff, is_transient
from recq_nb.runtime.handler_failure import announce_dead_event
from recq_nb.runtime.timestamps import microseconds_of

FETCH_SIZE = 1_000
UNSAVED_LIMIT = 10_000
"""Events a consumer may pass without handling any before its progress is saved on its own."""
MOST_ANNOUNCED = 3
"""Dead events a consumer announces to their senders; the queue and the consumer's status tell of all of them."""


class Consumer(ABC):
    """What every consumer is: a position, a health, and the rules for an event that fails.

    A transient failure is tried again for as long as it takes; a permanent one is retried as its handler says and then
    moved to the dead event queue.
    """

    def __init__(
        self,
        component: ComponentDefinition,
        context: str,
        work: EventWork,
        source: EventSource,
        states: ConsumerStateStore,
        clock: Clock,
        activity: Activity,
        state: ConsumerState,
    ) -> None:
        self.component = component
        self.context = context
        self.consumer_id = component.consumer_id(context)
        self.position = state.checkpoint
        self.enabled = state.enabled
        self.head_reached = False
        self._work = work
        self._source = source
        self._states = states
        self._clock = clock
        self._activity = activity
        self._saved = state.checkpoint
        self._handlers: dict[str, HandlerDefinition] = component.handlers_of(HandlerKind.EVENT, HandlerKind.SAGA_EVENT)
        self._stalls: dict[int, tuple[str, int]] = {}
        self._started = False
        self._stopped = False
        self._dead: set[int] = set()
        self._announced = 0
        self._last_error = ""
        self._waits_for = ""
        self._stopping = asyncio.Event()
        self._nudged = Activity()
        self._turn = asyncio.Lock()  # held while a checkpoint is written, and by ordered consumers while they handle

    # -- what can be said of it ----------------------------------------------------------------------------------

    @property
    def caught_up(self) -> bool:
        """Whether it has passed every event there is."""
        return self.position >= self._source.head

    @property
    def preparing(self) -> bool:
        """Whether it has not started to consume yet."""
        return not self._started

    @property
    def stopping(self) -> bool:
        """Whether it was told to stop."""
        return self._stopping.is_set()

    @property
    def health(self) -> ConsumerHealth:
        """What it is doing."""
        if self._stopped:
            return ConsumerHealth.STOPPED
        if not self.enabled and self._started:
            return ConsumerHealth.PAUSED
        if self._stalls:
            return ConsumerHealth.STALLED
        if not self._started:
            return ConsumerHealth.STARTING
        return ConsumerHealth.RUNNING if self.head_reached or self.caught_up else ConsumerHealth.REPLAYING

    def status(self) -> ConsumerStatus:
        """How it is doing now."""
        head = self._source.head
        reason, attempts = next(iter(list(self._stalls.values())), (self._waits_for, 0))
        health = self.health
        if health is ConsumerHealth.PAUSED and not reason:
            reason = f'paused until recq.resume("{self.component.name}")'
        return ConsumerStatus(
            self.consumer_id,
            self.component.name,
            str(self.component.kind),
            self.component.declaration.version,
            self.context,
            self.position,
            head,
            max(head - self.position, 0),
            health,
            reason,
            attempts,
            len(self._dead),
            self._last_error,
        )

    def stalled(self, error: BaseException, attempts: int, sequence_number: int = 0) -> None:
        """Show that it waits to try something again, and why."""
        self._last_error = f"{type(error).__name__}: {error}"
        self._stalls[sequence_number] = (self._last_error, attempts)
        self._activity.changed()

    def waits_for(self, what: str) -> None:
        """Show what keeps it from starting; ``""`` once nothing does."""
        self._waits_for = what
        self._activity.changed()

    def _recovered(self, sequence_number: int = 0) -> None:
        if self._stalls.pop(sequence_number, None) is not None:
            self._activity.changed()

    # -- its life ------------------------------------------------------------------------------------------------

    async def load(self) -> None:
        """Learn what else is kept of earlier runs: which events are in the dead event queue."""
        self._dead = {record.sequence_number for record in await self._states.dead_events(self.consumer_id)}

    def stop(self) -> None:
        """Have ``run`` return after the work at hand."""
        self._stopping.set()

    def nudge(self) -> None:
        """Try at once what waits for another component: the model has changed."""
        self._nudged.changed()

    async def set_enabled(self, *, enabled: bool) -> None:
        """Pause it after the work at hand, or let it go on; remembered across restarts."""
        self.enabled = enabled
        self._activity.changed()
        async with self._turn:
            await self._states.save_state(self._state(self._saved))

    async def run(self) -> None:
        """Consume until stopped."""
        self._started = True
        self._recovered()
        attempts = 0
        try:
            while not self.stopping:
                if not self.enabled:
                    await self._while_paused()
                    continue
                at_head = self.caught_up
                try:
                    if at_head:
                        self._reach_head()
                        await self._save_at_head()
                    else:
                        await self._consume()
                    attempts = 0
                    self._recovered()
                except Exception as error:  # noqa: BLE001  border: the consumer loop; the store may be back later
                    attempts += 1
                    self.stalled(error, attempts)
                    await self.rest(Backoff().delay(attempts))
                    continue
                if at_head:
                    await self.unless_stopped(self._source.grown_beyond(self.position))
        finally:
            await self._wind_up()
            self._stopped = True
            self._activity.changed()
        try:
            await self.save()
        except RecqError as error:  # what it has passed since the last save is fetched again
            self._last_error = f"{type(error).__name__}: {error}"

    @abstractmethod
    async def _consume(self) -> None:
        """Fetch the next events and handle them; raises only where the log or the store cannot be used."""

    async def _save_at_head(self) -> None:  # noqa: B027  most consumers save with what they handle
        """Save what has not been saved yet, before waiting for the next event."""

    async def _wind_up(self) -> None:  # noqa: B027  most consumers have nothing left to finish
        """Finish what is at hand before stopping."""

    def _reach_head(self) -> None:
        if not self.head_reached:
            self.head_reached = True
            self._activity.changed()

    async def save(self) -> None:
        """Save progress over events that changed nothing."""
        async with self._turn:
            position = self.position
            if position > self._saved:
                await self._states.save_state(self._state(position))
                self._saved = position

    # -- events that fail ----------------------------------------------------------------------------------------

    async def _try_until_decided(self, event: TailEvent, error: BaseException, progress: Progress) -> bool:
        """Try one event again until it is handled or parked; False if stopped before."""
        sequence_number = event.stored.sequence_number
        declaration = self._handlers[event.stored.record.event_name].declaration
        waiting, retrying = Backoff(), Backoff(first=declaration.retry_delay)
        permanent, transient, attempts = 0, 0, 1
        try:
            while not self.stopping:
                if is_transient(error):
                    transient += 1
                    self.stalled(error, attempts, sequence_number)
                    await self.rest(waiting.delay(transient), nudged=True)
                else:
                    permanent += 1
                    if permanent > declaration.retry:
                        await self._park(event, error, attempts, progress)
                        return True
                    self.stalled(error, attempts, sequence_number)
                    await self.rest(retrying.delay(permanent) if declaration.retry_delay else 0.0)
                await self._while_paused()
                if self._stopping.is_set():
                    return False
                failure = await self._attempt([event], progress)
                if failure is None:
                    return True
                error, attempts = failure.error, attempts + 1
        finally:
            self._recovered(sequence_number)
        return False

    async def _park(self, event: TailEvent, error: BaseException, attempts: int, progress: Progress) -> None:
        record = self.dead_event(event, error, attempts)
        await self._commit(replace(progress, parked=record))
        self._dead.add(record.sequence_number)
        self._last_error = record.exception
        if self.head_reached and event.context is not None and self._announced < MOST_ANNOUNCED:
            self._announced += 1
            handler = self._handlers[record.event_name]
            place = f"{record.event_name} (event {record.sequence_number})"
            announce_dead_event(error, handler.label, place, self.component.name, event.context)

    def dead_event(self, event: TailEvent, error: BaseException, attempts: int) -> DeadEventRecord:
        """The record of an event this consumer gives up on."""
        sequence_number, record = event.stored
        return DeadEventRecord(
            self.consumer_id,
            sequence_number,
            record.event_name,
            record.aggregate_id,
            record.context,
            legible(f"{type(error).__name__}: {error}"),
            legible("".join(traceback.format_exception(error))),
            attempts,
            microseconds_of(self._clock.now()),
        )

    async def redrive(self, record: DeadEventRecord, events: Sequence[TailEvent]) -> BaseException | None:
        """Handle a dead event once more; it leaves the queue only if that succeeds.

        Returns:
            What it failed with this time, after its record was renewed; None for success.
        """
        if record.event_name not in self._handlers:
            return ConsumerError(
                f"{self.component.name} no longer handles {record.event_name}; event {record.sequence_number} stays in "
                "its dead event queue.",
                remedy=f'Give it a handler again, or recq.delete_dead_events("{self.component.name}", '
                f"{record.sequence_number}).",
            )
        progress = Progress(
            self.consumer_id,
            self.component.fingerprint,
            redriven=record.sequence_number,
            head_reached=self.head_reached,
        )
        failure = await self._attempt(events, progress)
        if failure is None:
            self._dead.discard(record.sequence_number)
            return None
        renewed = self.dead_event(events[0], failure.error, record.attempts + 1)
        await self._work.commit(Progress(self.consumer_id, self.component.fingerprint, parked=renewed))
        return failure.error

    async def give_up(self, record: DeadEventRecord) -> None:
        """Take a dead event out of the queue without handling it."""
        progress = Progress(self.consumer_id, self.component.fingerprint, redriven=record.sequence_number)
        await self._work.commit(progress)
        self._dead.discard(record.sequence_number)

    async def inherit(self, record: DeadEventRecord) -> None:
        """Take over a dead event of a consumer that is gone."""
        own = record._replace(consumer_id=self.consumer_id)
        progress = Progress(record.consumer_id, self.component.fingerprint, redriven=record.sequence_number, parked=own)
        await self._work.commit(progress)

    async def _attempt(self, events: Sequence[TailEvent], progress: Progress) -> Failure | None:
        return await self._work.handle(events, progress)

    async def _commit(self, progress: Progress) -> None:
        await self._work.commit(progress)

    # -- small things --------------------------------------------------------------------------------------------

    def concerns(self, event: TailEvent) -> bool:
        """Whether it has a handler for an event of this context."""
        record = event.stored.record
        return record.event_name in self._handlers and is_of_context(record.context, self.context)

    def _state(self, checkpoint: int) -> ConsumerState:
        return ConsumerState(self.consumer_id, checkpoint, self.component.fingerprint, self.enabled)

    def _progress(self, checkpoint: int | None, completed: int | None = None) -> Progress:
        return Progress(
            self.consumer_id,
            self.component.fingerprint,
            checkpoint=checkpoint,
            completed=completed,
            head_reached=self.head_reached,
            enabled=self.enabled,
        )

    def _advance(self, position: int, *, saved: bool) -> None:
        self.position = position
        if saved:
            self._saved = position
        self._activity.changed()

    async def rest(self, seconds: float, *, nudged: bool = False) -> None:
        """Wait until the next try, no longer than until told to stop; or nudged, where that may help."""
        await self.unless_stopped(self._clock.sleep(seconds), self._nudged.until_changed() if nudged else None)

    async def _while_paused(self) -> None:
        await self.unless_stopped(self._activity.until(lambda: self.enabled))

    async def unless_stopped(
        self, waiting: Coroutine[object, object, None], other: Coroutine[object, object, None] | None = None
    ) -> None:
        """Wait for something, or for something else, but no longer than until told to stop."""
        waits = [asyncio.ensure_future(wait) for wait in (waiting, other, self._stopped_waiting()) if wait is not None]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    async def _stopped_waiting(self) -> None:
        await self._stopping.wait()
