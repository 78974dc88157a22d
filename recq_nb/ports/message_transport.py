"""The message transport: how a request reaches the place where its type is handled, and its reply the sender."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import Context
from typing import NamedTuple, Protocol

from recq_nb.modeling.gateway import Confirmation
from recq_nb.modeling.message import CommandMessage, QueryMessage


class HeldLock(NamedTuple):
    """A lock that some request up the causal chain holds while it waits for its nested requests.

    Attributes:
        lock_id: The lock.
        payload_name: The command that holds it.
    """

    lock_id: str
    payload_name: str


class Request(Protocol):
    """A message on its way, with what its handling needs beside it.

    Attributes:
        message: The command or query.
        chain: Locks held up its causal chain, outermost first; travels with the message so that a deadlock is seen.
        context: The sender's context variables: its handler runs in them, so that output lands at the sender's cell.
            A transport between processes starts an empty one.
    """

    @property
    def message(self) -> CommandMessage | QueryMessage:
        """The message itself."""

    @property
    def chain(self) -> tuple[HeldLock, ...]:
        """Locks held up its causal chain."""

    @property
    def context(self) -> Context:
        """The context variables its handler runs in."""

    def succeed(self, outcome: Confirmation | object) -> None:
        """Settle it with a confirmation, or with the view or views asked for. Later calls are ignored."""

    def fail(self, error: BaseException) -> None:
        """Settle it with a rejection or a failure. Later calls are ignored."""


Receiver = Callable[[Request], None]
"""Takes a request in on the engine thread and settles it in its own time."""


class MessageTransport(Protocol):
    """Routes requests by payload type, never by content. Every request delivered ends settled.

    Used on the engine thread only.
    """

    def serve(self, names: frozenset[str], receive: Receiver) -> None:
        """From now on have requests of exactly these types delivered to ``receive``; replaces what was served before.

        Requests delivered earlier are not affected.
        """

    def deliver(self, request: Request) -> None:
        """Take a request to where its type is served.

        The request fails with ``NoHandlerError`` where nobody serves its type.
        """
