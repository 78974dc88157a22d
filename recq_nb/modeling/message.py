"""Messages: payloads in their envelopes, as handlers may ask for them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from recq_nb.modeling.metadata import Metadata
from recq_nb.modeling.payload import Command, Event, Query


@dataclass(frozen=True, slots=True)
class CommandMessage:
    """A command on its way to its one handler.

    Attributes:
        message_id: The command id. Sending a command again under the same id returns the first outcome.
        correlation_id: The flow: equal to the id of the message that started it.
        causation_id: The message that caused this one; its own id where nothing did.
        name: Class name of the payload, the only thing routing looks at.
        payload: The command.
        metadata: Inherited from the causing message, with the sender's additions.
        timestamp: When it was sent, UTC.
        sender: Name of the sending component; ``""`` for a call from outside.
    """

    message_id: str
    correlation_id: str
    causation_id: str
    name: str
    payload: Command
    metadata: Metadata
    timestamp: datetime
    sender: str = ""


@dataclass(frozen=True, slots=True)
class QueryMessage:
    """A query on its way to its projection; the same fields as a command message.

    Attributes:
        after: Sequence number the consumers that feed the projection must have passed; 0 for no demand.
    """

    message_id: str
    correlation_id: str
    causation_id: str
    name: str
    payload: Query[object]
    metadata: Metadata
    timestamp: datetime
    sender: str = ""
    after: int = 0


@dataclass(frozen=True, slots=True)
class InvocationMessage:
    """A call from outside to an invoker.

    Attributes:
        name: ``Invoker.method``.
    """

    message_id: str
    correlation_id: str
    causation_id: str
    name: str
    metadata: Metadata
    timestamp: datetime
    sender: str = ""


@dataclass(frozen=True, slots=True)
class EventMessage:
    """A published event as consumers receive it: stored, numbered, immutable.

    Attributes:
        sequence_number: Its place in the log, from 1, without gaps.
        message_id: The event id.
        correlation_id: The flow it belongs to.
        causation_id: The command that caused it.
        name: Class name of the payload.
        payload: The event, read with the newest registered class.
        metadata: Inherited from the command.
        timestamp: When the command's handler decided it, UTC.
        sender: The aggregate or service that published it.
        aggregate_id: The aggregate it belongs to; the lock id, or ``""``, for a service event.
        version: Its place in the aggregate's history, from 1; 0 for a service event.
        context: Partition of the event stream.
    """

    sequence_number: int
    message_id: str
    correlation_id: str
    causation_id: str
    name: str
    payload: Event
    metadata: Metadata
    timestamp: datetime
    sender: str
    aggregate_id: str
    version: int
    context: str


Message = CommandMessage | QueryMessage | InvocationMessage | EventMessage
