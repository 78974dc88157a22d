"""A request inside the engine: one command or query from the door to its settled reply."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextvars import Context

from recq_nb.errors import RequestTimeoutError, StaleReadError
from recq_nb.modeling.component_definition import HandlerDefinition
from recq_nb.modeling.message import CommandMessage, QueryMessage
from recq_nb.ports.message_transport import HeldLock
from recq_nb.runtime.reply import PendingReply


class PendingRequest:
    """Keeps the port's ``Request``; lives on the engine thread once it has been accepted.

    Attributes:
        reply: What the sender waits on.
        nested: Sent while another request, or an event, is being handled.
        bounded: Refused where too many are in flight already.
        explicit_id: The sender named the command id, so an earlier outcome may exist.
        remember_rejection: The handler wants a rejection returned on a repeat.
        handled_by: The handler it was routed to.
        waits_for: Says, while a query waits for consumers, which ones and why they are late.
        lock_wait_ns, retrieve_ns, handler_ns: Where the time went.
    """

    __slots__ = (
        "_on_expired",
        "_on_settled",
        "accepted_ns",
        "bounded",
        "chain",
        "context",
        "explicit_id",
        "handled_by",
        "handler_ns",
        "lock_wait_ns",
        "message",
        "nested",
        "remember_rejection",
        "reply",
        "retrieve_ns",
        "sent_ns",
        "timeout",
        "waits_for",
    )

    def __init__(
        self,
        message: CommandMessage | QueryMessage,
        reply: PendingReply[object],
        context: Context,
        chain: tuple[HeldLock, ...],
        timeout: float | None,
        *,
        explicit_id: bool,
        nested: bool = False,
        bounded: bool = True,
    ) -> None:
        self.message = message
        self.reply = reply
        self.context = context
        self.chain = chain
        self.timeout = timeout
        self.explicit_id = explicit_id
        self.nested = nested
        self.bounded = bounded
        self.remember_rejection = False
        self.handled_by: HandlerDefinition | None = None
        self._on_expired: Callable[[PendingRequest], None] | None = None
        self.waits_for: Callable[[], str] | None = None
        self.sent_ns = time.perf_counter_ns()
        self.accepted_ns = 0
        self.lock_wait_ns = 0
        self.retrieve_ns = 0
        self.handler_ns = 0
        self._on_settled: Callable[[PendingRequest, object, BaseException | None], None] | None = None

    def accept(
        self,
        on_settled: Callable[[PendingRequest, object, BaseException | None], None],
        on_expired: Callable[[PendingRequest], None],
    ) -> None:
        """Have the gateway told when the work is done, also after the sender stopped waiting; and of that, too."""
        self.accepted_ns = time.perf_counter_ns()
        self._on_expired = on_expired
        self._on_settled = on_settled

    def succeed(self, outcome: object) -> None:
        """Settle it; later calls are ignored."""
        self._settle(outcome, None)

    def fail(self, error: BaseException) -> None:
        """Settle it with a rejection or failure; later calls are ignored."""
        self._settle(None, error)

    def _settle(self, outcome: object, error: BaseException | None) -> None:
        on_settled, self._on_settled = self._on_settled, None
        if on_settled is not None:
            on_settled(self, outcome, error)
        self.reply.settle(outcome, error)

    def done(self) -> bool:
        """Whether the sender has an outcome; the work may still be going on after a timeout."""
        return self.reply.done()

    def expire(self) -> None:
        """Tell the sender that the outcome is unknown; the work goes on and is still recorded."""
        if self._on_expired is not None:
            self._on_expired(self)
        if self.waits_for is not None:
            self.reply.settle(
                None,
                StaleReadError(
                    f"{self.message.name} asked to read its own write, which {self.waits_for()}.",
                    remedy="See `%recq` for each consumer's lag; ask again later, or without `after`.",
                ),
            )
            return
        kind = "command" if isinstance(self.message, CommandMessage) else "query"
        remedy = (
            f'Send it again with command_id="{self.message.message_id}": the first outcome comes back, nothing is '
            "done twice."
            if kind == "command"
            else "Ask again, or give the query a longer timeout."
        )
        self.reply.settle(
            None,
            RequestTimeoutError(
                f"no reply to {self.message.name} in time; the outcome of the {kind} is unknown.",
                remedy=remedy,
                message_id=self.message.message_id,
            ),
        )
