"""Looking for earlier outcomes in the store, as many commands at a time as have gathered."""

from __future__ import annotations

from collections.abc import Callable

from recq_nb.errors import RecqError, Rejection
from recq_nb.modeling.gateway import Confirmation
from recq_nb.modeling.payload import Event
from recq_nb.ports.system_state_store import OutcomeRecord, StoredEvent, SystemStateStore
from recq_nb.runtime.engine import Engine
from recq_nb.runtime.event_reader import EventReader
from recq_nb.runtime.request import PendingRequest
from recq_nb.runtime.timestamps import timestamp_of

Found = Callable[[PendingRequest, Confirmation | Rejection | BaseException | None], None]


def confirmation_of(stored: StoredEvent, event: Event | None) -> Confirmation:
    """The confirmation that a stored event is."""
    record = stored.record
    return Confirmation(
        record.command_id,
        record.correlation_id,
        record.event_name,
        record.event_id,
        stored.sequence_number,
        record.aggregate_id,
        record.version,
        event,
        timestamp_of(record.timestamp),
    )


class OutcomeLookup:
    """Asks the store, while earlier answers are on their way, for the outcomes of the commands that came meanwhile."""

    def __init__(self, engine: Engine, store: SystemStateStore, reader: EventReader, found: Found) -> None:
        self._engine = engine
        self._store = store
        self._reader = reader
        self._found = found
        self._waiting: list[PendingRequest] = []
        self._running = False

    def find(self, request: PendingRequest) -> None:
        """Have ``found`` called with this request and its earlier outcome, None, or the store's error."""
        self._waiting.append(request)
        if not self._running:
            self._running = True
            self._engine.start_task(self._run())

    async def _run(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            try:
                found = await self._store.find_outcomes([request.message.message_id for request in batch])
            except RecqError as error:
                for request in batch:
                    self._found(request, error)
                continue
            for request in batch:
                self._found(request, self._outcome(found.get(request.message.message_id)))
        self._running = False

    def _outcome(self, found: StoredEvent | OutcomeRecord | None) -> Confirmation | Rejection | None:
        if found is None:
            return None
        if isinstance(found, StoredEvent):
            return confirmation_of(found, self._reader.known_payload(found))
        if found.rejection_code:
            return Rejection(found.rejection_code, found.rejection_text)
        timestamp = timestamp_of(found.timestamp)
        return Confirmation(found.command_id, found.correlation_id, "", "", 0, "", 0, None, timestamp)
