"""Reading stored events with the newest registered payload classes."""

from __future__ import annotations

from recq_nb.errors import PayloadError
from recq_nb.modeling.bundle import Bundle
from recq_nb.modeling.message import EventMessage
from recq_nb.modeling.metadata import Metadata
from recq_nb.modeling.payload import Event
from recq_nb.modeling.serialization import decode_event
from recq_nb.ports.system_state_store import StoredEvent
from recq_nb.runtime.timestamps import timestamp_of


class EventReader:
    """Turns what the log keeps into events and event messages."""

    def __init__(self) -> None:
        self.bundle = Bundle()

    @property
    def bundle(self) -> Bundle:
        """Where the payload classes are."""
        return self._bundle

    @bundle.setter
    def bundle(self, bundle: Bundle) -> None:
        self._bundle = bundle
        self._types = {
            name: definition.payload_type
            for name, definition in bundle.payloads.items()
            if issubclass(definition.payload_type, Event)
        }

    def payload(self, stored: StoredEvent) -> Event:
        """The event itself.

        Raises:
            PayloadError: Its class is not registered, or no longer fits what is stored.
        """
        record = stored.record
        event_type = self._types.get(record.event_name)
        if event_type is None:
            raise PayloadError(
                f"event {stored.sequence_number} is a {record.event_name}, which is not registered.",
                remedy=f"Run the cell that defines {record.event_name}.",
            )
        return decode_event(event_type, record.payload, record.context)

    def known_payload(self, stored: StoredEvent) -> Event | None:
        """The event itself, or None where its class is gone or does not fit."""
        try:
            return self.payload(stored)
        except PayloadError:
            return None

    def message(self, stored: StoredEvent, payload: Event | None = None) -> EventMessage:
        """The event in its envelope; ``payload`` saves reading it again."""
        sequence_number, record = stored
        return EventMessage(
            sequence_number,
            record.event_id,
            record.correlation_id,
            record.causation_id,
            record.event_name,
            payload if payload is not None else self.payload(stored),
            Metadata.from_json(record.metadata),
            timestamp_of(record.timestamp),
            record.sender,
            record.aggregate_id,
            record.version,
            record.context,
        )
