"""A component class read against the rules: its handlers, what each handles, and what fills their parameters."""

from __future__ import annotations

import inspect
from dataclasses import dataclass

from recq_nb.errors import CapabilityError, ComponentDefinitionError, HandlerResultError, InjectionError
from recq_nb.modeling.capability import CAPABILITIES, ComponentKind, HandlerKind, Injection
from recq_nb.modeling.component import ComponentDeclaration, component_declaration
from recq_nb.modeling.fingerprint import fingerprint
from recq_nb.modeling.handler import HandlerDeclaration, HandlerFunction, handler_declaration
from recq_nb.modeling.injection import (
    InjectionSources,
    ParameterDefinition,
    ParameterResolver,
    dependency_arguments,
    resolved_hints,
)
from recq_nb.modeling.payload import DomainCommand, DomainEvent, Event, Payload, Query, ServiceCommand, ServiceEvent
from recq_nb.modeling.payload_definition import define_payload, payload_types_in, unwrap_optional
from recq_nb.modeling.read_model import ReadModelDefinition
from recq_nb.modeling.state import AggregateState, SagaState

_HANDLED: dict[HandlerKind, type[Payload]] = {
    HandlerKind.AGGREGATE_COMMAND: DomainCommand,
    HandlerKind.EVENT_SOURCING: DomainEvent,
    HandlerKind.COMMAND: ServiceCommand,
    HandlerKind.EVENT: Event,
    HandlerKind.SAGA_EVENT: Event,
    HandlerKind.QUERY: Query,
}


@dataclass(frozen=True, slots=True)
class HandlerDefinition:
    """One handler of a component.

    Attributes:
        component: Name of its component.
        name: Method name.
        declaration: What its decorator was told.
        function: The bound method.
        is_async: Whether it is a coroutine function.
        payload_name: Class name of what it handles; for invocations the method's own name.
        payload_type: The class as annotated; None for invocations.
        parameters: What fills each parameter.
        returns: Payload classes its return annotation mentions.
    """

    component: str
    name: str
    declaration: HandlerDeclaration
    function: HandlerFunction
    is_async: bool
    payload_name: str
    payload_type: type[Payload] | None
    parameters: tuple[ParameterDefinition, ...]
    returns: tuple[type[Payload], ...]

    @property
    def label(self) -> str:
        """How errors and traces name it."""
        return f"{self.component}.{self.name}"

    def wants(self, injection: Injection) -> bool:
        """Whether one of its parameters is filled by this."""
        return any(parameter.injection is injection for parameter in self.parameters)


@dataclass(frozen=True, slots=True)
class ComponentDefinition:
    """A component as the runtime uses it.

    Attributes:
        name: Class name; its identity.
        instance: The one instance whose methods are the handlers.
        handlers: All of them, by method name.
        state_type: Aggregates and sagas: the class of their state.
        read_models: Tables its handlers ask for.
        fingerprint: Changes when the source of the class, its state or its rows changes.
    """

    name: str
    kind: ComponentKind
    declaration: ComponentDeclaration
    component_type: type
    instance: object
    handlers: tuple[HandlerDefinition, ...]
    state_type: type[AggregateState | SagaState] | None
    read_models: tuple[ReadModelDefinition, ...]
    fingerprint: str

    def handlers_of(self, *kinds: HandlerKind) -> dict[str, HandlerDefinition]:
        """Its handlers of some kinds by what they handle."""
        return {handler.payload_name: handler for handler in self.handlers if handler.declaration.kind in kinds}

    def consumer_id(self, context: str) -> str:
        """The identity of the component's consumer of a context: ``Component_version_context``."""
        return f"{self.name}_{self.declaration.version}_{context}"

    @property
    def consumer_ids(self) -> tuple[str, ...]:
        """The identities of all its consumers."""
        return tuple(self.consumer_id(context) for context in self.declaration.contexts)

    @property
    def payload_types(self) -> tuple[type[Payload], ...]:
        """Every payload class its handlers name, in source order."""
        found: dict[type[Payload], None] = {}
        for handler in self.handlers:
            for payload_type in ((handler.payload_type,) if handler.payload_type else ()) + handler.returns:
                found[payload_type] = None
        return tuple(found)


def _declared_handlers(cls: type) -> list[tuple[str, HandlerFunction, HandlerDeclaration]]:
    found: dict[str, tuple[str, HandlerFunction, HandlerDeclaration]] = {}
    for base in reversed(cls.__mro__):
        for name, member in base.__dict__.items():
            declaration = handler_declaration(member)
            if declaration is not None:
                found[name] = (name, member, declaration)
            elif name in found:
                del found[name]
    return list(found.values())


def _instantiate(cls: type, sources: InjectionSources) -> object:
    arguments = dependency_arguments(cls, sources)
    try:
        instance: object = cls(**arguments)
    except TypeError as error:
        raise InjectionError(
            f"{cls.__name__} cannot be constructed: {error}.",
            remedy="Give its constructor parameters types the session's injector knows, or defaults.",
        ) from error
    return instance


