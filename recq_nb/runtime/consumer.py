"""A consumer: one component, version and context, walking the log in order, never skipping an event in silence."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple, Protocol

from recq_nb.modeling.capability import HandlerKind
from recq_nb.modeling.component_definition import ComponentDefinition, HandlerDefinition
from recq_nb.ports.clock import Clock
from recq_nb.ports.consumer_state_store import ConsumerState, ConsumerStateStore
from recq_nb.ports.dead_event_queue import DeadEventRecord
from recq_nb.runtime.activity import Activity
from recq_nb.runtime.consumer_status import ConsumerHealth, ConsumerStatus, consumer_id_of
from recq_nb.runtime.event_source import EventSource
from recq_nb.runtime.event_tail import TailEvent
from recq_nb.runtime.failure_policy import Backoff, is_transient
from recq_nb.runtime.timestamps import microseconds_of

FETCH_SIZE = 1_000
UNSAVED_LIMIT = 10_000
"""Events a consumer may pass without handling any before its progress is saved on its own."""


class Failure(NamedTuple):
    """An event that could not be handled.

    Attributes:
        place: Its index among the events given.
        error: What was raised.
    """

    place: int
    error: BaseException


class EventWork(Protocol):
    """Handles events for one consumer and commits what they change together with its checkpoint."""

    async def handle(self, events: Sequence[TailEvent], state: ConsumerState, *, head_reached: bool) -> Failure | None:
        """Handle events in order and commit up to ``state.checkpoint``; on a failure nothing is changed."""

    async def park(self, event: TailEvent, record: DeadEventRecord, state: ConsumerState) -> None:
        """Move an event to the dead event queue and commit the checkpoint behind it, as one."""


class Consumer:
    """Fetches, handles, commits, again and again.

    What its handlers change and its checkpoint commit together. A transient failure is tried again for as long as it
    takes; a permanent one is retried as its handler says and then dead-lettered.
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
        checkpoint: int,
    ) -> None:
        self.component = component
        self.context = context
        self.consumer_id = consumer_id_of(component.name, component.declaration.version, context)
        self.position = checkpoint
        self.head_reached = False
        self._work = work
        self._source = source
        self._states = states
        self._clock = clock
        self._activity = activity
        self._saved = checkpoint
        self._handlers: dict[str, HandlerDefinition] = component.handlers_of(HandlerKind.EVENT, HandlerKind.SAGA_EVENT)
        self._health = ConsumerHealth.STARTING
        self._reason = ""
        self._attempts = 0
        self._dead_events = 0
        self._last_error = ""
        self._started = False
        self._stopping = asyncio.Event()

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

    def status(self) -> ConsumerStatus:
        """How it is doing now."""
        head = self._source.head
        return ConsumerStatus(
            self.consumer_id,
            self.component.name,
            str(self.component.kind),
            self.component.declaration.version,
            self.context,
            self.position,
            head,
            max(head - self.position, 0),
            self._health,
            self._reason,
            self._attempts,
            self._dead_events,
            self._last_error,
        )

    def stop(self) -> None:
        """Have ``run`` return after the batch at hand."""
        self._stopping.set()

    def stalled(self, error: BaseException, attempts: int) -> None:
        """Show that it waits to try something again, and why."""
        self._health = ConsumerHealth.STALLED
        self._reason = self._last_error = f"{type(error).__name__}: {error}"
        self._attempts = attempts
        self._activity.changed()

    async def run(self) -> None:
        """Consume until stopped."""
        self._started = True
        try:
            while not self._stopping.is_set():
                if self.caught_up:
                    self.head_reached = True
                    self._show_progress()
                    await self._unless_stopped(self._source.grown_beyond(self.position))
                    continue
                self._show_progress()
                await self._step()
        finally:
            self._health = ConsumerHealth.STOPPED
            self._activity.changed()
        await self.save()

    async def save(self) -> None:
        """Save progress over events that changed nothing."""
        if self.position > self._saved:
            await self._states.save_state(self._state(self.position))
            self._saved = self.position

    def _show_progress(self) -> None:
        self._health = ConsumerHealth.RUNNING if self.head_reached else ConsumerHealth.REPLAYING
        self._reason = ""
        self._attempts = 0
        self._activity.changed()

    async def _step(self) -> None:
        attempts = 0
        while not self._stopping.is_set():
            try:
                events = await self._source.read(self.position, FETCH_SIZE)
                if events:
                    await self._pass(events)
                return
            except Exception as error:  # noqa: BLE001  border: the consumer loop; the store may be back later
                attempts += 1
                self.stalled(error, attempts)
                await self._pause(Backoff().delay(attempts))

    async def _pass(self, events: Sequence[TailEvent]) -> None:
        """Handle a fetched batch completely, however many attempts that takes."""
        last = events[-1].stored.sequence_number
        mine = [event for event in events if self._concerns(event)]
        while mine and not self._stopping.is_set():
            failure = await self._work.handle(mine, self._state(last), head_reached=self.head_reached)
            if failure is None:
                self._advance(last, saved=True)
                return
            if failure.place > 0:
                before = mine[: failure.place]
                checkpoint = mine[failure.place].stored.sequence_number - 1
                if await self._work.handle(before, self._state(checkpoint), head_reached=self.head_reached) is None:
                    self._advance(checkpoint, saved=True)
                    mine = mine[failure.place :]
                continue
            if await self._retry(mine[0], failure.error):
                mine = mine[1:]
        if not mine:
            self._advance(last, saved=False)
            if self.position - self._saved >= UNSAVED_LIMIT:
                await self.save()

    async def _retry(self, event: TailEvent, error: BaseException) -> bool:
        """Try one event until it is handled or parked; False if stopped before."""
        sequence_number = event.stored.sequence_number
        declaration = self._handlers[event.stored.record.event_name].declaration
        waiting, permanent, attempts = Backoff(), 0, 1
        retrying = Backoff(first=declaration.retry_delay)
        state = self._state(sequence_number)
        while not self._stopping.is_set():
            if is_transient(error):
                delay = waiting.delay(attempts)
            else:
                permanent += 1
                if permanent > declaration.retry:
                    await self._work.park(event, self._dead(event, error, attempts), state)
                    self._dead_events += 1
                    self._last_error = f"{type(error).__name__}: {error}"
                    self._advance(sequence_number, saved=True)
                    return True
                delay = retrying.delay(permanent) if declaration.retry_delay else 0.0
            self.stalled(error, attempts)
            await self._pause(delay)
            if self._stopping.is_set():
                return False
            failure = await self._work.handle([event], state, head_reached=self.head_reached)
            if failure is None:
                self._show_progress()
                self._advance(sequence_number, saved=True)
                return True
            error, attempts = failure.error, attempts + 1
        return False

    def _concerns(self, event: TailEvent) -> bool:
        record = event.stored.record
        return record.event_name in self._handlers and (
            self.context == "*" or fnmatchcase(record.context, self.context)
        )

    def _advance(self, position: int, *, saved: bool) -> None:
        self.position = position
        if saved:
            self._saved = position
        self._activity.changed()

    def _state(self, checkpoint: int) -> ConsumerState:
        return ConsumerState(self.consumer_id, checkpoint, self.component.fingerprint)

    def _dead(self, event: TailEvent, error: BaseException, attempts: int) -> DeadEventRecord:
        sequence_number, record = event.stored
        return DeadEventRecord(
            self.consumer_id,
            sequence_number,
            record.event_name,
            record.aggregate_id,
            record.context,
            f"{type(error).__name__}: {error}",
            "".join(traceback.format_exception(error)),
            attempts,
            microseconds_of(self._clock.now()),
        )

    async def _pause(self, seconds: float) -> None:
        await self._unless_stopped(self._clock.sleep(seconds))

    async def _unless_stopped(self, waiting: object) -> None:
        assert asyncio.iscoroutine(waiting)
        waited = asyncio.ensure_future(waiting)
        stopped = asyncio.ensure_future(self._stopping.wait())
        try:
            await asyncio.wait((waited, stopped), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (waited, stopped):
                if not task.done():
                    task.cancel()
            await asyncio.gather(waited, stopped, return_exceptions=True)
