"""The bundle: all payloads and components of a running model, as one immutable value that is replaced as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from recq_nb.errors import ComponentDefinitionError, DuplicateHandlerError
from recq_nb.modeling.capability import ComponentKind, HandlerKind
from recq_nb.modeling.component_definition import ComponentDefinition, HandlerDefinition
from recq_nb.modeling.payload_definition import PayloadDefinition, define_payload
from recq_nb.modeling.read_model import ReadModelDefinition

_ANSWERING = (HandlerKind.AGGREGATE_COMMAND, HandlerKind.COMMAND, HandlerKind.QUERY)
_CONSUMING = (HandlerKind.EVENT, HandlerKind.SAGA_EVENT)


@dataclass(frozen=True, slots=True)
class Bundle:
    """A model, checked as a whole.

    Attributes:
        payloads: Payload definitions by name, those that components merely mention included.
        explicit: Names of payloads that were registered for themselves; only another such registration replaces them.
        components: Component definitions by name.
        answering: The one handler for each command and query type, with its component.
        owners: The projector that owns each read model, by row class name.
    """

    payloads: Mapping[str, PayloadDefinition] = field(default_factory=dict)
    explicit: frozenset[str] = frozenset()
    components: Mapping[str, ComponentDefinition] = field(default_factory=dict)
    answering: Mapping[str, tuple[ComponentDefinition, HandlerDefinition]] = field(default_factory=dict)
    owners: Mapping[str, tuple[ComponentDefinition, ReadModelDefinition]] = field(default_factory=dict)

    def redefine(
        self,
        payloads: Iterable[PayloadDefinition] = (),
        components: Iterable[ComponentDefinition] = (),
        removed: Iterable[str] = (),
    ) -> Bundle:
        """The bundle after a registration: definitions replaced by name, names removed, everything checked anew.

        Raises:
            DuplicateHandlerError: Two handlers for one command or query type.
            ComponentDefinitionError: Two projectors own one read model, two components would share a checkpoint, or a
                name is a payload and a component.
        """
        gone = set(removed)
        given = {definition.name: definition for definition in payloads}
        explicit = (self.explicit - gone) | given.keys()
        merged_components = {name: kept for name, kept in self.components.items() if name not in gone}
        incoming = {definition.name: definition for definition in components}
        merged_components.update(incoming)
        merged = {name: kept for name, kept in self.payloads.items() if name not in gone} | given
        for component in incoming.values():
            for payload_type in component.payload_types:
                if payload_type.__name__ not in explicit:
                    merged[payload_type.__name__] = define_payload(payload_type)
        for definition in list(merged.values()):
            if definition.view_type is not None and definition.view_type.__name__ not in merged:
                merged[definition.view_type.__name__] = define_payload(definition.view_type)
        both = merged.keys() & merged_components.keys()
        if both:
            raise ComponentDefinitionError(
                f"{min(both)} is the name of a payload and of a component; identity is the class name.",
                remedy="Rename one of them.",
            )
        made = Bundle(
            merged, frozenset(explicit), merged_components, _answering(merged_components), _owners(merged_components)
        )
        _share_no_checkpoint(made.consumers)
        return made

    @property
    def consumers(self) -> tuple[ComponentDefinition, ...]:
        """Projectors, sagas and observers, in order of registration."""
        kinds = (ComponentKind.PROJECTOR, ComponentKind.SAGA, ComponentKind.OBSERVER)
        return tuple(component for component in self.components.values() if component.kind in kinds)

    def consumers_of(self, event_name: str) -> tuple[ComponentDefinition, ...]:
        """The consumers with a handler for an event type."""
        return tuple(component for component in self.consumers if event_name in component.handlers_of(*_CONSUMING))


def _answering(
    components: Mapping[str, ComponentDefinition],
) -> dict[str, tuple[ComponentDefinition, HandlerDefinition]]:
    found: dict[str, tuple[ComponentDefinition, HandlerDefinition]] = {}
    for component in components.values():
        for name, handler in component.handlers_of(*_ANSWERING).items():
            if name in found:
                other = found[name][1]
                raise DuplicateHandlerError(
                    f"{other.label} and {handler.label} both handle {name}; a command or query type has one handler.",
                    remedy=f"Remove one of them; to replace {other.component}, keep its class name.",
                )
            found[name] = (component, handler)
    return found


def _owners(
    components: Mapping[str, ComponentDefinition],
) -> dict[str, tuple[ComponentDefinition, ReadModelDefinition]]:
    found: dict[str, tuple[ComponentDefinition, ReadModelDefinition]] = {}
    tables: dict[str, str] = {}
    for component in components.values():
        if component.kind is not ComponentKind.PROJECTOR:
            continue
        for model in component.read_models:
            if model.name in found:
                raise ComponentDefinitionError(
                    f"{found[model.name][0].name} and {component.name} both write {model.name}; a read model is owned "
                    "by one projector.",
                    remedy="Give each projector its own row class, or merge the projectors.",
                )
            if model.table_name in tables:
                raise ComponentDefinitionError(
                    f"{tables[model.table_name]} and {model.name} would share the table {model.table_name}.",
                    remedy="Rename one of the row classes.",
                )
            found[model.name] = (component, model)
            tables[model.table_name] = model.name
    return found


def _share_no_checkpoint(consumers: Iterable[ComponentDefinition]) -> None:
    found: dict[str, str] = {}
    for component in consumers:
        for consumer_id in component.consumer_ids:
            other = found.setdefault(consumer_id, component.name)
            if other != component.name:
                raise ComponentDefinitionError(
                    f"{other} and {component.name} would share the checkpoint {consumer_id}, which is made of name, "
                    "version and context.",
                    remedy="Rename one of them, or one of the contexts.",
                )
