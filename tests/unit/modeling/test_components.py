"""The rules of components and their handlers, and what a class that breaks one is told."""

# Annotations are evaluated at once in this module, so that components may be defined inside tests.

import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest

from recq_nb.errors import (
    CapabilityError,
    ComponentDefinitionError,
    HandlerResultError,
    InjectionError,
    ModelingError,
    PayloadDefinitionError,
)
from recq_nb.modeling.bundle import Bundle
from recq_nb.modeling.component import aggregate, observer, projection, projector, saga, service
from recq_nb.modeling.component_definition import ComponentDefinition, define_component
from recq_nb.modeling.gateway import CommandGateway, QueryGateway
from recq_nb.modeling.handler import (
    aggregate_command_handler,
    command_handler,
    event_handler,
    event_sourcing_handler,
    query_handler,
    saga_event_handler,
)
from recq_nb.modeling.injection import InjectionSources
from recq_nb.modeling.message import CommandMessage, EventMessage
from recq_nb.modeling.metadata import Metadata
from recq_nb.modeling.payload import (
    AggregateId,
    DomainCommand,
    DomainEvent,
    Query,
    ServiceCommand,
    ServiceEvent,
    View,
)
from recq_nb.modeling.read_model import Key, ReadModel, Table, define_read_model, table_name_of
from recq_nb.modeling.state import AggregateState, SagaState


class OpenCommand(DomainCommand):
    identifier: AggregateId


class OpenedEvent(DomainEvent):
    identifier: str


class ClosedEvent(DomainEvent):
    identifier: str


class RingCommand(ServiceCommand):
    pass


class RangEvent(ServiceEvent):
    pass


class DoorView(View):
    identifier: str


class OtherView(View):
    pass


class DoorQuery(Query[DoorView]):
    pass


class DoorRow(ReadModel):
    identifier: Key[str]


class DoorState(AggregateState):
    open: bool = False


class GateState(AggregateState):
    pass


class DoorSagaState(SagaState):
    pass


def define(cls: type) -> ComponentDefinition:
    return define_component(cls, InjectionSources())


# -- what is understood ------------------------------------------------------------------------------------------------


def test_an_aggregate_is_read_into_its_handlers_state_and_payloads() -> None:
    @aggregate(snapshot_frequency=5)
    class Door:
        @aggregate_command_handler(init=True)
        async def open(self, command: OpenCommand, metadata: Metadata, *, sent: datetime) -> OpenedEvent | ClosedEvent:
            raise NotImplementedError

        @event_sourcing_handler
        def opened(self, event: OpenedEvent, state: DoorState | None, message: EventMessage) -> DoorState:
            raise NotImplementedError

        def helper(self) -> None: ...

    door = define(Door)

    assert (door.name, door.state_type, door.declaration.snapshot_frequency) == ("Door", DoorState, 5)
    assert door.payload_types == (OpenCommand, OpenedEvent, ClosedEvent)
    found = {
        handler.label: [
            handler.payload_name,
            handler.is_async,
            *[(p.name, p.optional, p.keyword_only) for p in handler.parameters],
        ]
        for handler in door.handlers
    }
    assert found == {
        "Door.open": [
            "OpenCommand",
            True,
            ("command", False, False),
            ("metadata", False, False),
            ("sent", False, True),
        ],
        "Door.opened": [
            "OpenedEvent",
            False,
            ("event", False, False),
            ("state", True, False),
            ("message", False, False),
        ],
    }


def test_handlers_are_inherited_and_overridden() -> None:
    class Base:
        @event_handler
        def opened(self, event: OpenedEvent) -> None: ...

        @event_handler
        def closed(self, event: ClosedEvent) -> None: ...

    @projector
    class Door(Base):
        @event_handler(retry=7)
        def opened(self, event: OpenedEvent) -> None: ...

        def closed(self, event: ClosedEvent) -> None: ...

    (handler,) = define(Door).handlers

    assert (handler.name, handler.declaration.retry) == ("opened", 7)


def test_a_component_decorator_does_not_pass_on_to_subclasses() -> None:
    @projector
    class Door:
        @event_handler
        def opened(self, event: OpenedEvent) -> None: ...

    with pytest.raises(ComponentDefinitionError, match="BackDoor has no component decorator"):
        define(type("BackDoor", (Door,), {}))


