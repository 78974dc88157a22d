"""The world around the component under test: it takes whatever is sent, and answers as it was told."""

from __future__ import annotations

from collections.abc import Mapping

from recq_nb.errors import NoHandlerError
from recq_nb.modeling.gateway import Confirmation
from recq_nb.modeling.message import CommandMessage
from recq_nb.modeling.payload import Command
from recq_nb.ports.message_transport import Receiver, Request
from recq_nb.testing.difference import same


class StubTransport:
    """Keeps the ``MessageTransport`` port's promises: what the component handles goes to it, all else is stubbed.

    Args:
        failures: What commands of a type fail with; all others are confirmed.
        answers: Queries with what they are answered with.
    """

    def __init__(self, failures: Mapping[str, Exception], answers: tuple[tuple[object, object], ...]) -> None:
        self.sent: list[Command] = []
        self._failures = failures
        self._answers = answers
        self._names: frozenset[str] = frozenset()
        self._receive: Receiver | None = None

    def serve(self, names: frozenset[str], receive: Receiver) -> None:
        """See ``MessageTransport.serve``."""
        self._names = names
        self._receive = receive

    def deliver(self, request: Request) -> None:
        """See ``MessageTransport.deliver``; takes note of what components send."""
        message = request.message
        if isinstance(message, CommandMessage) and message.sender:
            self.sent.append(message.payload)
        failure = self._failures.get(message.name) if message.sender else None
        if failure is not None:
            request.fail(failure)
        elif self._receive is not None and message.name in self._names:
            self._receive(request)
        elif not message.sender:
            request.fail(NoHandlerError(f"the component under specification does not handle {message.name}."))
        elif isinstance(message, CommandMessage):
            request.succeed(
                Confirmation(
                    message.message_id,
                    message.correlation_id,
                    "",
                    "",
                    0,
                    "",
                    0,
                    event=None,
                    timestamp=message.timestamp,
                )
            )
        else:
            self._answer(request)

    def _answer(self, request: Request) -> None:
        query = request.message.payload
        for asked, answer in self._answers:
            if same(asked, query):
                request.succeed(answer)
                return
        request.fail(
            NoHandlerError(
                f"the specification has no answer to {query!r}.",
                remedy=f"Say what it is: .answers({type(query).__name__}(...), view).",
            )
        )
