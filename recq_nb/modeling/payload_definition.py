"""What the runtime knows of a payload class, and the rules a class must keep to be one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import UnionType
from typing import Union, get_args, get_origin

from pydantic import BaseModel, TypeAdapter
from pydantic.errors import PydanticInvalidForJsonSchema, PydanticUserError
from pydantic_core import PydanticSerializationError

from recq_nb.errors import PayloadDefinitionError
from recq_nb.modeling.payload import (
    AggregateIdMarker,
    Command,
    DomainCommand,
    DomainEvent,
    Event,
    LockIdMarker,
    Payload,
    Query,
    ServiceCommand,
    ServiceEvent,
    View,
)


class PayloadKind(StrEnum):
    """The six concrete kinds of payload."""

    DOMAIN_COMMAND = "domain command"
    SERVICE_COMMAND = "service command"
    DOMAIN_EVENT = "domain event"
    SERVICE_EVENT = "service event"
    QUERY = "query"
    VIEW = "view"


_BASES: tuple[tuple[type[Payload], PayloadKind], ...] = (
    (DomainCommand, PayloadKind.DOMAIN_COMMAND),
    (ServiceCommand, PayloadKind.SERVICE_COMMAND),
    (DomainEvent, PayloadKind.DOMAIN_EVENT),
    (ServiceEvent, PayloadKind.SERVICE_EVENT),
    (Query, PayloadKind.QUERY),
    (View, PayloadKind.VIEW),
)
BASE_TYPES: frozenset[type] = frozenset({Payload, Command, Event, *(base for base, _ in _BASES)})
"""The payload bases themselves, which are never payloads of a model."""


@dataclass(frozen=True, slots=True)
class PayloadDefinition:
    """A payload class with what routing, locking and storing need to know of it.

    Attributes:
        name: Class name; its identity.
        payload_type: The newest class of this name.
        aggregate_id_field: Domain commands: the field that names the aggregate.
        lock_id_field: Commands: the field that serialises, if declared.
        view_name: Queries: class name of the view.
        view_is_many: Queries: whether the answer is a list of views.
    """

    name: str
    kind: PayloadKind
    payload_type: type[Payload]
    aggregate_id_field: str | None = None
    lock_id_field: str | None = None
    view_name: str | None = None
    view_type: type[View] | None = None
    view_is_many: bool = False


def payload_kind(payload_type: type[Payload]) -> PayloadKind | None:
    """The kind of a payload class; None for the bases and for classes that derive from none of them."""
    if payload_type in BASE_TYPES:
        return None
    return next((kind for base, kind in _BASES if issubclass(payload_type, base)), None)


def is_payload_class(candidate: object) -> bool:
    """Whether something is a concrete payload class of a model (no base, no ``Query[...]`` specialisation)."""
    return (
        isinstance(candidate, type)
        and issubclass(candidate, Payload)
        and payload_kind(candidate) is not None
        and candidate.__pydantic_generic_metadata__["origin"] is None
    )


def _fields_marked(payload_type: type[Payload], marker: type) -> list[str]:
    return [
        name
        for name, field in payload_type.model_fields.items()
        if any(isinstance(item, marker) for item in field.metadata)
    ]


def _hidden_marks(payload_type: type[Payload], marker: type) -> list[str]:
    def mentions(annotation: object) -> bool:
        metadata = getattr(annotation, "__metadata__", ())
        return any(isinstance(item, marker) for item in metadata) or any(map(mentions, get_args(annotation)))

    return [name for name, field in payload_type.model_fields.items() if mentions(field.annotation)]


def _aggregate_id_field(payload_type: type[Payload]) -> str:
    fields = _fields_marked(payload_type, AggregateIdMarker)
    if len(fields) == 1:
        return fields[0]
    name = payload_type.__name__
    if hidden := _hidden_marks(payload_type, AggregateIdMarker):
        raise PayloadDefinitionError(
            f"{name}.{hidden[0]} makes its AggregateId optional or nests it; "
            "a command addresses exactly one aggregate.",
            remedy=f"Declare it plainly: `{hidden[0]}: AggregateId`.",
        )
    problem = (
        "has no AggregateId field" if not fields else f"has {len(fields)} AggregateId fields ({', '.join(fields)})"
    )
    raise PayloadDefinitionError(
        f"{name} {problem}; a domain command addresses exactly one aggregate.",
        remedy="Mark the one field that names it: `identifier: AggregateId`.",
    )


def _lock_id_field(payload_type: type[Payload]) -> str | None:
    """The field that serialises; an optional one counts, a nested one could not be compared."""
    hidden = _hidden_marks(payload_type, LockIdMarker)
    optional = [name for name in hidden if unwrap_optional(payload_type.model_fields[name].annotation)[1]]
    locks = [*_fields_marked(payload_type, LockIdMarker), *optional]
    name = payload_type.__name__
    if len(locks) > 1:
        raise PayloadDefinitionError(
            f"{name} has {len(locks)} LockId fields ({', '.join(locks)}); one value serialises a command.",
            remedy="Keep one of them.",
        )
    if nested := [field for field in hidden if field not in optional]:
        raise PayloadDefinitionError(
            f"{name}.{nested[0]} nests its LockId; one value serialises a command.",
            remedy=f"Declare it plainly: `{nested[0]}: LockId`, or `{nested[0]}: LockId | None = None`.",
        )
    return locks[0] if locks else None


def query_answer(payload_type: type[Payload]) -> tuple[type[View], bool]:
    """The view that answers a query, and whether the answer is a list of it.

    Raises:
        PayloadDefinitionError: Its class does not say.
    """
    for base in payload_type.__mro__:
        generic = getattr(base, "__pydantic_generic_metadata__", None)
        if generic is None or generic["origin"] is not Query:
            continue
        (answer,) = generic["args"]
        many = get_origin(answer) is list
        view = get_args(answer)[0] if many else answer
        if isinstance(view, type) and issubclass(view, View) and view is not View:
            return view, many
        shown = getattr(answer, "__name__", None) or str(answer)
        raise PayloadDefinitionError(
            f"{payload_type.__name__} asks for {shown}; a query is answered with one view or a list of views.",
            remedy=f"Write `class {payload_type.__name__}(Query[SomeView])` or `Query[list[SomeView]]`.",
        )
    raise PayloadDefinitionError(
        f"{payload_type.__name__} does not say which view answers it.",
        remedy=f"Write `class {payload_type.__name__}(Query[SomeView])` or `Query[list[SomeView]]`.",
    )


def _check_serialisable(payload_type: type[Payload]) -> None:
    name = payload_type.__name__
    try:
        payload_type.model_rebuild()
        payload_type.model_json_schema(mode="serialization")
        payload_type.model_json_schema(mode="validation")
    except (PydanticInvalidForJsonSchema, PydanticUserError, PydanticSerializationError, NameError) as error:
        reason = str(error).splitlines()[0]
        culprit = next((field for field in payload_type.model_fields if _breaks(payload_type, field)), None)
        where = f"{name}.{culprit}" if culprit else name
        raise PayloadDefinitionError(
            f"{where} cannot be written as JSON ({reason}); a payload is stored and sent as JSON.",
            remedy="Use types pydantic can serialise: str, int, Decimal, datetime, enums, lists, nested models, …",
        ) from None


def _breaks(payload_type: type[Payload], field: str) -> bool:
    adapter: TypeAdapter[object]
    try:
        adapter = TypeAdapter(payload_type.model_fields[field].annotation)  # type: ignore[arg-type]  # checked by failing
        adapter.json_schema(mode="serialization")
    except (PydanticUserError, PydanticSerializationError, NameError):
        return True
    return False


def _check_no_any(payload_type: type[Payload]) -> None:
    for field_name, field in payload_type.model_fields.items():
        if field.annotation is object:
            raise PayloadDefinitionError(
                f"{payload_type.__name__}.{field_name} is declared as object; its values could not be read back.",
                remedy="Name the type it carries.",
            )


def define_payload(payload_type: type[Payload]) -> PayloadDefinition:
    """Check a payload class against the rules of its kind.

    Raises:
        PayloadDefinitionError: It breaks one of them.
    """
    name = payload_type.__name__
    kind = payload_kind(payload_type)
    if kind is None:
        raise PayloadDefinitionError(
            f"{name} is no payload a model can use; it derives from {payload_type.__bases__[0].__name__} directly.",
            remedy="Derive it from DomainCommand, ServiceCommand, DomainEvent, ServiceEvent, Query[...] or View.",
        )
    if not name.isidentifier() or "[" in name:
        raise PayloadDefinitionError(f"{name!r} cannot name a payload; identity is the class name.")
    if not payload_type.model_config.get("frozen"):
        raise PayloadDefinitionError(
            f"{name} is not frozen; payloads are immutable.", remedy="Remove `frozen=False` from its model_config."
        )
    _check_no_any(payload_type)
    _check_serialisable(payload_type)
    lock_id_field = _lock_id_field(payload_type)
    if kind is PayloadKind.DOMAIN_COMMAND:
        return PayloadDefinition(
            name, kind, payload_type, aggregate_id_field=_aggregate_id_field(payload_type), lock_id_field=lock_id_field
        )
    if kind is PayloadKind.SERVICE_COMMAND:
        return PayloadDefinition(name, kind, payload_type, lock_id_field=lock_id_field)
    if kind is PayloadKind.QUERY:
        view_type, many = query_answer(payload_type)
        return PayloadDefinition(
            name, kind, payload_type, view_name=view_type.__name__, view_type=view_type, view_is_many=many
        )
    return PayloadDefinition(name, kind, payload_type)


def unwrap_optional(annotation: object) -> tuple[object, bool]:
    """``X | None`` → (X, True); anything else as it is."""
    if get_origin(annotation) in (Union, UnionType):
        parts = [part for part in get_args(annotation) if part is not type(None)]
        if len(parts) == 1:
            return parts[0], True
    return annotation, False


def payload_types_in(annotation: object) -> list[type[Payload]]:
    """Every concrete payload class an annotation mentions, in order, without repeats."""
    found: dict[type[Payload], None] = {}

    def walk(part: object) -> None:
        if isinstance(part, type) and is_payload_class(part) and issubclass(part, BaseModel):
            assert issubclass(part, Payload)
            found[part] = None
        for inner in get_args(part):
            walk(inner)

    walk(annotation)
    return list(found)
