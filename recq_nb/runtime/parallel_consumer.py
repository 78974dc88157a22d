"""Parallel consumers: observers, and projectors with executors, several events at once."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from recq_nb.modeling.capability import ComponentKind
from recq_nb.modeling.component_definition import ComponentDefinition
from recq_nb.modeling.executor import ExecutorDefinition
from recq_nb.ports.clock import Clock
from recq_nb.ports.consumer_state_store import ConsumerState, ConsumerStateStore
from recq_nb.runtime.activity import Activity
from recq_nb.runtime.consumer import FETCH_SIZE, Consumer
from recq_nb.runtime.event_source import EventSource
from recq_nb.runtime.event_tail import TailEvent
from recq_nb.runtime.event_work import EventWork
from recq_nb.runtime.executors import Executor
from recq_nb.runtime.failure_policy import Backoff

WINDOW = 1_000
"""Events that may be fetched and not yet completed."""


class ParallelConsumer(Consumer):
    """Starts a task for each event; its checkpoint is the last event before the first that is not completed.

    Contiguity counts fetched events, those that do not concern it included, so gaps in what it handles never hold the
    checkpoint up. Observers run at most ``concurrency`` handlers; a projector's handler without an executor waits for
    everything before it and lets nothing overtake it. What a projector completes ahead of its checkpoint is noted in
    the same transaction, so that a restart does not project it twice.
    """

    def __init__(  # noqa: PLR0913, PLR0917  those of every consumer, and one more
        self,
        component: ComponentDefinition,
        context: str,
        work: EventWork,
        source: EventSource,
        states: ConsumerStateStore,
        clock: Clock,
        activity: Activity,
        state: ConsumerState,
        executors: Mapping[str, Executor],
    ) -> None:
        super().__init__(component, context, work, source, states, clock, activity, state)
        self._fetched = state.checkpoint
        self._running: set[asyncio.Task[None]] = set()
        self._outstanding: set[int] = set()
        self._completed: frozenset[int] = frozenset()
        self._executors = executors
        self._own = Executor(ExecutorDefinition(component.declaration.concurrency, partitioned=False))
        self._is_projector = component.kind is ComponentKind.PROJECTOR
        self._progressed = asyncio.Event()

    async def load(self) -> None:
        """Learn also which events ahead of the checkpoint have been projected."""
        await super().load()
        if self._is_projector:
            self._completed = await self._states.load_completed(self.consumer_id)

    async def _consume(self) -> None:
        if self._fetched >= self._source.head or len(self._running) >= WINDOW:
            await self._progress_made()
            return
        events = await self._source.read(self._fetched, min(FETCH_SIZE, WINDOW - len(self._running)))
        for event in events:
            if self.stopping or not self.enabled:
                break
            await self._start(event)
        self._move_checkpoint()
        await self._save_if_quiet()

    async def _start(self, event: TailEvent) -> None:
        sequence_number = event.stored.sequence_number
        if sequence_number <= self._fetched:
            return
        if self.concerns(event) and sequence_number not in self._completed:
            executor = self._executor_of(event)
            if executor is None:
                await self._drained()
            self._outstanding.add(sequence_number)
            task = asyncio.ensure_future(self._handle(event, executor))
            self._running.add(task)
            task.add_done_callback(self._done)
            if executor is None:
                await asyncio.wait((task,))
        self._fetched = sequence_number

    def _executor_of(self, event: TailEvent) -> Executor | None:
        name = self._handlers[event.stored.record.event_name].declaration.executor
        if name is not None:
            return self._executors[name]
        return None if self._is_projector else self._own

    async def _handle(self, event: TailEvent, executor: Executor | None) -> None:
        if executor is None:
            await self._handle_admitted(event)
            return
        async with executor.slot(event.stored.record.aggregate_id):
            await self._while_paused()
            await self._handle_admitted(event)

    async def _handle_admitted(self, event: TailEvent) -> None:
        sequence_number = event.stored.sequence_number
        progress = self._progress(None, sequence_number if self._is_projector else None)
        decided, failed = False, 0
        while not (decided or self.stopping):
            try:
                failure = await self._attempt([event], progress)
                decided = failure is None or await self._try_until_decided(event, failure.error, progress)
            except Exception as error:  # noqa: BLE001  border: the consumer loop; the store may be back later
                failed += 1
                self.stalled(error, failed, sequence_number)
                await self.rest(Backoff().delay(failed))
        self._recovered(sequence_number)
        if decided:
            self._outstanding.discard(sequence_number)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._move_checkpoint()
        self._progressed.set()

    def _move_checkpoint(self) -> None:
        """Up to the first event that is not completed."""
        position = min(self._outstanding) - 1 if self._outstanding else self._fetched
        if position > self.position:
            self._advance(position, saved=False)

    async def _progress_made(self) -> None:
        self._progressed.clear()  # before anything is awaited: what ends meanwhile must be heard of
        await self._save_if_quiet()
        if self._fetched < self._source.head and len(self._running) < WINDOW:
            return
        waiting = asyncio.ensure_future(self._source.grown_beyond(self._fetched))
        progressed = asyncio.ensure_future(self._progressed.wait())
        stopped = asyncio.ensure_future(self._stopping.wait())
        waits = (waiting, progressed, stopped) if len(self._running) < WINDOW else (progressed, stopped)
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (waiting, progressed, stopped):
                task.cancel()
            await asyncio.gather(waiting, progressed, stopped, return_exceptions=True)

    async def _save_if_quiet(self) -> None:
        """Progress is saved when nothing is running, or after a window of events: redelivery is harmless, only slow."""
        if not self._running or self.position - self._saved >= WINDOW:
            await self.save()

    async def _save_at_head(self) -> None:
        """Nothing is running: whatever is killed while it waits has nothing to do again."""
        await self.save()

    async def _drained(self) -> None:
        while self._running:
            await asyncio.wait(set(self._running))

    async def _wind_up(self) -> None:
        await self._drained()
        self._move_checkpoint()
