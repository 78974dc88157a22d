"""Payloads: the data of a message, without its envelope. Frozen pydantic models whose identity is their class name."""

from __future__ import annotations

from typing import Annotated, ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints


class AggregateIdMarker:
    """Marks the one field of a domain command that names its aggregate instance."""


class LockIdMarker:
    """Marks the field of a command whose value serialises commands."""


AggregateId = Annotated[str, StringConstraints(min_length=1), AggregateIdMarker()]
"""Type of the one field of a domain command that names its aggregate instance. Non-empty; unique across aggregate
types, so prefix it (``TDLS_…``)."""

LockId = Annotated[str, StringConstraints(min_length=1), LockIdMarker()]
"""Type of an optional command field: commands with the same lock id are handled one after the other. A domain command
without one locks its aggregate id; a service command without one is not serialised."""


class Payload(BaseModel):
    """Root of all payloads: immutable, and an unknown field is an error where a person constructs one.

    A stored payload is read back more leniently: fields the class no longer has are ignored.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(
        frozen=True, extra="forbid", ser_json_bytes="base64", val_json_bytes="base64", ser_json_inf_nan="strings"
    )


class Command(Payload):
    """An instruction, named in the imperative. Use ``DomainCommand`` or ``ServiceCommand``."""


class DomainCommand(Command):
    """A command to one aggregate instance, named by its one ``AggregateId`` field."""


class ServiceCommand(Command):
    """A command to a service. A ``LockId`` field, if it has one, serialises commands with the same value."""


class Event(Payload):
    """A fact, named in the past tense. Use ``DomainEvent`` or ``ServiceEvent``.

    Attributes:
        context: The partition of the event stream it belongs to; consumers subscribe to contexts.
    """

    context: str = Field(default="default", min_length=1, repr=False)


class DomainEvent(Event):
    """What an aggregate publishes: exactly one per accepted command."""


class ServiceEvent(Event):
    """What a service may publish: none or one per command."""


class View(Payload):
    """What a query answers with."""


V = TypeVar("V")


class Query(Payload, Generic[V]):
    """A question that changes nothing: ``Query[SomeView]`` for one view, ``Query[list[SomeView]]`` for many."""