def _define_handler(
    cls: type, instance: object, name: str, declaration: HandlerDeclaration, resolver: ParameterResolver
) -> HandlerDefinition:
    function = getattr(cls, name)
    label = f"{cls.__name__}.{name}"
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise ComponentDefinitionError(
            f"{label} is a generator; a handler returns its result once.", remedy="Replace `yield` by `return`."
        )
    hints = resolved_hints(function, label)
    returns = tuple(payload_types_in(hints.get("return")))
    is_async = inspect.iscoroutinefunction(function)
    bound = getattr(instance, name)
    if declaration.kind is HandlerKind.INVOCATION:
        parameters = _invocation_parameters(function, label, resolver)
        return HandlerDefinition(
            cls.__name__, name, declaration, bound, is_async, name, None, tuple(parameters), returns
        )
    base = _HANDLED[declaration.kind]
    parameters = resolver.resolve(function, label, base)
    payloads = [parameter for parameter in parameters if parameter.injection is Injection.PAYLOAD]
    if len(payloads) != 1:
        problem = "handles nothing" if not payloads else "handles several payloads"
        raise ComponentDefinitionError(
            f"{label} {problem}; a handler takes exactly one {base.__name__}.",
            remedy=f"Write `def {name}(self, payload: Some{base.__name__}, ...)`.",
        )
    payload_type = payloads[0].annotation
    assert issubclass(payload_type, Payload)
    return HandlerDefinition(
        cls.__name__,
        name,
        declaration,
        bound,
        is_async,
        payload_type.__name__,
        payload_type,
        tuple(parameters),
        returns,
    )


def _invocation_parameters(
    function: HandlerFunction, label: str, resolver: ParameterResolver
) -> list[ParameterDefinition]:
    """Only what the runtime injects; everything else is an argument of the call."""
    hints = resolved_hints(function, label)
    injected = []
    for parameter in list(inspect.signature(function).parameters.values())[1:]:
        wanted, _ = unwrap_optional(hints.get(parameter.name))
        found = resolver.gateway(parameter.name, wanted)
        if found is not None:
            injected.append(found)
    return injected


def _check_handler(handler: HandlerDefinition) -> None:
    declaration = handler.declaration
    if declaration.init and declaration.kind is HandlerKind.AGGREGATE_COMMAND:
        state = next((p for p in handler.parameters if p.injection is Injection.STATE and not p.optional), None)
        if state is not None:
            raise InjectionError(
                f"{handler.label} is an init handler and asks for `{state.name}: {state.annotation.__name__}`; "
                "an init handler runs on an empty history, where there is no state.",
                remedy=f"Remove `{state.name}`.",
            )
    if declaration.kind is HandlerKind.EVENT_SOURCING:
        if handler.is_async:
            raise ComponentDefinitionError(
                f"{handler.label} is async; folding an event into state is a pure computation.",
                remedy="Write it as a plain `def`.",
            )
        for injection in (Injection.COMMAND_GATEWAY, Injection.COMMAND_MESSAGE):
            if handler.wants(injection):
                raise CapabilityError(
                    f"{handler.label} asks for a {injection}; state is folded from events alone.",
                    remedy="Do it in the command handler and put what matters into the event.",
                )
    if declaration.kind is HandlerKind.AGGREGATE_COMMAND and handler.wants(Injection.EVENT_MESSAGE):
        raise InjectionError(
            f"{handler.label} asks for an EventMessage; a command handler decides before there is one.",
            remedy="Ask for the CommandMessage.",
        )
    if declaration.kind is HandlerKind.SAGA_EVENT:
        _check_association(handler)
    _check_returns(handler)


def _check_association(handler: HandlerDefinition) -> None:
    association, event_type = handler.declaration.association_property, handler.payload_type
    assert event_type is not None
    if association not in event_type.model_fields:
        fields = ", ".join(name for name in event_type.model_fields if name != "context")
        raise ComponentDefinitionError(
            f"{handler.label} finds its saga by {association!r}, which {event_type.__name__} does not have.",
            remedy=f"Use one of its fields as association_property: {fields}.",
        )


def _check_executor(handler: HandlerDefinition, sources: InjectionSources) -> None:
    executor = handler.declaration.executor
    if executor is not None and executor not in sources.executors:
        known = f"there are {', '.join(sorted(sources.executors))}" if sources.executors else "there are none"
        raise ComponentDefinitionError(
            f"{handler.label} runs on the executor {executor!r}, which is not defined; {known}.",
            remedy=f'Define it: recq.define_executor("{executor}", pooled(8)), or partitioned(8) to keep the order of '
            "each aggregate's events.",
        )


