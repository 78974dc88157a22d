"""recq_nb: model RECQ systems (Reactive, Event-driven Commands and Queries) in a notebook or a module."""

from __future__ import annotations

from recq_nb.errors import (
    AggregateAlreadyInitializedError,
    AggregateDeletedError,
    AggregateError,
    AggregateNotInitializedError,
    CapabilityError,
    ComponentDefinitionError,
    ConcurrentAppendError,
    ConfinementError,
    ConsumerError,
    DeadlockError,
    DuplicateHandlerError,
    HandlerResultError,
    InjectionError,
    MagicUsageError,
    ModelingError,
    NoHandlerError,
    PayloadDefinitionError,
    PayloadError,
    ReadModelError,
    ReadOnlySqlError,
    RecqError,
    Rejection,
    RequestTimeoutError,
    RoutingError,
    SessionClosedError,
    SettingError,
    SqlError,
    StaleReadError,
    StateMutationError,
    StoreError,
    StoreFormatError,
    StoreLockedError,
    StoreUnavailableError,
    StoreVersionError,
    TooManyRequestsError,
    TransientError,
    reject,
)
from recq_nb.modeling.component import aggregate, invoker, observer, projection, projector, saga, service
from recq_nb.modeling.executor import partitioned, pooled
from recq_nb.modeling.gateway import CommandGateway, CommandScheduler, Confirmation, QueryGateway, Reply
from recq_nb.modeling.handler import (
    aggregate_command_handler,
    command_handler,
    event_handler,
    event_sourcing_handler,
    invocation_handler,
    query_handler,
    saga_event_handler,
)
from recq_nb.modeling.message import CommandMessage, EventMessage, QueryMessage
from recq_nb.modeling.metadata import Metadata
from recq_nb.modeling.payload import (
    AggregateId,
    DomainCommand,
    DomainEvent,
    LockId,
    Query,
    ServiceCommand,
    ServiceEvent,
    View,
)
from recq_nb.modeling.read_model import Key, ProjectorStatus, ReadModel, Table
from recq_nb.modeling.state import AggregateState, SagaState
from recq_nb.session import Session

__version__ = "0.1.0"

__all__ = [
    "AggregateAlreadyInitializedError",
    "AggregateDeletedError",
    "AggregateError",
    "AggregateId",
    "AggregateNotInitializedError",
    "AggregateState",
    "CapabilityError",
    "CommandGateway",
    "CommandMessage",
    "CommandScheduler",
    "ComponentDefinitionError",
    "ConcurrentAppendError",
    "ConfinementError",
    "Confirmation",
    "ConsumerError",
    "DeadlockError",
    "DomainCommand",
    "DomainEvent",
    "DuplicateHandlerError",
    "EventMessage",
    "HandlerResultError",
    "InjectionError",
    "Key",
    "LockId",
    "MagicUsageError",
    "Metadata",
    "ModelingError",
    "NoHandlerError",
    "PayloadDefinitionError",
    "PayloadError",
    "ProjectorStatus",
    "Query",
    "QueryGateway",
    "QueryMessage",
    "ReadModel",
    "ReadModelError",
    "ReadOnlySqlError",
    "RecqError",
    "Rejection",
    "Reply",
    "RequestTimeoutError",
    "RoutingError",
    "SagaState",
    "ServiceCommand",
    "ServiceEvent",
    "Session",
    "SessionClosedError",
    "SettingError",
    "SqlError",
    "StaleReadError",
    "StateMutationError",
    "StoreError",
    "StoreFormatError",
    "StoreLockedError",
    "StoreUnavailableError",
    "StoreVersionError",
    "Table",
    "TooManyRequestsError",
    "TransientError",
    "View",
    "aggregate",
    "aggregate_command_handler",
    "command_handler",
    "event_handler",
    "event_sourcing_handler",
    "invocation_handler",
    "invoker",
    "load_ipython_extension",
    "observer",
    "partitioned",
    "pooled",
    "projection",
    "projector",
    "query_handler",
    "reject",
    "saga",
    "saga_event_handler",
    "service",
    "unload_ipython_extension",
]


def load_ipython_extension(shell: object) -> None:
    """What ``%load_ext recq_nb`` calls; IPython is imported only now."""
    from recq_nb.magics import load_ipython_extension as load  # noqa: PLC0415  IPython only where there is one

    load(shell)  # type: ignore[arg-type]  # IPython passes its shell; its type is not imported here


def unload_ipython_extension(shell: object) -> None:
    """What ``%unload_ext recq_nb`` calls."""
    from recq_nb.magics import unload_ipython_extension as unload  # noqa: PLC0415  as above

    unload(shell)  # type: ignore[arg-type]  # as above
