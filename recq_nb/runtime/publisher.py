"""The publisher: takes everything decided meanwhile, stores it as one, then lets the replies go (group commit)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import NamedTuple

from recq_nb.errors import ConcurrentAppendError, RecqError, StoreUnavailableError
from recq_nb.modeling.gateway import Confirmation
from recq_nb.modeling.message import EventMessage
from recq_nb.modeling.payload import Event
from recq_nb.ports.flow_listener import FlowStep, FlowStepKind
from recq_nb.ports.snapshot_store import SnapshotRecord, SnapshotStore
from recq_nb.ports.system_state_store import EventRecord, OutcomeRecord, StoredEvent, SystemStateStore
from recq_nb.runtime.aggregate_cache import CachedAggregate
from recq_nb.runtime.event_tail import EventTail, TailEvent
from recq_nb.runtime.flow_steps import FlowSteps
from recq_nb.runtime.reply import one_wake_up
from recq_nb.runtime.request import PendingRequest
from recq_nb.runtime.timestamps import timestamp_of


class Staged(NamedTuple):
    """A decision waiting for its commit round.

    Attributes:
        request: Whose reply it is.
        record: The event to store; None where the decision is a refusal or a void success.
        event: The event object.
        outcome: Outcome to store, for a command without event.
        error: What to fail the request with after the round: a rejection that rests on events not yet stored.
        snapshot: State to save once the event is stored.
        aggregate: The cached aggregate whose unstored events this is one of, or rests on.
    """

    request: PendingRequest
    record: EventRecord | None = None
    event: Event | None = None
    outcome: OutcomeRecord | None = None
    error: BaseException | None = None
    snapshot: SnapshotRecord | None = None
    aggregate: CachedAggregate | None = None


class Publisher:
    """One commit round at a time; whatever is staged during a round makes up the next one.

    Replies are settled in the order of staging, after their round is stored. If a round fails, nothing of it is
    stored, and everything staged on top of it fails with it.
    """

    def __init__(
        self,
        store: SystemStateStore,
        snapshots: SnapshotStore,
        tail: EventTail,
        flow_steps: FlowSteps,
        *,
        on_published: Callable[[int], None],
        on_failed: Callable[[Sequence[str]], None],
        on_round: Callable[[], None],
        warn: Callable[[str], None],
    ) -> None:
        self._store = store
        self._snapshots = snapshots
        self._tail = tail
        self._flow = flow_steps
        self._on_published = on_published
        self._on_failed = on_failed
        self._on_round = on_round
        self._warn = warn
        self._staged: list[Staged] = []
        self._barriers: list[asyncio.Future[None]] = []
        self._turns: list[tuple[Callable[[], Coroutine[object, object, None]], asyncio.Future[None]]] = []
        self._wake = asyncio.Event()
        self._busy = False

    @property
    def idle(self) -> bool:
        """Whether nothing is staged and no round is under way."""
        return not self._staged and not self._busy

    def stage(self, staged: Staged) -> None:
        """Have a decision stored with the next round, and its reply settled afterwards."""
        self._staged.append(staged)
        if not self._busy:
            self._wake.set()

    async def stored(self) -> None:
        """Return once everything staged so far is stored, or has failed."""
        if self.idle:
            return
        barrier: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._barriers.append(barrier)
        self._wake.set()
        await barrier

    async def alone(self, work: Callable[[], Coroutine[object, object, None]]) -> None:
        """Do something with the store between two rounds, after everything staged so far is stored or has failed."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._turns.append((work, done))
        self._wake.set()
        await done

    async def run(self) -> None:
        """Commit rounds until cancelled."""
        while True:
            if not self._staged and not self._barriers and not self._turns:
                self._wake.clear()
                await self._wake.wait()
            self._busy = True
            batch, self._staged = self._staged, []
            barriers, self._barriers = self._barriers, []
            turns, self._turns = self._turns, []
            try:
                await self._round(batch)
            except RecqError as error:
                self._fail(batch + self._staged, error)
                self._staged = []
            except Exception as error:  # noqa: BLE001  border: a bug in an adapter must not stop publishing
                problem = StoreUnavailableError(f"the store failed: {type(error).__name__}: {error}.")
                problem.__cause__ = error
                self._fail(batch + self._staged, problem)
                self._staged = []
            finally:
                for work, done in turns:
                    await _take(work, done)
                self._busy = False
                self._on_round()
                for barrier in barriers:
                    if not barrier.done():
                        barrier.set_result(None)

    async def _round(self, batch: list[Staged]) -> None:
        while batch:
            records = [staged.record for staged in batch if staged.record is not None]
            outcomes = [staged.outcome for staged in batch if staged.outcome is not None]
            started = time.perf_counter_ns()
            try:
                first = await self._store.append(records, outcomes) if records or outcomes else 0
            except ConcurrentAppendError as error:
                batch = self._without(batch, error)
                continue
            with one_wake_up():
                self._settle(batch, first, time.perf_counter_ns() - started)
            if records:
                self._on_published(first + len(records) - 1)
            await self._save_snapshots(batch)
            return

    async def _save_snapshots(self, batch: list[Staged]) -> None:
        newest = {staged.snapshot.aggregate_id: staged.snapshot for staged in batch if staged.snapshot is not None}
        if not newest:
            return
        try:
            await self._snapshots.save(list(newest.values()))
        except Exception as error:  # noqa: BLE001  border: a bug in an adapter must not fail what rests on stored events
            self._warn(f"{len(newest)} snapshots were not saved: {error}")

    def _settle(self, batch: list[Staged], first: int, store_ns: int) -> None:
        sequence_number = first
        listening = self._flow.listening
        for staged in batch:
            request = staged.request
            if staged.record is not None:
                record = staged.record
                self._tail.append(TailEvent(StoredEvent(sequence_number, record), staged.event, request.context))
                if staged.aggregate is not None:
                    staged.aggregate.pending -= 1
                if listening:
                    self._note_published(sequence_number, record, staged, store_ns)
                request.succeed(
                    Confirmation(
                        record.command_id,
                        record.correlation_id,
                        record.event_name,
                        record.event_id,
                        sequence_number,
                        record.aggregate_id,
                        record.version,
                        staged.event,
                        request.message.timestamp,
                    )
                )
                sequence_number += 1
            elif staged.error is not None:
                request.fail(staged.error)
            elif staged.outcome is not None:
                outcome = staged.outcome
                timestamp = timestamp_of(outcome.timestamp)
                request.succeed(
                    Confirmation(outcome.command_id, outcome.correlation_id, "", "", 0, "", 0, None, timestamp)
                )

    def _note_published(self, sequence_number: int, record: EventRecord, staged: Staged, store_ns: int) -> None:
        command = staged.request.message
        assert staged.event is not None
        message = EventMessage(
            sequence_number,
            record.event_id,
            record.correlation_id,
            record.causation_id,
            record.event_name,
            staged.event,
            command.metadata,
            command.timestamp,
            record.sender,
            record.aggregate_id,
            record.version,
            record.context,
        )
        self._flow.add(
            FlowStep(FlowStepKind.PUBLISHED, time.perf_counter_ns(), message, record.sender, "", 0, 0, 0, store_ns, "")
        )

    def _without(self, batch: list[Staged], error: ConcurrentAppendError) -> list[Staged]:
        """The batch without the aggregates another writer was faster on; their commands fail."""
        lost = set(error.aggregate_ids)
        losers = [staged for staged in batch if staged.record is not None and staged.record.aggregate_id in lost]
        states = [staged.aggregate for staged in losers if staged.aggregate is not None]

        def rests_on_them(staged: Staged) -> bool:
            if staged.record is not None:
                return staged.record.aggregate_id in lost
            return any(staged.aggregate is state for state in states)

        self._fail([staged for staged in (*batch, *self._staged) if rests_on_them(staged)], error)
        self._staged = [staged for staged in self._staged if not rests_on_them(staged)]
        return [staged for staged in batch if not rests_on_them(staged)]

    def _fail(self, batch: Sequence[Staged], error: BaseException) -> None:
        self._on_failed([staged.record.aggregate_id for staged in batch if staged.record is not None])
        for staged in batch:
            staged.request.fail(error)


async def _take(work: Callable[[], Coroutine[object, object, None]], done: asyncio.Future[None]) -> None:
    try:
        await work()
    except Exception as error:  # noqa: BLE001  border: the error goes to whoever waits for the work
        done.set_exception(error)
    else:
        done.set_result(None)