def test_the_tables_a_projector_asks_for_are_its_read_models() -> None:
    @projector
    class Door:
        @event_handler
        def opened(self, event: OpenedEvent, rows: Table[DoorRow], again: Table[DoorRow]) -> None: ...

    assert [model.table_name for model in define(Door).read_models] == ["door_row"]


# -- broken rules ------------------------------------------------------------------------------------------------------


def a_class_without_handlers() -> type:
    @projector
    class Door:
        def opened(self, event: OpenedEvent) -> None: ...

    return Door


def a_handler_without_payload() -> type:
    @projector
    class Door:
        @event_handler
        def opened(self, message: EventMessage) -> None: ...

    return Door


def a_handler_with_two_payloads() -> type:
    @projector
    class Door:
        @event_handler
        def opened(self, event: OpenedEvent, other: ClosedEvent) -> None: ...

    return Door


def a_parameter_without_annotation() -> type:
    @projector
    class Door:
        @event_handler
        def opened(self, event: OpenedEvent, rows) -> None: ...  # type: ignore[no-untyped-def]  # noqa: ANN001  that is the mistake

    return Door


def a_handler_with_any_arguments() -> type:
    @projector
    class Door:
        @event_handler
        def opened(self, event: OpenedEvent, *more: Metadata) -> None: ...

    return Door


def an_annotation_nobody_knows() -> type:
    @projector
    class Door:
        @event_handler
        def opened(self, event: "Unheard") -> None: ...  # type: ignore[name-defined]  # noqa: F821  that is the mistake

    return Door


def an_annotation_that_is_no_type() -> type:
    @projector
    class Door:
        @event_handler
        def opened(self, event: OpenedEvent, limit: int) -> None: ...

    vars(Door)["opened"].__annotations__["limit"] = "1 +"
    return Door


def a_command_in_a_projector() -> type:
    @projector
    class Door:
        @event_handler
        def open(self, command: OpenCommand) -> None: ...

    return Door


def a_generator() -> type:
    @projector
    class Door:
        @event_handler
        def opened(self, event: OpenedEvent) -> Iterator[int]:
            yield 1

    return Door


def a_table_of_no_rows() -> type:
    @projector
    class Door:
        @event_handler
        def opened(self, event: OpenedEvent, rows: Table[DoorView]) -> None: ...  # type: ignore[type-var]  # that is the mistake

    return Door


def two_handlers_for_one_event() -> type:
    @projector
    class Door:
        @event_handler
        def opened(self, event: OpenedEvent) -> None: ...

        @event_handler
        def opened_again(self, event: OpenedEvent) -> None: ...

    return Door


def state_in_an_init_handler() -> type:
    @aggregate
    class Door:
        @aggregate_command_handler(init=True)
        def open(self, command: OpenCommand, state: DoorState) -> OpenedEvent:
            raise NotImplementedError

    return Door


def an_async_event_sourcing_handler() -> type:
    @aggregate
    class Door:
        @event_sourcing_handler
        async def opened(self, event: OpenedEvent) -> DoorState:
            raise NotImplementedError

    return Door


def a_gateway_in_an_event_sourcing_handler() -> type:
    @aggregate
    class Door:
        @event_sourcing_handler
        def opened(self, event: OpenedEvent, commands: CommandGateway) -> DoorState:
            raise NotImplementedError

    return Door


def an_event_message_in_a_command_handler() -> type:
    @aggregate
    class Door:
        @aggregate_command_handler
        def open(self, command: OpenCommand, message: EventMessage) -> OpenedEvent:
            raise NotImplementedError

    return Door


def two_state_classes() -> type:
    @aggregate
    class Door:
        @aggregate_command_handler
        def open(self, command: OpenCommand, state: DoorState) -> OpenedEvent:
            raise NotImplementedError

        @event_sourcing_handler
        def opened(self, event: OpenedEvent) -> GateState:
            raise NotImplementedError

    return Door


