"""The message gateway: routes every command and query by type, and sees to it that each ends settled."""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeVar, cast

from pydantic import ValidationError

from recq_nb.errors import PayloadError, Rejection, SessionClosedError, TooManyRequestsError
from recq_nb.modeling.bundle import Bundle
from recq_nb.modeling.gateway import Confirmation
from recq_nb.modeling.message import CommandMessage, QueryMessage
from recq_nb.modeling.metadata import JsonValue, Metadata
from recq_nb.modeling.payload import Command, Payload, Query
from recq_nb.modeling.payload_definition import PayloadDefinition
from recq_nb.modeling.serialization import is_storable_text
from recq_nb.ports.clock import Clock, IdSource
from recq_nb.ports.flow_listener import FlowStepKind
from recq_nb.ports.message_transport import MessageTransport, Request
from recq_nb.ports.system_state_store import SystemStateStore
from recq_nb.runtime.activity import Activity
from recq_nb.runtime.begun_flows import note_begun
from recq_nb.runtime.cause import Cause
from recq_nb.runtime.deadlines import Deadlines
from recq_nb.runtime.engine import Engine
from recq_nb.runtime.event_reader import EventReader
from recq_nb.runtime.flow_steps import FlowSteps
from recq_nb.runtime.outcome_lookup import OutcomeLookup
from recq_nb.runtime.outcomes import RecentOutcomes
from recq_nb.runtime.reply import PendingReply
from recq_nb.runtime.request import PendingRequest

V = TypeVar("V")
P = TypeVar("P", bound=Payload)
Route = Callable[[PendingRequest], None]


