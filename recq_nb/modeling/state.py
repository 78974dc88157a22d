"""State that handlers receive: folded from events (aggregates), or kept between events (sagas)."""

from __future__ import annotations

from enum import Enum
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field


class AggregateState(BaseModel):
    """What an aggregate remembers of its history. Only event-sourcing handlers may change it.

    Attributes:
        deleted: Set by an event-sourcing handler; from then on the aggregate refuses every command.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(
        extra="forbid", ser_json_bytes="base64", val_json_bytes="base64", ser_json_inf_nan="strings"
    )

    deleted: bool = False


class SagaState(BaseModel):
    """What one saga instance remembers, found again through its associations.

    Attributes:
        ended: Set by a handler; the instance is then deleted, and what it had scheduled is cancelled.
        associations: Property name → text value. An event whose ``association_property`` carries that value
            finds this instance.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(
        extra="forbid", ser_json_bytes="base64", val_json_bytes="base64", ser_json_inf_nan="strings"
    )

    ended: bool = False
    associations: dict[str, str] = Field(default_factory=dict)

    def associate(self, association_property: str, value: object) -> None:
        """Let events whose ``association_property`` equals ``value`` find this instance from now on."""
        self.associations[association_property] = association_text(value)


def association_text(value: object) -> str:
    """The text by which a value of any plain type associates events with a saga."""
    return str(value.value if isinstance(value, Enum) else value)
