"""The fields of a payload in a modeller's words: name, type as written, default."""

from __future__ import annotations

from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Annotated, ForwardRef, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from recq_nb.modeling.payload import AggregateIdMarker, Event, LockIdMarker, Payload

_LONGEST_DEFAULT = 40


@dataclass(frozen=True, slots=True)
class PayloadField:
    """One field of a payload, for people.

    Attributes:
        name: Field name.
        type_label: Its type as a modeller would write it: ``AggregateId``, ``list[TodoView]``, ``str | None``.
        default: How its default is written; None where it is required.
    """

    name: str
    type_label: str
    default: str | None = None

    def __str__(self) -> str:
        suffix = "" if self.default is None else f" = {self.default}"
        return f"{self.name}: {self.type_label}{suffix}"


def payload_fields(payload_type: type[Payload]) -> tuple[PayloadField, ...]:
    """The fields of a payload class in source order; an event's ``context`` last, and only where it is its own."""
    shown = [
        (name, field)
        for name, field in payload_type.model_fields.items()
        if not _is_inherited_context(payload_type, name, field)
    ]
    shown.sort(key=lambda item: item[0] in Event.model_fields and issubclass(payload_type, Event))
    return tuple(PayloadField(name, _label_of(field), _default_of(field)) for name, field in shown)


def _is_inherited_context(payload_type: type[Payload], name: str, field: FieldInfo) -> bool:
    inherited = Event.model_fields.get(name)
    return issubclass(payload_type, Event) and inherited is not None and inherited.default == field.default


def _label_of(field: FieldInfo) -> str:
    for marker, label in ((AggregateIdMarker, "AggregateId"), (LockIdMarker, "LockId")):
        if any(isinstance(item, marker) for item in field.metadata):
            return label
    return type_label(field.annotation)


def _default_of(field: FieldInfo) -> str | None:
    if field.is_required():
        return None
    if field.default_factory is not None:
        return f"{getattr(field.default_factory, '__name__', '…')}()"
    written = repr(field.default)
    return written if len(written) <= _LONGEST_DEFAULT else f"{written[: _LONGEST_DEFAULT - 1]}…"


def type_label(annotation: object) -> str:
    """An annotation as a modeller would write it, without module names."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is None:
        return _atom_label(annotation)
    if origin is Annotated:
        return type_label(arguments[0])
    if origin in (Union, UnionType):
        return " | ".join(map(type_label, arguments))
    if origin is Literal:
        return f"Literal[{', '.join(map(repr, arguments))}]"
    return f"{type_label(origin)}[{', '.join(map(type_label, arguments))}]"


def _atom_label(annotation: object) -> str:
    if annotation is NoneType:
        return "None"
    if annotation is ...:
        return "..."
    if isinstance(annotation, list):
        return f"[{', '.join(map(type_label, annotation))}]"
    if isinstance(annotation, ForwardRef):
        return annotation.__forward_arg__
    return getattr(annotation, "__name__", None) or str(annotation)