def a_saga_state_in_an_aggregate() -> type:
    @aggregate
    class Door:
        @aggregate_command_handler
        def open(self, command: OpenCommand, state: DoorSagaState) -> OpenedEvent:
            raise NotImplementedError

    return Door


def a_service_event_from_an_aggregate() -> type:
    @aggregate
    class Door:
        @aggregate_command_handler
        def open(self, command: OpenCommand) -> RangEvent:
            raise NotImplementedError

    return Door


def a_domain_event_from_a_service() -> type:
    @service
    class Bell:
        @command_handler
        def ring(self, command: RingCommand) -> OpenedEvent:
            raise NotImplementedError

    return Bell


def another_view_than_asked() -> type:
    @projection
    class Doors:
        @query_handler
        def find(self, query: DoorQuery) -> OtherView:
            raise NotImplementedError

    return Doors


def a_gateway_in_a_constructor() -> type:
    @projection
    class Doors:
        def __init__(self, queries: QueryGateway) -> None: ...

        @query_handler
        def find(self, query: DoorQuery) -> DoorView:
            raise NotImplementedError

    return Doors


def a_constructor_parameter_without_annotation() -> type:
    @projection
    class Doors:
        def __init__(self, lock) -> None: ...  # type: ignore[no-untyped-def]  # noqa: ANN001  that is the mistake

        @query_handler
        def find(self, query: DoorQuery) -> DoorView:
            raise NotImplementedError

    return Doors


def a_row_without_key() -> type:
    class Keyless(ReadModel):
        name: str

    @projector
    class Door:
        @event_handler
        def opened(self, event: OpenedEvent, rows: Table[Keyless]) -> None: ...

    return Door


def a_row_with_an_optional_key() -> type:
    class Loose(ReadModel):
        name: Key[str | None]

    @projector
    class Door:
        @event_handler
        def opened(self, event: OpenedEvent, rows: Table[Loose]) -> None: ...

    return Door


REFUSED: dict[Callable[[], type], tuple[type[ModelingError], str]] = {
    a_class_without_handlers: (ComponentDefinitionError, "Door has no handlers"),
    a_handler_without_payload: (
        ComponentDefinitionError,
        "Door.opened handles nothing",
    ),
    a_handler_with_two_payloads: (ComponentDefinitionError, "Door.opened handles several payloads"),
    a_parameter_without_annotation: (InjectionError, "Door.opened has a parameter `rows` without annotation"),
    a_handler_with_any_arguments: (InjectionError, "Door.opened takes `*more`"),
    an_annotation_nobody_knows: (ComponentDefinitionError, "Door.opened mentions Unheard, which is not defined"),
    an_annotation_that_is_no_type: (ComponentDefinitionError, "Door.opened has an annotation that is no type"),
    a_command_in_a_projector: (ComponentDefinitionError, "Door.open takes OpenCommand, which is no Event"),
    a_generator: (ComponentDefinitionError, "Door.opened is a generator"),
    a_table_of_no_rows: (InjectionError, "Door.opened asks for Table[DoorView], which is no ReadModel"),
    two_handlers_for_one_event: (ComponentDefinitionError, "Door.opened and Door.opened_again both handle OpenedEvent"),
    state_in_an_init_handler: (InjectionError, "Door.open is an init handler and asks for `state: DoorState`"),
    an_async_event_sourcing_handler: (ComponentDefinitionError, "Door.opened is async"),
    a_gateway_in_an_event_sourcing_handler: (CapabilityError, "Door.opened asks for a CommandGateway"),
    an_event_message_in_a_command_handler: (InjectionError, "Door.open asks for an EventMessage"),
    two_state_classes: (ComponentDefinitionError, "Door works on 2 state classes (DoorState, GateState)"),
    a_saga_state_in_an_aggregate: (ComponentDefinitionError, "Door.open takes DoorSagaState"),
    a_service_event_from_an_aggregate: (HandlerResultError, "Door.open says it returns RangEvent"),
    a_domain_event_from_a_service: (HandlerResultError, "Bell.ring says it returns OpenedEvent"),
    another_view_than_asked: (HandlerResultError, "Doors.find says it returns OtherView"),
    a_gateway_in_a_constructor: (CapabilityError, "Doors.__init__ asks for a QueryGateway"),
    a_constructor_parameter_without_annotation: (InjectionError, "Doors.__init__ has a parameter `lock` without"),
    a_row_without_key: (ComponentDefinitionError, "Keyless has no key"),
    a_row_with_an_optional_key: (ComponentDefinitionError, "Loose.name is an optional key"),
}


