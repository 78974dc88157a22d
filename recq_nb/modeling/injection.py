"""Injection: deciding, when a component is registered, what fills each parameter of its handlers."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from recq_nb.errors import CapabilityError, ComponentDefinitionError, InjectionError
from recq_nb.modeling.capability import Capability, ComponentKind, Injection
from recq_nb.modeling.gateway import CommandGateway, CommandScheduler, QueryGateway
from recq_nb.modeling.handler import HandlerFunction
from recq_nb.modeling.message import CommandMessage, EventMessage, QueryMessage
from recq_nb.modeling.metadata import Metadata
from recq_nb.modeling.payload import Payload
from recq_nb.modeling.payload_definition import is_payload_class, unwrap_optional
from recq_nb.modeling.read_model import ProjectorStatus, ReadModel, ReadModelDefinition, Table, define_read_model
from recq_nb.modeling.state import AggregateState, SagaState

Injector = Mapping[type, object] | Callable[[type], object | None]
"""Where dependencies come from: objects by type, or a function from a type to its object (None: unknown)."""

_BY_TYPE: dict[type, Injection] = {
    CommandMessage: Injection.COMMAND_MESSAGE,
    EventMessage: Injection.EVENT_MESSAGE,
    QueryMessage: Injection.QUERY_MESSAGE,
    Metadata: Injection.METADATA,
    datetime: Injection.TIMESTAMP,
    CommandGateway: Injection.COMMAND_GATEWAY,
    QueryGateway: Injection.QUERY_GATEWAY,
    CommandScheduler: Injection.COMMAND_SCHEDULER,
    ProjectorStatus: Injection.PROJECTOR_STATUS,
}


@dataclass(frozen=True, slots=True)
class ParameterDefinition:
    """One parameter of a handler and what fills it.

    Attributes:
        name: Its name; parameters are passed by position where the signature allows.
        injection: What fills it.
        annotation: Its resolved class, or row class for a table.
        optional: Declared as ``X | None``.
        read_model: The table's definition, for ``Table[...]``.
        dependency: The object, for a dependency.
        keyword_only: Whether it must be passed by name.
    """

    name: str
    injection: Injection
    annotation: type
    optional: bool = False
    read_model: ReadModelDefinition | None = None
    dependency: object = None
    keyword_only: bool = False


@dataclass(frozen=True, slots=True)
class InjectionSources:
    """What a session offers besides messages and gateways.

    Attributes:
        injector: Dependencies by type.
        connection_types: Classes whose annotation asks for the store's raw SQL connection.
        executors: Names of the executors handlers may run on.
    """

    injector: Injector = field(default_factory=dict)
    connection_types: tuple[type, ...] = ()
    executors: frozenset[str] = frozenset()

    def find(self, wanted: type) -> object | None:
        """The dependency of a type, or None."""
        if isinstance(self.injector, Mapping):
            return self.injector.get(wanted)
        return self.injector(wanted)


def resolved_hints(function: HandlerFunction, label: str) -> dict[str, object]:
    """A function's annotations as objects.

    Raises:
        ComponentDefinitionError: One of them names something unknown.
    """
    try:
        return typing.get_type_hints(function, include_extras=True)
    except NameError as error:
        raise ComponentDefinitionError(
            f"{label} mentions {error.name}, which is not defined.",
            remedy=f"Define {error.name} in an earlier cell, or import it.",
        ) from None
    except (TypeError, SyntaxError, AttributeError) as error:
        raise ComponentDefinitionError(
            f"{label} has an annotation that is no type: {error}.", remedy="Annotate every parameter with a class."
        ) from None


def dependency_arguments(cls: type, sources: InjectionSources) -> dict[str, object]:
    """Arguments for a component's constructor, all of them dependencies.

    Raises:
        InjectionError: A parameter nothing can fill.
        CapabilityError: It asks for a gateway; those belong to one message and go to handlers.
    """
    constructor: HandlerFunction | None = next(
        (base.__dict__["__init__"] for base in cls.__mro__ if base is not object and "__init__" in base.__dict__), None
    )
    if constructor is None:
        return {}
    label = f"{cls.__name__}.__init__"
    hints = resolved_hints(constructor, label)
    arguments: dict[str, object] = {}
    for parameter in list(inspect.signature(constructor).parameters.values())[1:]:
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        wanted = hints.get(parameter.name)
        if wanted in (CommandGateway, QueryGateway):
            assert isinstance(wanted, type)
            raise CapabilityError(
                f"{label} asks for a {wanted.__name__}; a gateway belongs to the message being handled.",
                remedy=f"Ask for it in the handler: `def handle(self, ..., {parameter.name}: {wanted.__name__})`.",
            )
        found = sources.find(wanted) if isinstance(wanted, type) else None
        if found is not None:
            arguments[parameter.name] = found
        elif parameter.default is parameter.empty:
            raise _nothing_fills(label, parameter.name, wanted)
    return arguments


def _nothing_fills(label: str, name: str, wanted: object) -> InjectionError:
    if wanted is None:
        return InjectionError(
            f"{label} has a parameter `{name}` without annotation; parameters are filled by type.",
            remedy=f"Annotate it: `{name}: CommandMessage`, `{name}: Metadata`, `{name}: Table[SomeRow]`, …",
        )
    shown = getattr(wanted, "__name__", None) or str(wanted)
    return InjectionError(
        f"{label} asks for `{name}: {shown}`, which nothing can fill.",
        remedy=f"Give the session an object of that type: Session(injector={{{shown}: …}}), or remove the parameter.",
    )


def _refusal(label: str, capability: Capability, injection: Injection) -> CapabilityError | None:
    kind = str(capability.kind)
    plural = "sagas" if kind == "saga" else f"{kind}s"
    if injection is Injection.COMMAND_GATEWAY and not capability.may_send_commands:
        return CapabilityError(
            f"{label} asks for a CommandGateway; {plural} may not send commands.", remedy=capability.remedy
        )
    if injection is Injection.QUERY_GATEWAY and not capability.may_send_queries:
        return CapabilityError(
            f"{label} asks for a QueryGateway; {plural} may not send queries.", remedy=capability.remedy
        )
    gateways = (Injection.COMMAND_GATEWAY, Injection.QUERY_GATEWAY)
    if injection not in gateways and injection not in capability.injections:
        return CapabilityError(
            f"{label} asks for {injection}, which is not given to {plural}.", remedy=capability.remedy
        )
    return None


class ParameterResolver:
    """Resolves the parameters of one component's handlers against the capability matrix."""

    def __init__(self, capability: Capability, sources: InjectionSources) -> None:
        self._capability = capability
        self._sources = sources

    def resolve(self, function: HandlerFunction, label: str, payload_base: type[Payload]) -> list[ParameterDefinition]:
        """What fills each parameter after ``self``.

        Raises:
            ComponentDefinitionError, CapabilityError, InjectionError: A parameter breaks a rule.
        """
        hints = resolved_hints(function, label)
        resolved = []
        for parameter in list(inspect.signature(function).parameters.values())[1:]:
            if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
                raise InjectionError(
                    f"{label} takes `*{parameter.name}`; parameters are filled by type, one by one.",
                    remedy="Name the parameters it needs.",
                )
            keyword_only = parameter.kind is parameter.KEYWORD_ONLY
            found = self._one(parameter.name, hints.get(parameter.name), label, payload_base, keyword_only=keyword_only)
            if found is not None:
                resolved.append(found)
            elif parameter.default is parameter.empty:
                raise _nothing_fills(label, parameter.name, hints.get(parameter.name))
            elif not keyword_only:
                break
        return resolved

    def gateway(self, name: str, wanted: object) -> ParameterDefinition | None:
        """What the runtime gives an invocation handler for a parameter; None where the caller passes it."""
        if not isinstance(wanted, type):
            return None
        if wanted in (CommandGateway, QueryGateway):
            return ParameterDefinition(name, _BY_TYPE[wanted], wanted, keyword_only=True)
        dependency = self._sources.find(wanted)
        if dependency is None:
            return None
        return ParameterDefinition(name, Injection.DEPENDENCY, wanted, dependency=dependency, keyword_only=True)

    def _one(
        self, name: str, hint: object, label: str, payload_base: type[Payload], *, keyword_only: bool
    ) -> ParameterDefinition | None:
        wanted, optional = unwrap_optional(hint)
        if typing.get_origin(wanted) is typing.Annotated:
            wanted = typing.get_args(wanted)[0]
        found = self._table(name, wanted, label) if typing.get_origin(wanted) is Table else None
        if found is None and isinstance(wanted, type):
            found = self._by_class(name, wanted, label, payload_base, optional=optional)
        if found is None:
            return None
        refused = _refusal(label, self._capability, found.injection)
        if refused is not None:
            raise refused
        if keyword_only:
            return ParameterDefinition(
                name, found.injection, found.annotation, optional, found.read_model, found.dependency, True
            )
        return found

    def _table(self, name: str, wanted: object, label: str) -> ParameterDefinition:
        (row_type,) = typing.get_args(wanted)
        if not (isinstance(row_type, type) and issubclass(row_type, ReadModel)):
            raise InjectionError(
                f"{label} asks for Table[{getattr(row_type, '__name__', row_type)}], which is no ReadModel.",
                remedy="Derive the row class from ReadModel and mark its key: `identifier: Key[str]`.",
            )
        return ParameterDefinition(name, Injection.TABLE, row_type, read_model=define_read_model(row_type))

    def _by_class(
        self, name: str, wanted: type, label: str, payload_base: type[Payload], *, optional: bool
    ) -> ParameterDefinition | None:
        if is_payload_class(wanted):
            if not issubclass(wanted, payload_base):
                raise ComponentDefinitionError(
                    f"{label} takes {wanted.__name__}, which is no {payload_base.__name__}; "
                    f"this handler handles a {payload_base.__name__}.",
                    remedy=f"Take a class derived from {payload_base.__name__}, or use the decorator for its kind.",
                )
            return ParameterDefinition(name, Injection.PAYLOAD, wanted, optional)
        state_type = SagaState if self._capability.kind is ComponentKind.SAGA else AggregateState
        if issubclass(wanted, AggregateState | SagaState):
            if Injection.STATE in self._capability.injections and not issubclass(wanted, state_type):
                raise ComponentDefinitionError(
                    f"{label} takes {wanted.__name__}; the state of a {self._capability.kind} derives from "
                    f"{state_type.__name__}.",
                    remedy=f"Write `class {wanted.__name__}({state_type.__name__})`.",
                )
            return ParameterDefinition(name, Injection.STATE, wanted, optional)
        if wanted in _BY_TYPE:
            return ParameterDefinition(name, _BY_TYPE[wanted], wanted, optional)
        if wanted in self._sources.connection_types:
            return ParameterDefinition(name, Injection.CONNECTION, wanted, optional)
        dependency = self._sources.find(wanted)
        if dependency is None:
            return None
        return ParameterDefinition(name, Injection.DEPENDENCY, wanted, optional, dependency=dependency)