def _check_returns(handler: HandlerDefinition) -> None:
    kind = handler.declaration.kind
    expected: type[Payload] | None = {
        HandlerKind.AGGREGATE_COMMAND: DomainEvent,
        HandlerKind.COMMAND: ServiceEvent,
    }.get(kind)
    if expected is not None:
        wrong = next((payload for payload in handler.returns if not issubclass(payload, expected)), None)
        if wrong is not None:
            raise HandlerResultError(
                f"{handler.label} says it returns {wrong.__name__}; it may return a {expected.__name__} only.",
                remedy=f"Return a class derived from {expected.__name__}.",
            )
    if kind is HandlerKind.QUERY and handler.payload_type is not None and handler.returns:
        query = define_payload(handler.payload_type)
        given = handler.returns[0].__name__
        if query.view_name not in {payload.__name__ for payload in handler.returns}:
            raise HandlerResultError(
                f"{handler.label} says it returns {given}, but {query.name} is answered with {query.view_name}.",
                remedy=f"Return {query.view_name}, or change the query to Query[{given}].",
            )


def _state_type(
    cls: type, kind: ComponentKind, handlers: list[HandlerDefinition], hints: list[object]
) -> type[AggregateState | SagaState] | None:
    base: type[AggregateState | SagaState]
    if kind is ComponentKind.AGGREGATE:
        base = AggregateState
    elif kind is ComponentKind.SAGA:
        base = SagaState
    else:
        return None
    named: dict[str, type[AggregateState | SagaState]] = {}
    parameters = [p.annotation for handler in handlers for p in handler.parameters if p.injection is Injection.STATE]
    for candidate in [*parameters, *(unwrap_optional(hint)[0] for hint in hints)]:
        if isinstance(candidate, type) and issubclass(candidate, AggregateState | SagaState):
            named[candidate.__name__] = candidate
    if len(named) > 1:
        raise ComponentDefinitionError(
            f"{cls.__name__} works on {len(named)} state classes ({', '.join(named)}); it has one.",
            remedy="Use the same state class in every handler.",
        )
    return next(iter(named.values()), base)


def _check_unique(cls: type, handlers: list[HandlerDefinition]) -> None:
    taken: dict[tuple[HandlerKind, str], HandlerDefinition] = {}
    for handler in handlers:
        if handler.declaration.kind is HandlerKind.INVOCATION:
            continue
        key = (handler.declaration.kind, handler.payload_name)
        if key in taken:
            raise ComponentDefinitionError(
                f"{cls.__name__}.{taken[key].name} and {handler.label} both handle {handler.payload_name}; "
                "one method of a component handles one payload type.",
                remedy=f"Merge them, or remove one of `{taken[key].name}` and `{handler.name}`.",
            )
        taken[key] = handler


def define_component(cls: type, sources: InjectionSources) -> ComponentDefinition:
    """Check a component class against the capability matrix and the rules of its kind, and make its instance.

    Args:
        cls: A class marked by a component decorator.
        sources: Dependencies and connection types of the session.

    Raises:
        ModelingError: It breaks a rule; the error names rule, place and remedy.
    """
    declaration = component_declaration(cls)
    if declaration is None:
        raise ComponentDefinitionError(
            f"{cls.__name__} has no component decorator.",
            remedy="Put one of @aggregate, @service, @projector, @projection, @saga, @observer, @invoker above it.",
        )
    capability = CAPABILITIES[declaration.kind]
    declared = _declared_handlers(cls)
    if not declared:
        expected = " or ".join(f"@{kind}" for kind in sorted(capability.handlers))
        raise ComponentDefinitionError(f"{cls.__name__} has no handlers.", remedy=f"Mark its methods with {expected}.")
    for name, _, found in declared:
        if found.kind not in capability.handlers:
            allowed = " and ".join(f"@{kind}" for kind in sorted(capability.handlers))
            raise CapabilityError(
                f"{cls.__name__}.{name} is an @{found.kind}; a component of type {declaration.kind} has {allowed} "
                "only.",
                remedy=f"Use {allowed}, or move the method to a component of the right type.",
            )
    instance = _instantiate(cls, sources)
    resolver = ParameterResolver(capability, sources)
    handlers = [_define_handler(cls, instance, name, found, resolver) for name, _, found in declared]
    _check_unique(cls, handlers)
    for handler in handlers:
        _check_handler(handler)
        _check_executor(handler, sources)
    hints = [resolved_hints(function, f"{cls.__name__}.{name}").get("return") for name, function, _ in declared]
    state_type = _state_type(cls, declaration.kind, handlers, hints)
    read_models: dict[str, ReadModelDefinition] = {}
    for handler in handlers:
        for parameter in handler.parameters:
            if parameter.read_model is not None:
                read_models[parameter.read_model.name] = parameter.read_model
    models = [*([state_type] if state_type else []), *(model.row_type for model in read_models.values())]
    return ComponentDefinition(
        cls.__name__,
        declaration.kind,
        declaration,
        cls,
        instance,
        tuple(handlers),
        state_type,
        tuple(read_models.values()),
        fingerprint(cls, models),
    )
