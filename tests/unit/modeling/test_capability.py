"""The capability matrix of RECQ, every cell of it: who may handle, send and be given what."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import datetime

import pytest

from recq_nb.errors import CapabilityError, ComponentDefinitionError, InjectionError, ModelingError
from recq_nb.modeling.capability import CAPABILITIES, ComponentKind, HandlerKind
from recq_nb.modeling.component import aggregate, invoker, observer, projection, projector, saga, service
from recq_nb.modeling.component_definition import define_component
from recq_nb.modeling.gateway import CommandGateway, QueryGateway
from recq_nb.modeling.handler import (
    aggregate_command_handler,
    command_handler,
    event_handler,
    event_sourcing_handler,
    invocation_handler,
    query_handler,
    saga_event_handler,
)
from recq_nb.modeling.injection import InjectionSources
from recq_nb.modeling.message import CommandMessage, EventMessage, QueryMessage
from recq_nb.modeling.metadata import Metadata
from recq_nb.modeling.payload import AggregateId, DomainCommand, DomainEvent, Query, ServiceCommand, View
from recq_nb.modeling.read_model import Key, ProjectorStatus, ReadModel, Table
from recq_nb.modeling.state import AggregateState, SagaState


class OpenCommand(DomainCommand):
    identifier: AggregateId


class OpenedEvent(DomainEvent):
    identifier: str


class RingCommand(ServiceCommand):
    pass


class DoorView(View):
    identifier: str


class DoorQuery(Query[DoorView]):
    identifier: str


class DoorRow(ReadModel):
    identifier: Key[str]


class DoorState(AggregateState):
    pass


class DoorSagaState(SagaState):
    pass


class Bell:
    """An object from the session's injector."""


class RawConnection:
    """What stands for the store's raw connection."""


class Unheard:
    """A type nobody knows."""


SOURCES = InjectionSources({Bell: Bell()}, (RawConnection,))

DECORATORS: dict[ComponentKind, Callable[[type], type]] = {
    ComponentKind.AGGREGATE: aggregate,
    ComponentKind.SERVICE: service,
    ComponentKind.PROJECTOR: projector,
    ComponentKind.PROJECTION: projection,
    ComponentKind.SAGA: saga,
    ComponentKind.OBSERVER: observer,
    ComponentKind.INVOKER: invoker,
}

Mark = Callable[[Callable[..., object]], Callable[..., object]]
HANDLERS: dict[HandlerKind, tuple[Mark, object]] = {
    HandlerKind.AGGREGATE_COMMAND: (aggregate_command_handler, OpenCommand),
    HandlerKind.EVENT_SOURCING: (event_sourcing_handler, OpenedEvent),
    HandlerKind.COMMAND: (command_handler, RingCommand),
    HandlerKind.EVENT: (event_handler, OpenedEvent),
    HandlerKind.SAGA_EVENT: (saga_event_handler(association_property="identifier"), OpenedEvent),
    HandlerKind.QUERY: (query_handler, DoorQuery),
    HandlerKind.INVOCATION: (invocation_handler, str),
}

ALLOWED_HANDLERS: dict[ComponentKind, set[HandlerKind]] = {
    ComponentKind.AGGREGATE: {HandlerKind.AGGREGATE_COMMAND, HandlerKind.EVENT_SOURCING},
    ComponentKind.SERVICE: {HandlerKind.COMMAND},
    ComponentKind.PROJECTOR: {HandlerKind.EVENT},
    ComponentKind.PROJECTION: {HandlerKind.QUERY},
    ComponentKind.SAGA: {HandlerKind.SAGA_EVENT},
    ComponentKind.OBSERVER: {HandlerKind.EVENT},
    ComponentKind.INVOKER: {HandlerKind.INVOCATION},
}

ALWAYS = {Metadata, datetime, Bell}
ALLOWED: dict[tuple[ComponentKind, HandlerKind], set[object]] = {
    (ComponentKind.AGGREGATE, HandlerKind.AGGREGATE_COMMAND): ALWAYS | {DoorState, CommandMessage, CommandGateway},
    (ComponentKind.AGGREGATE, HandlerKind.EVENT_SOURCING): ALWAYS | {DoorState, EventMessage},
    (ComponentKind.SERVICE, HandlerKind.COMMAND): ALWAYS | {CommandMessage, CommandGateway},
    (ComponentKind.PROJECTOR, HandlerKind.EVENT): ALWAYS
    | {EventMessage, QueryGateway, Table[DoorRow], RawConnection, ProjectorStatus},
    (ComponentKind.PROJECTION, HandlerKind.QUERY): ALWAYS | {QueryMessage, QueryGateway, Table[DoorRow], RawConnection},
    (ComponentKind.SAGA, HandlerKind.SAGA_EVENT): ALWAYS | {DoorSagaState, EventMessage, CommandGateway, QueryGateway},
    (ComponentKind.OBSERVER, HandlerKind.EVENT): ALWAYS | {EventMessage, CommandGateway, QueryGateway},
}
ASKED_FOR: tuple[object, ...] = (
    CommandGateway,
    QueryGateway,
    CommandMessage,
    EventMessage,
    QueryMessage,
    Metadata,
    datetime,
    Table[DoorRow],
    RawConnection,
    ProjectorStatus,
    Bell,
    DoorState,
    DoorSagaState,
)


