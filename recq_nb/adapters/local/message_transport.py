"""The in-kernel message transport: a table of types and a call."""

from __future__ import annotations

from recq_nb.errors import NoHandlerError
from recq_nb.ports.message_transport import Receiver, Request


class LocalMessageTransport:
    """Delivers requests inside one kernel, at once, in the order they come."""

    def __init__(self) -> None:
        self._names: frozenset[str] = frozenset()
        self._receive: Receiver | None = None

    def serve(self, names: frozenset[str], receive: Receiver) -> None:
        """Keep the receiver and the types it serves."""
        self._names = names
        self._receive = receive

    def deliver(self, request: Request) -> None:
        """Call the receiver, or fail the request with ``NoHandlerError``."""
        if self._receive is None or request.message.name not in self._names:
            name = request.message.name
            request.fail(
                NoHandlerError(
                    f"nobody handles {name} now.",
                    remedy=f"Run the cell with the component that handles {name}, or check its name.",
                )
            )
            return
        self._receive(request)
