"""Registration: from classes and modules to a new bundle, and what changed by it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Literal

from recq_nb.errors import ComponentDefinitionError
from recq_nb.modeling.bundle import Bundle
from recq_nb.modeling.component import component_declaration
from recq_nb.modeling.component_definition import ComponentDefinition, define_component
from recq_nb.modeling.fingerprint import fingerprint
from recq_nb.modeling.injection import InjectionSources
from recq_nb.modeling.payload_definition import PayloadDefinition, define_payload, is_payload_class

Change = Literal["new", "replaced", "unchanged", "removed"]


@dataclass(frozen=True, slots=True)
class RegistrationEntry:
    """What a registration did with one name.

    Attributes:
        name: Class name.
        kind: Payload kind or component type, e.g. ``"domain command"``.
        change: What happened to it.
        rebuilt: Its read model is being rebuilt from the log.
    """

    name: str
    kind: str
    change: Change
    rebuilt: bool = False


@dataclass(frozen=True, slots=True)
class Registration:
    """What one registration did, and the bundle after it."""

    entries: tuple[RegistrationEntry, ...]
    bundle: Bundle

    def __repr__(self) -> str:
        return "\n".join(
            f"{entry.change:<9} {entry.kind:<16} {entry.name}" + (" (rebuilt from the log)" if entry.rebuilt else "")
            for entry in self.entries
        )


@dataclass(frozen=True, slots=True)
class Definitions:
    """Checked definitions, ready to replace those of the same names."""

    payloads: tuple[PayloadDefinition, ...]
    components: tuple[ComponentDefinition, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """All names, payloads first."""
        return (*(payload.name for payload in self.payloads), *(component.name for component in self.components))


def _classes(definitions: Iterable[object]) -> list[type]:
    found: dict[type, None] = {}
    for definition in definitions:
        if isinstance(definition, ModuleType):
            for member in vars(definition).values():
                if isinstance(member, type) and (component_declaration(member) or is_payload_class(member)):
                    found[member] = None
        elif isinstance(definition, type) and (component_declaration(definition) or is_payload_class(definition)):
            found[definition] = None
        else:
            shown = definition.__name__ if isinstance(definition, type) else repr(definition)
            raise ComponentDefinitionError(
                f"{shown} is neither a payload class, nor a component class, nor a module.",
                remedy="Derive payloads from DomainCommand, DomainEvent, …; put @aggregate, @projector, … above "
                "components.",
            )
    return list(found)


def define(definitions: Iterable[object], sources: InjectionSources) -> Definitions:
    """Check classes, or all payloads and components of modules, against the rules of their kinds.

    Raises:
        ModelingError: One of them breaks a rule; nothing has been changed.
    """
    classes = _classes(definitions)
    by_name: dict[str, type] = {}
    for cls in classes:
        other = by_name.setdefault(cls.__name__, cls)
        if other is not cls:
            raise ComponentDefinitionError(
                f"{other.__module__}.{other.__qualname__} and {cls.__module__}.{cls.__qualname__} are registered "
                "together; identity is the class name.",
                remedy="Rename one of them, or register the one that is meant.",
            )
    payloads = tuple(define_payload(cls) for cls in classes if is_payload_class(cls))
    components = tuple(define_component(cls, sources) for cls in classes if component_declaration(cls))
    return Definitions(payloads, components)


def _payload_change(before: Bundle, payload: PayloadDefinition) -> Change:
    """Payloads are the same while fields, constraints and code are; the newest class is used either way."""
    known = before.payloads.get(payload.name)
    if known is None:
        return "new"
    old, new = known.payload_type, payload.payload_type
    same = (
        known.kind is payload.kind
        and old.model_json_schema() == new.model_json_schema()
        and fingerprint(object, (old,)) == fingerprint(object, (new,))
    )
    return "unchanged" if same else "replaced"


def changes(
    before: Bundle, after: Bundle, given: Definitions, removed: Iterable[str], rebuilt: Mapping[str, bool]
) -> Registration:
    """What lies between two bundles, as far as this registration named it."""
    entries = [
        RegistrationEntry(payload.name, str(payload.kind), _payload_change(before, payload))
        for payload in given.payloads
    ]
    for component in given.components:
        known = before.components.get(component.name)
        change: Change = "new"
        if known is not None:
            same = known.fingerprint == component.fingerprint and known.declaration == component.declaration
            change = "unchanged" if same else "replaced"
        entries.append(
            RegistrationEntry(component.name, str(component.kind), change, rebuilt.get(component.name, False))
        )
    for name in removed:
        gone_component, gone_payload = before.components.get(name), before.payloads.get(name)
        if gone_component is not None:
            entries.append(RegistrationEntry(name, str(gone_component.kind), "removed"))
        elif gone_payload is not None:
            entries.append(RegistrationEntry(name, str(gone_payload.kind), "removed"))
    return Registration(tuple(entries), after)