class MessageGateway:
    """Accepts requests from every thread; everything after the door happens on the engine thread.

    Args:
        engine: Where requests are handled.
        transport: How they reach their handlers.
        store, reader: Where the outcomes of earlier commands are found and read.
        clock, ids: Where timestamps and message ids come from.
        timeout: Seconds until a reply fails as outcome unknown, by default.
        max_in_flight: Requests from outside handled at once; more are refused.
    """

    def __init__(  # noqa: PLR0913  each is a collaborator or a setting of its own
        self,
        engine: Engine,
        transport: MessageTransport,
        store: SystemStateStore,
        clock: Clock,
        ids: IdSource,
        reader: EventReader,
        flow_steps: FlowSteps,
        *,
        timeout: float,
        max_in_flight: int,
        activity: Activity,
    ) -> None:
        self._engine = engine
        self._transport = transport
        self._clock = clock
        self._ids = ids
        self._flow = flow_steps
        self._max_in_flight = max_in_flight
        self._bundle = Bundle()
        self._routes: Mapping[str, Route] = {}
        self._in_flight: dict[str, PendingRequest] = {}
        self._followers: dict[str, list[PendingRequest]] = {}
        self._outcomes = RecentOutcomes()
        self._lookup = OutcomeLookup(engine, store, reader, self._found)
        self._deadlines = Deadlines(engine.loop, timeout)
        self._activity = activity
        self._refusing = False

    # -- any thread ----------------------------------------------------------------------------------------------

    def send(
        self,
        command: Command,
        cause: Cause,
        metadata: Mapping[str, JsonValue] | None = None,
        timeout: float | None = None,
        command_id: str | None = None,
    ) -> PendingReply[Confirmation]:
        """Send a command to its one handler.

        Raises:
            PayloadError: It is no command, or its values are not what its class declares.
            SessionClosedError: The session is closed.
        """
        command = self._current(command, Command, "send", "a command: an instance of a DomainCommand or ServiceCommand")
        if command_id is not None and not is_storable_text(command_id):
            raise PayloadError(f"command_id={command_id!r} is no id.", remedy="Pass a non-empty string.")
        message_id = command_id if command_id is not None else self._ids.next_id()
        if not cause.correlation_id:
            note_begun(message_id)
        message = CommandMessage(
            message_id,
            cause.correlation_id or message_id,
            cause.causation_id or message_id,
            type(command).__name__,
            command,
            self._metadata(cause, metadata),
            self._clock.now(),
            cause.sender,
        )
        reply: PendingReply[Confirmation] = PendingReply(message.name)
        self._post(message, cast("PendingReply[object]", reply), cause, timeout, explicit_id=command_id is not None)
        return reply

    def query(
        self,
        query: Query[V],
        cause: Cause,
        after: int = 0,
        metadata: Mapping[str, JsonValue] | None = None,
        timeout: float | None = None,
    ) -> PendingReply[V]:
        """Ask a query of its projection.

        Raises:
            PayloadError: It is no query.
            SessionClosedError: The session is closed.
        """
        query = self._current(query, Query, "query", "a query: an instance of a Query[...]")
        message_id = self._ids.next_id()
        if not cause.correlation_id:
            note_begun(message_id)
        message = QueryMessage(
            message_id,
            cause.correlation_id or message_id,
            cause.causation_id or message_id,
            type(query).__name__,
            cast("Query[object]", query),
            self._metadata(cause, metadata),
            self._clock.now(),
            cause.sender,
            max(after, cause.after),
        )
        reply: PendingReply[V] = PendingReply(message.name)
        self._post(message, cast("PendingReply[object]", reply), cause, timeout, explicit_id=False)
        return reply

    def _current(self, payload: P, base: type, verb: str, wanted: str) -> P:
        """The payload as an instance of the newest class of its name."""
        if not isinstance(payload, base):
            shown = f"the class {payload.__name__}" if isinstance(payload, type) else repr(type(payload).__name__)  # type: ignore[redundant-expr]  # notebooks are untyped
            raise PayloadError(f"{verb}() was given {shown}; it takes {wanted}.", remedy="Construct one and pass it.")
        definition: PayloadDefinition | None = self._bundle.payloads.get(type(payload).__name__)
        if definition is None or definition.payload_type is type(payload):
            return payload
        try:
            values = payload.model_dump(mode="python")
            return cast("P", definition.payload_type.model_validate(values, extra="ignore"))
        except ValidationError as error:
            raise PayloadError(
                f"this {definition.name} was made with an older definition of its class and does not fit the newest: "
                f"{error.errors(include_url=False)[0]['msg']}.",
                remedy=f"Construct {definition.name} again and {verb} that.",
            ) from None

    @staticmethod
    def _metadata(cause: Cause, metadata: Mapping[str, JsonValue] | None) -> Metadata:
        return cause.metadata.merged(metadata) if metadata else cause.metadata

    def _post(
        self,
        message: CommandMessage | QueryMessage,
        reply: PendingReply[object],
        cause: Cause,
        timeout: float | None,
        *,
        explicit_id: bool,
    ) -> None:
        _check_timeout(timeout)
        request = PendingRequest(
            message,
            reply,
            contextvars.copy_context(),
            cause.chain,
            timeout,
            explicit_id=explicit_id,
            nested=cause.nested,
            bounded=cause.bounded,
        )
        self._engine.post(partial(self._accept, request))

    # -- engine thread -------------------------------------------------------------------------------------------

    def serve(self, bundle: Bundle, routes: Mapping[str, Route]) -> None:
        """Route to these handlers from now on; requests in flight finish on the handlers they started with."""
        self._bundle = bundle
        self._routes = routes
        self._transport.serve(frozenset(routes), self._receive)

    def _accept(self, request: PendingRequest) -> None:
        message = request.message
        if self._refusing:
            request.reply.settle(
                None,
                SessionClosedError(f"the session was closed before {message.name} began; nothing of it was done."),
            )
            return
        message_id = message.message_id
        if isinstance(message, CommandMessage):
            if message_id in self._in_flight:
                self._followers.setdefault(message_id, []).append(request)
                self._deadlines.watch(request, request.timeout)
                return
            if request.explicit_id:
                outcome = self._outcomes.find(message_id)
                if outcome is not None:
                    self._answer(request, outcome)
                    return
        if request.bounded and len(self._in_flight) >= self._max_in_flight:
            request.reply.settle(
                None,
                TooManyRequestsError(
                    f"{message.name} was refused: {len(self._in_flight)} requests are in flight already.",
                    remedy="Nothing happened; await some replies and send it again.",
                ),
            )
            return
        self._in_flight[message_id] = request
        request.accept(self._settled, self._flow.timed_out)
        self._deadlines.watch(request, request.timeout)
        if self._flow.listening:
            self._flow.note(FlowStepKind.SENT, message, time_ns=request.sent_ns)
        if request.explicit_id:
            self._lookup.find(request)
        else:
            self._transport.deliver(request)

    def _found(self, request: PendingRequest, outcome: Confirmation | Rejection | BaseException | None) -> None:
        """The store was asked for an earlier outcome of a command whose id the sender gave."""
        if outcome is None:
            self._transport.deliver(request)
        elif isinstance(outcome, BaseException):
            request.fail(outcome)
        else:
            request.succeed(outcome)

    @staticmethod
    def _answer(request: PendingRequest, outcome: Confirmation | Rejection) -> None:
        if isinstance(outcome, Rejection):
            request.fail(outcome)
        else:
            request.succeed(outcome)

    def _receive(self, request: Request) -> None:
        assert isinstance(request, PendingRequest)
        try:
            self._routes[request.message.name](request)
        except Exception as error:  # noqa: BLE001  border: whatever goes wrong, the sender hears of it
            request.fail(error)

    def _settled(self, request: PendingRequest, outcome: object, error: BaseException | None) -> None:
        message = request.message
        self._in_flight.pop(message.message_id, None)
        if isinstance(message, CommandMessage):
            if request.explicit_id:  # one that has no name of its own is hardly sent again, and then the store knows
                if isinstance(outcome, Confirmation):
                    self._outcomes.remember(message.message_id, outcome)
                elif isinstance(error, Rejection) and request.remember_rejection:
                    self._outcomes.remember(message.message_id, error)
            for follower in self._followers.pop(message.message_id, ()):
                follower.reply.settle(outcome, error)
        if self._flow.listening:
            self._flow.replied(request, error)
        if not self._in_flight:
            self._activity.changed()

    @property
    def in_flight(self) -> int:
        """Requests being handled now, those whose sender stopped waiting included."""
        return len(self._in_flight)

    def refuse(self) -> None:
        """Take nothing in any more: the session is being closed."""
        self._refusing = True

    def close(self) -> None:
        """Fail everything in flight: the session is being closed."""
        self._refusing = True
        self._deadlines.stop()
        for request in list(self._in_flight.values()):
            request.fail(
                SessionClosedError(
                    f"the session was closed while {request.message.name} was in flight; its outcome is unknown."
                )
            )

    def forget_outcomes(self) -> None:
        """Forget earlier commands: the log they are in is gone."""
        self._outcomes.clear()


def _check_timeout(timeout: object) -> None:
    if timeout is None:
        return
    if isinstance(timeout, bool) or not isinstance(timeout, int | float) or not timeout >= 0:  # nan included
        raise PayloadError(f"timeout={timeout!r} is no time.", remedy="Pass seconds, e.g. timeout=5.")
