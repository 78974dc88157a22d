"""Causes: what a new message inherits from the one that is being handled."""

from __future__ import annotations

from typing import NamedTuple

from recq_nb.modeling.message import Message
from recq_nb.modeling.metadata import EMPTY_METADATA, Metadata
from recq_nb.ports.message_transport import HeldLock


class Cause(NamedTuple):
    """Where a message comes from.

    Attributes:
        correlation_id: The flow; ``""`` starts a new one.
        causation_id: The causing message; ``""`` for a call from outside.
        metadata: What propagates.
        chain: Locks held up the causal chain.
        sender: The component that sends; ``""`` for a call from outside.
        nested: Sent while something else is being handled, which may hold a worker thread while it waits.
        bounded: Subject to the in-flight bound; what is sent while an accepted request or an event is handled is not,
            so that it can finish.
        after: Sequence number that nested queries must have seen.
    """

    correlation_id: str = ""
    causation_id: str = ""
    metadata: Metadata = EMPTY_METADATA
    chain: tuple[HeldLock, ...] = ()
    sender: str = ""
    nested: bool = False
    bounded: bool = True
    after: int = 0


OUTSIDE = Cause()


def caused_by(message: Message, sender: str, chain: tuple[HeldLock, ...] = (), after: int = 0) -> Cause:
    """The cause that handling ``message`` in component ``sender`` is."""
    return Cause(
        message.correlation_id,
        message.message_id,
        message.metadata,
        chain,
        sender,
        nested=True,
        bounded=False,
        after=after,
    )
