"""The capability matrix: what each of the seven component types handles, may send and may be given.

Evento documents this matrix; recq_nb enforces it when a component is registered.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ComponentKind(StrEnum):
    """The seven component types; no eighth exists."""

    AGGREGATE = "aggregate"
    SERVICE = "service"
    PROJECTOR = "projector"
    PROJECTION = "projection"
    SAGA = "saga"
    OBSERVER = "observer"
    INVOKER = "invoker"


class HandlerKind(StrEnum):
    """What a handler method is for; the value is its decorator's name."""

    AGGREGATE_COMMAND = "aggregate_command_handler"
    EVENT_SOURCING = "event_sourcing_handler"
    COMMAND = "command_handler"
    EVENT = "event_handler"
    SAGA_EVENT = "saga_event_handler"
    QUERY = "query_handler"
    INVOCATION = "invocation_handler"


class Injection(StrEnum):
    """What can fill a handler parameter; the value is how an error names it."""

    PAYLOAD = "its payload"
    STATE = "state"
    COMMAND_MESSAGE = "CommandMessage"
    EVENT_MESSAGE = "EventMessage"
    QUERY_MESSAGE = "QueryMessage"
    METADATA = "Metadata"
    TIMESTAMP = "datetime (the message's timestamp)"
    COMMAND_GATEWAY = "CommandGateway"
    QUERY_GATEWAY = "QueryGateway"
    COMMAND_SCHEDULER = "CommandScheduler"
    TABLE = "Table[...]"
    CONNECTION = "a DuckDB connection"
    PROJECTOR_STATUS = "ProjectorStatus"
    DEPENDENCY = "an object from the session's injector"


@dataclass(frozen=True, slots=True)
class Capability:
    """One row of the matrix.

    Attributes:
        kind: The component type.
        handlers: Handler kinds its class may have.
        may_send_commands: Whether a handler may ask for a ``CommandGateway``.
        may_send_queries: Whether a handler may ask for a ``QueryGateway``.
        injections: Everything else its handlers may be given.
        profile: Consistency and responsiveness (C/c strong/weak, R/r strong/weak, - none).
        remedy: Where forbidden work belongs instead.
    """

    kind: ComponentKind
    handlers: frozenset[HandlerKind]
    may_send_commands: bool
    may_send_queries: bool
    injections: frozenset[Injection]
    profile: str
    remedy: str


_ALWAYS = frozenset({Injection.PAYLOAD, Injection.METADATA, Injection.TIMESTAMP, Injection.DEPENDENCY})
_EVENT = _ALWAYS | {Injection.EVENT_MESSAGE}
_COMMAND = _ALWAYS | {Injection.COMMAND_MESSAGE}

CAPABILITIES: dict[ComponentKind, Capability] = {
    row.kind: row
    for row in (
        Capability(
            ComponentKind.AGGREGATE,
            frozenset({HandlerKind.AGGREGATE_COMMAND, HandlerKind.EVENT_SOURCING}),
            True,
            False,
            _COMMAND | {Injection.STATE, Injection.EVENT_MESSAGE},
            "Cr",
            "Let the sender put what the decision needs into the command, or keep it in the aggregate's state.",
        ),
        Capability(
            ComponentKind.SERVICE,
            frozenset({HandlerKind.COMMAND}),
            True,
            False,
            _COMMAND,
            "cr",
            "Let the sender put what the service needs into the command.",
        ),
        Capability(
            ComponentKind.PROJECTOR,
            frozenset({HandlerKind.EVENT}),
            False,
            True,
            _EVENT | {Injection.TABLE, Injection.CONNECTION, Injection.PROJECTOR_STATUS},
            "C--",
            "Move the reaction to an observer or a saga.",
        ),
        Capability(
            ComponentKind.PROJECTION,
            frozenset({HandlerKind.QUERY}),
            False,
            True,
            _ALWAYS | {Injection.QUERY_MESSAGE, Injection.TABLE, Injection.CONNECTION},
            "--R",
            "Queries change nothing; send the command from an invoker, a saga or an observer.",
        ),
        Capability(
            ComponentKind.SAGA,
            frozenset({HandlerKind.SAGA_EVENT}),
            True,
            True,
            _EVENT | {Injection.STATE, Injection.COMMAND_SCHEDULER},
            "C--",
            "Keep what the saga must remember in its SagaState.",
        ),
        Capability(
            ComponentKind.OBSERVER,
            frozenset({HandlerKind.EVENT}),
            True,
            True,
            _EVENT,
            "--R",
            "Observers keep no state; use a saga, or project into a read model.",
        ),
        Capability(
            ComponentKind.INVOKER,
            frozenset({HandlerKind.INVOCATION}),
            True,
            True,
            frozenset({Injection.DEPENDENCY, Injection.METADATA, Injection.TIMESTAMP}),
            "--R",
            "Invokers keep no state; ask for it with a query.",
        ),
    )
}
"""The matrix, one row a component type."""
