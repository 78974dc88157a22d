"""Command and query gateways as handlers are given them: bound to the message being handled."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import TypeVar

from recq_nb.errors import PayloadError
from recq_nb.modeling.gateway import CommandGateway, Confirmation, QueryGateway, Reply
from recq_nb.modeling.metadata import JsonValue
from recq_nb.modeling.payload import Command, Query
from recq_nb.runtime.cause import Cause
from recq_nb.runtime.message_gateway import MessageGateway
from recq_nb.runtime.reply import PendingReply

V = TypeVar("V")


def sequence_number_after(after: object) -> int:
    """The sequence number a read must have seen, out of what a caller passed as ``after``.

    Raises:
        PayloadError: It is neither a confirmation, nor a reply with an outcome, nor a sequence number.
    """
    if after is None:
        return 0
    if isinstance(after, PendingReply):
        if not after.done():
            raise PayloadError(
                f"after={after!r}: the command has no outcome yet, so nobody knows which event to wait for.",
                remedy="Await it first: reply = await recq.send(...), then recq.query(..., after=reply).",
            )
        after = after.result()
    if isinstance(after, Confirmation):
        return after.sequence_number
    if isinstance(after, int) and not isinstance(after, bool) and after >= 0:
        return after
    raise PayloadError(
        f"after={after!r} names no position in the log.",
        remedy="Pass what `await recq.send(...)` returned, or a sequence number.",
    )


class BoundCommandGateway(CommandGateway):
    """Sends on behalf of one handling of one message.

    With ``derive_from``, the ids of the commands it sends are derived from it and their position, so that handling
    the same message again sends the same commands under the same ids.
    """

    def __init__(self, gateway: MessageGateway, cause: Cause, derive_from: str | None = None) -> None:
        self._gateway = gateway
        self._cause = cause
        self._derive_from = derive_from
        self._positions = itertools.count(1)

    def send(
        self,
        command: Command,
        *,
        metadata: Mapping[str, JsonValue] | None = None,
        timeout: float | None = None,
        command_id: str | None = None,
    ) -> Reply[Confirmation]:
        """Send a command; see ``CommandGateway.send``."""
        if command_id is None and self._derive_from is not None:
            # The type is part of it: a handler that takes another path the second time never gets another's outcome.
            command_id = f"{self._derive_from}:{next(self._positions)}:{type(command).__name__}"
        return self._gateway.send(command, self._cause, metadata, timeout, command_id)


class BoundQueryGateway(QueryGateway):
    """Asks on behalf of one handling of one message."""

    def __init__(self, gateway: MessageGateway, cause: Cause) -> None:
        self._gateway = gateway
        self._cause = cause

    def query(
        self,
        query: Query[V],
        *,
        after: Confirmation | Reply[Confirmation] | int | None = None,
        metadata: Mapping[str, JsonValue] | None = None,
        timeout: float | None = None,
    ) -> Reply[V]:
        """Ask a query; see ``QueryGateway.query``."""
        return self._gateway.query(query, self._cause, sequence_number_after(after), metadata, timeout)
