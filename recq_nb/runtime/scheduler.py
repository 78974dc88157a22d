"""The scheduler: sends the commands sagas have scheduled, when they are due, once each."""

from __future__ import annotations

import asyncio

from recq_nb.errors import ConsumerError, NoHandlerError, PayloadError, RecqError, Rejection
from recq_nb.modeling.legible_text import legible
from recq_nb.modeling.metadata import Metadata
from recq_nb.modeling.payload import Command
from recq_nb.modeling.serialization import decode_model
from recq_nb.ports.clock import Clock
from recq_nb.ports.scheduled_command_store import ScheduledCommandRecord, ScheduledCommandStore
from recq_nb.runtime.activity import Activity
from recq_nb.runtime.cause import Cause
from recq_nb.runtime.engine import Engine
from recq_nb.runtime.event_reader import EventReader
from recq_nb.runtime.failure_policy import Backoff, is_transient
from recq_nb.runtime.message_gateway import MessageGateway
from recq_nb.runtime.timestamps import microseconds_of

RETRIES = 3


class Scheduler:
    """Sends what is due, under the schedule's id: firing again after a crash returns the first outcome.

    A schedule is removed once its command has an outcome; a rejection is one. While nobody can take the command it is
    tried again; what fails for good is kept, marked as given up, with its error.

    Attributes:
        turn: Held while schedules are changed: the store refuses two transactions that change the same one.
    """

    def __init__(
        self,
        engine: Engine,
        store: ScheduledCommandStore,
        reader: EventReader,
        gateway: MessageGateway,
        clock: Clock,
        activity: Activity,
    ) -> None:
        self._engine = engine
        self._store = store
        self._reader = reader
        self._gateway = gateway
        self._clock = clock
        self._activity = activity
        self._firing: set[str] = set()
        self._waiting: set[str] = set()
        self.turn = asyncio.Lock()
        self._changed = asyncio.Event()
        self._nudged = Activity()
        self._looking = False
        self._following: int | None = None

    @property
    def idle(self) -> bool:
        """Whether nothing that is due has still to be sent; what waits for another attempt does not count."""
        overdue = self._following is not None and self._following <= microseconds_of(self._clock.now())
        return not (self._looking or self._changed.is_set() or overdue) and self._firing <= self._waiting

    def changed(self) -> None:
        """Something was scheduled; on the engine thread."""
        self._changed.set()

    def nudge(self) -> None:
        """Try at once what waits for another attempt: the model has changed."""
        self._nudged.changed()

    async def cancel(self, schedule_id: str) -> None:
        """Take a schedule back, whatever its saga thinks of it.

        Raises:
            ConsumerError: There is none, or its command is on its way.
        """
        async with self.turn:
            if schedule_id in self._firing - self._waiting:
                raise ConsumerError(
                    f"the command scheduled as {schedule_id} is being sent and cannot be taken back.",
                    remedy="See what became of it in recq.messages.",
                )
            if not await self._store.is_scheduled(schedule_id):
                raise _not_scheduled(schedule_id)
            await self._store.remove(schedule_id)
        self.nudge()
        self._changed.set()

    async def retry(self, schedule_id: str) -> None:
        """Send once more what was given up; it is given up again after as many failures.

        Raises:
            ConsumerError: There is none, or it was not given up.
        """
        async with self.turn:
            if not await self._store.try_again(schedule_id):
                if not await self._store.is_scheduled(schedule_id):
                    raise _not_scheduled(schedule_id)
                raise ConsumerError(
                    f"the command scheduled as {schedule_id} was not given up; it is sent when it is due.",
                    remedy="See recq.scheduled_df().",
                )
        self._changed.set()

    async def run(self) -> None:
        """Fire schedules until cancelled."""
        attempts = 0
        while True:
            self._looking = True
            self._changed.clear()
            now = microseconds_of(self._clock.now())
            following: int | None
            try:
                for record in await self._store.due(now):
                    if record.schedule_id not in self._firing:
                        self._firing.add(record.schedule_id)
                        self._engine.start_task(self._fire(record))
                following = await self._store.next_due(now)
                attempts = 0
                self._following = following
            except Exception:  # noqa: BLE001  border: the store is not usable now; consumers show why
                attempts += 1
                following = now + round(Backoff().delay(attempts) * 1e6)
            self._looking = False
            self._activity.changed()
            await self._until(following)

    async def _until(self, due: int | None) -> None:
        waits: list[asyncio.Future[bool]] = [asyncio.ensure_future(self._changed.wait())]
        if due is not None:
            seconds = (due - microseconds_of(self._clock.now())) / 1e6
            waits.append(asyncio.ensure_future(self._sleep(max(seconds, 0))))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    async def _sleep(self, seconds: float) -> bool:
        await self._clock.sleep(seconds)
        return True

    async def _fire(self, record: ScheduledCommandRecord) -> None:
        backoff, retries = Backoff(), RETRIES
        attempts = record.attempts
        try:
            while await self._store.is_scheduled(record.schedule_id):
                try:
                    await self._send(record)
                except Rejection:
                    pass
                except Exception as error:  # noqa: BLE001  border: whatever the command fails with is recorded
                    attempts += 1
                    retries -= 0 if is_transient(error) else 1
                    described = legible(f"{type(error).__name__}: {error}")
                    async with self.turn:
                        await self._store.note_failure(record.schedule_id, attempts, described, given_up=retries <= 0)
                    if retries <= 0:
                        return
                    await self._pause(record.schedule_id, backoff.delay(attempts))
                    continue
                async with self.turn:
                    await self._store.remove(record.schedule_id)
                return
        except Exception:  # noqa: BLE001  border: the store is not usable now; the schedule is in it and fires again
            await self._pause(record.schedule_id, backoff.delay(attempts + 1))
            self._changed.set()
        finally:
            self._firing.discard(record.schedule_id)
            self._activity.changed()

    async def _pause(self, schedule_id: str, seconds: float) -> None:
        self._waiting.add(schedule_id)
        self._activity.changed()
        waits = [asyncio.ensure_future(self._clock.sleep(seconds)), asyncio.ensure_future(self._nudged.until_changed())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._waiting.discard(schedule_id)
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    async def _send(self, record: ScheduledCommandRecord) -> None:
        definition = self._reader.bundle.payloads.get(record.command_name)
        if definition is None:
            raise self._unregistered(record)
        command = decode_model(definition.payload_type, record.payload)
        if not isinstance(command, Command):
            raise PayloadError(f"{record.command_name} was a command when it was scheduled and is none any more.")
        sender = record.saga_name
        metadata = Metadata.from_json(record.metadata)
        cause = Cause(record.correlation_id, record.causation_id, metadata, (), sender, nested=True)
        await self._gateway.send(command, cause, command_id=record.schedule_id)

    @staticmethod
    def _unregistered(record: ScheduledCommandRecord) -> RecqError:
        return NoHandlerError(
            f"{record.command_name} is due and not registered.",
            remedy=f"Run the cell that defines {record.command_name}.",
        )


def _not_scheduled(schedule_id: str) -> ConsumerError:
    return ConsumerError(
        f"no command is scheduled as {schedule_id}; it was sent or cancelled.", remedy="See recq.scheduled_df()."
    )
