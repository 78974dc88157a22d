"""Payloads and state as JSON text: what the log keeps, and how it is read back with newer classes."""

from __future__ import annotations

from typing import TypeGuard, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticSerializationError

from recq_nb.errors import PayloadError
from recq_nb.modeling.payload import Event

M = TypeVar("M", bound=BaseModel)
E = TypeVar("E", bound=Event)
_CONTEXT = {"context"}


def is_storable_text(value: object) -> TypeGuard[str]:
    """Whether something can be an id or a name in every store: non-empty text of valid unicode."""
    if not isinstance(value, str) or not value:
        return False
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def encode_event(event: Event, *, max_bytes: int) -> str:
    """An event as JSON text, without its context (which the log keeps beside it).

    Raises:
        PayloadError: It cannot be written as JSON, or is larger than ``max_bytes``.
    """
    try:
        raw = event.__pydantic_serializer__.to_json(event, exclude=_CONTEXT, warnings="error")
    except (PydanticSerializationError, ValueError) as error:
        raise unserialisable(event, error) from None
    if len(event.__dict__) < len(fields := event.__pydantic_fields__):
        missing = next(name for name in fields if name not in event.__dict__)
        raise unserialisable(event, ValueError(f"its field {missing} is missing"))
    if not is_storable_text(event.context):
        raise PayloadError(
            f"{type(event).__name__} has the context {event.context!r}; a context is non-empty text.",
            remedy="Build it with its constructor (not model_construct), so that its values are checked.",
        )
    if b"null" in raw:  # e.g. what JSON has no word for, in a nested model with a configuration of its own
        _must_be_readable(event, raw)
    if len(raw) > max_bytes:
        raise PayloadError(
            f"{type(event).__name__} takes {len(raw):,} bytes as JSON; the limit is {max_bytes:,}.",
            remedy="Keep large content elsewhere and put its address into the payload, "
            "or raise `max_payload_bytes` of the session.",
        )
    return raw.decode()


def _must_be_readable(event: Event, raw: bytes) -> None:
    try:
        event.__pydantic_validator__.validate_json(raw, extra="ignore")
    except ValidationError as error:
        raise unserialisable(event, ValueError(f"it would not be read back: {error}")) from None


def unserialisable(payload: BaseModel, error: Exception) -> PayloadError:
    """The error for a payload whose values do not fit its declared types."""
    reason = str(error).splitlines()
    return PayloadError(
        f"{type(payload).__name__} cannot be written as JSON: {' '.join(part.strip() for part in reason[:3])}",
        remedy="Build it with its constructor (not model_construct or model_copy), so that its values are checked.",
    )


def decode_event(event_type: type[E], text: str, context: str) -> E:
    """Read a stored event with the newest class: fields it lacks are ignored, new ones take their defaults.

    Raises:
        PayloadError: The stored text does not fit the class, e.g. because a new field has no default.
    """
    try:
        event: E = event_type.__pydantic_validator__.validate_json(text, extra="ignore")
    except ValidationError as error:
        raise _misfit(event_type, error) from None
    values = event.__dict__
    if values["context"] != context:
        values["context"] = context
    return event


def as_newest(event: E, newest: type[E], text: str) -> E:
    """An event as an instance of the newest class of its name.

    Args:
        event: As its handler made it, maybe with a class that was redefined since.
        newest: The newest class.
        text: What ``encode_event`` made of it.

    Raises:
        PayloadError: It does not fit the newest class and could not be read back.
    """
    return event if type(event) is newest else decode_event(newest, text, event.context)


def decode_model(model_type: type[M], text: str) -> M:
    """Read back a model leniently: unknown fields are ignored.

    Raises:
        PayloadError: The text does not fit the class.
    """
    try:
        model: M = model_type.__pydantic_validator__.validate_json(text, extra="ignore")
    except ValidationError as error:
        raise _misfit(model_type, error) from None
    return model


def _misfit(model_type: type[BaseModel], error: ValidationError) -> PayloadError:
    first = error.errors(include_url=False, include_context=False)[0]
    field = ".".join(str(part) for part in first["loc"]) or "(whole)"
    return PayloadError(
        f"a stored {model_type.__name__} does not fit its class: {field}: {first['msg']}.",
        remedy=f"Give new fields of {model_type.__name__} a default, so that old events can still be read.",
    )


def encode_model(model: BaseModel) -> str:
    """A state as JSON text.

    Raises:
        PayloadError: It cannot be written as JSON.
    """
    try:
        return model.__pydantic_serializer__.to_json(model, warnings="error").decode()
    except (PydanticSerializationError, ValueError) as error:
        raise unserialisable(model, error) from None