@pytest.mark.parametrize("make", REFUSED, ids=lambda make: make.__name__)
def test_a_component_that_breaks_a_rule_is_refused_with_rule_place_and_remedy(make: Callable[[], type]) -> None:
    family, problem = REFUSED[make]

    with pytest.raises(ModelingError) as refused:
        define(make())

    assert (type(refused.value), refused.value.problem[: len(problem)]) == (family, problem)
    assert refused.value.remedy


# -- decorators --------------------------------------------------------------------------------------------------------

MISUSES: dict[str, Callable[[], object]] = {
    "a component on a function": lambda: projector(lambda: None),  # type: ignore[call-overload]  # that is the mistake
    "two components": lambda: projector(saga(type("Door", (), {}))),
    "a version of 0": lambda: projector(version=0),
    "a version that is no number": lambda: saga(version="2"),  # type: ignore[call-overload]  # that is the mistake
    "a version of True": lambda: observer(version=True),
    "no contexts": lambda: projector(contexts=()),
    "an empty context": lambda: projector(contexts=("",)),
    "an unknown start": lambda: projector(start="middle"),  # type: ignore[call-overload]  # that is the mistake
    "no concurrency": lambda: observer(concurrency=0),
    "a snapshot never reached": lambda: aggregate(snapshot_frequency=0),
    "a snapshot of True": lambda: aggregate(snapshot_frequency=True),
    "a handler on a class": lambda: event_handler(type("Door", (), {})),
    "a handler on nothing": lambda: event_sourcing_handler(5),  # type: ignore[arg-type]  # that is the mistake
    "two handlers": lambda: command_handler(query_handler(test_keys_are_in_the_order_of_the_class)),
    "an endless retry": lambda: event_handler(retry=-1),
    "a negative delay": lambda: saga_event_handler(association_property="x", retry_delay=-1),
}


@pytest.mark.parametrize("misuse", MISUSES)
def test_a_decorator_refuses_what_it_does_not_understand(misuse: str) -> None:
    with pytest.raises(ComponentDefinitionError) as refused:
        MISUSES[misuse]()

    assert refused.value.problem


def test_one_context_may_be_given_as_text() -> None:
    @projector(contexts="EU*")
    class Door:
        @event_handler
        def opened(self, event: OpenedEvent) -> None: ...

    assert define(Door).declaration.contexts == ("EU*",)


# -- read models -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("TodoListRow", "todo_list_row"),
        ("HTTPLogRow", "http_log_row"),
        ("Row2", "row2"),
        ("A", "a"),
    ],
)
def test_a_table_is_named_after_its_row_class(name: str, table: str) -> None:
    assert table_name_of(type(name, (ReadModel,), {"__module__": __name__})) == table


def test_keys_are_in_the_order_of_the_class() -> None:
    class Place(ReadModel):
        name: str
        x: Key[int]
        y: Key[int]

    assert define_read_model(Place).key_fields == ("x", "y")


def test_a_dependency_reaches_a_constructor_by_its_type() -> None:
    lock = threading.Event()

    @projection
    class Doors:
        def __init__(self, event: threading.Event, size: int = 3) -> None:
            self.given: Any = (event, size)

        @query_handler
        def find(self, query: DoorQuery, message: CommandMessage | None = None) -> DoorView:
            raise NotImplementedError

    with pytest.raises(CapabilityError, match="asks for CommandMessage, which is not given to projections"):
        define_component(Doors, InjectionSources({threading.Event: lock}))


def test_a_refusal_names_a_payload_that_is_no_payload() -> None:
    class Loose(DomainCommand):
        name: str

    @aggregate
    class Door:
        @aggregate_command_handler
        def open(self, command: Loose) -> OpenedEvent:
            raise NotImplementedError

    component = define(Door)

    with pytest.raises(PayloadDefinitionError, match="Loose has no AggregateId field"):
        Bundle().redefine(components=[component])
