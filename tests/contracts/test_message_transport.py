"""What every message transport promises."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import Context, copy_context

import pytest

from recq_nb.adapters.local.message_transport import LocalMessageTransport
from recq_nb.errors import NoHandlerError
from recq_nb.modeling.message import CommandMessage
from recq_nb.modeling.metadata import EMPTY_METADATA
from recq_nb.modeling.payload import ServiceCommand
from recq_nb.ports.message_transport import HeldLock, MessageTransport, Request
from recq_nb.testing.clock import START

TRANSPORTS: dict[str, Callable[[], MessageTransport]] = {"local": LocalMessageTransport}


class RingCommand(ServiceCommand):
    times: int = 1


class StopCommand(ServiceCommand):
    pass


class WatchedRequest:
    """A request that remembers how it was settled."""

    def __init__(self, payload: ServiceCommand) -> None:
        name = type(payload).__name__
        self.message = CommandMessage("id", "id", "id", name, payload, EMPTY_METADATA, START)
        self.chain: tuple[HeldLock, ...] = ()
        self.context: Context = copy_context()
        self.outcomes: list[object] = []

    def succeed(self, outcome: object) -> None:
        self.outcomes.append(outcome)

    def fail(self, error: BaseException) -> None:
        self.outcomes.append(error)


@pytest.fixture(params=TRANSPORTS)
def transport(request: pytest.FixtureRequest) -> MessageTransport:
    """A transport that serves nothing yet."""
    return TRANSPORTS[request.param]()


def test_a_request_reaches_whoever_serves_its_type(transport: MessageTransport) -> None:
    received: list[Request] = []
    transport.serve(frozenset({"RingCommand"}), received.append)
    first, second = WatchedRequest(RingCommand()), WatchedRequest(RingCommand(times=2))

    transport.deliver(first)
    transport.deliver(second)

    assert received == [first, second]
    assert (first.outcomes, second.outcomes) == ([], [])


@pytest.mark.parametrize("served", [None, frozenset[str](), frozenset({"StopCommand", "ringcommand"})])
def test_a_request_nobody_serves_fails_with_who_and_what_to_do(
    transport: MessageTransport, served: frozenset[str] | None
) -> None:
    received: list[Request] = []
    if served is not None:
        transport.serve(served, received.append)
    request = WatchedRequest(RingCommand())

    transport.deliver(request)

    (error,) = request.outcomes
    assert isinstance(error, NoHandlerError)
    assert "RingCommand" in str(error)
    assert error.remedy
    assert received == []


def test_serving_again_replaces_what_was_served(transport: MessageTransport) -> None:
    before: list[Request] = []
    now: list[Request] = []
    transport.serve(frozenset({"RingCommand", "StopCommand"}), before.append)
    earlier = WatchedRequest(RingCommand())
    transport.deliver(earlier)

    transport.serve(frozenset({"RingCommand"}), now.append)
    later, orphan = WatchedRequest(RingCommand()), WatchedRequest(StopCommand())
    transport.deliver(later)
    transport.deliver(orphan)

    assert (before, now) == ([earlier], [later])
    assert earlier.outcomes == []
    assert [type(outcome) for outcome in orphan.outcomes] == [NoHandlerError]