def component(kind: ComponentKind, handler: HandlerKind, asks_for: object = None) -> type:
    """A component with one handler that asks for one thing beside its payload."""
    mark, payload = HANDLERS[handler]
    if asks_for is None:

        def handle(self: object, payload: object) -> None: ...

    else:

        def handle(self: object, payload: object, asked: object) -> None: ...  # type: ignore[misc]  # one or the other

        handle.__annotations__["asked"] = asks_for
    handle.__annotations__["payload"] = payload
    return DECORATORS[kind](type("Door", (), {"handle": mark(handle)}))


def label(asked: object) -> str:
    return getattr(asked, "__name__", str(asked))


def test_there_are_seven_component_types_and_no_eighth() -> None:
    assert set(CAPABILITIES) == set(ComponentKind) == set(DECORATORS)
    assert len(ComponentKind) == 7


def test_profiles_are_those_of_the_matrix() -> None:
    assert {str(kind): capability.profile for kind, capability in CAPABILITIES.items()} == {
        "aggregate": "Cr",
        "service": "cr",
        "projector": "C--",
        "projection": "--R",
        "saga": "C--",
        "observer": "--R",
        "invoker": "--R",
    }


@pytest.mark.parametrize(("kind", "handler"), list(itertools.product(ComponentKind, HandlerKind)))
def test_a_component_has_the_handlers_of_its_type_only(kind: ComponentKind, handler: HandlerKind) -> None:
    definition = component(kind, handler)

    if handler in ALLOWED_HANDLERS[kind]:
        assert [found.declaration.kind for found in define_component(definition, SOURCES).handlers] == [handler]
    else:
        with pytest.raises(CapabilityError, match=rf"Door\.handle is an @{handler}; a component of type {kind} has"):
            define_component(definition, SOURCES)


@pytest.mark.parametrize(
    ("kind", "handler", "asked"),
    [(kind, handler, asked) for (kind, handler), asked in itertools.product(ALLOWED, ASKED_FOR)],
    ids=label,
)
def test_a_handler_is_given_what_the_matrix_grants_and_nothing_else(
    kind: ComponentKind, handler: HandlerKind, asked: object
) -> None:
    definition = component(kind, handler, asked)

    if asked in ALLOWED[kind, handler]:
        (found,) = define_component(definition, SOURCES).handlers
        assert [parameter.name for parameter in found.parameters] == ["payload", "asked"]
        return
    with pytest.raises(ModelingError) as refused:
        define_component(definition, SOURCES)
    assert isinstance(refused.value, CapabilityError | InjectionError | ComponentDefinitionError)
    assert str(refused.value).startswith("Door.handle ")
    assert refused.value.remedy


@pytest.mark.parametrize(
    ("kind", "handler", "message", "remedy"),
    [
        (
            ComponentKind.PROJECTOR,
            HandlerKind.EVENT,
            "Door.handle asks for a CommandGateway; projectors may not send commands.",
            "Move the reaction to an observer or a saga.",
        ),
        (
            ComponentKind.PROJECTION,
            HandlerKind.QUERY,
            "Door.handle asks for a CommandGateway; projections may not send commands.",
            "Queries change nothing; send the command from an invoker, a saga or an observer.",
        ),
    ],
)
def test_a_forbidden_command_gateway_is_refused_with_rule_and_remedy(
    kind: ComponentKind, handler: HandlerKind, message: str, remedy: str
) -> None:
    with pytest.raises(CapabilityError) as refused:
        define_component(component(kind, handler, CommandGateway), SOURCES)

    assert (refused.value.problem, refused.value.remedy) == (message, remedy)


@pytest.mark.parametrize(
    ("kind", "handler"),
    [(ComponentKind.AGGREGATE, HandlerKind.AGGREGATE_COMMAND), (ComponentKind.SERVICE, HandlerKind.COMMAND)],
)
def test_aggregates_and_services_may_not_ask_queries(kind: ComponentKind, handler: HandlerKind) -> None:
    with pytest.raises(CapabilityError) as refused:
        define_component(component(kind, handler, QueryGateway), SOURCES)

    assert refused.value.problem == f"Door.handle asks for a QueryGateway; {kind}s may not send queries."
    assert refused.value.remedy is not None
    assert refused.value.remedy.startswith("Let the sender put what")


@pytest.mark.parametrize("asked", [CommandGateway, QueryGateway, Bell], ids=label)
def test_an_invocation_handler_is_given_gateways_and_dependencies_by_name(asked: object) -> None:
    (found,) = define_component(component(ComponentKind.INVOKER, HandlerKind.INVOCATION, asked), SOURCES).handlers

    assert [(parameter.name, parameter.keyword_only) for parameter in found.parameters] == [("asked", True)]


@pytest.mark.parametrize(("kind", "handler"), ALLOWED)
def test_what_nothing_can_fill_is_refused_with_the_way_to_provide_it(kind: ComponentKind, handler: HandlerKind) -> None:
    with pytest.raises(InjectionError) as refused:
        define_component(component(kind, handler, Unheard), SOURCES)

    assert refused.value.problem == "Door.handle asks for `asked: Unheard`, which nothing can fill."
    assert refused.value.remedy is not None
    assert "Session(injector={Unheard: …})" in refused.value.remedy
