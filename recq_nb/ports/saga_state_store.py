"""The saga state store: one state per saga instance, found by association."""

from __future__ import annotations

from typing import NamedTuple, Protocol


class SagaRecord(NamedTuple):
    """A saga instance.

    Attributes:
        saga_id: Its identity.
        saga_name: The saga component.
        state: JSON text of its state, associations included.
        associations: Property → value.
    """

    saga_id: str
    saga_name: str
    state: str
    associations: dict[str, str]


class SagaStateTransaction(Protocol):
    """Reads and writes saga instances inside a consumer transaction."""

    def find(self, saga_name: str, association_property: str, value: str) -> SagaRecord | None:
        """The one instance of a saga that carries this association; the oldest where there are several."""

    def save(self, record: SagaRecord) -> None:
        """Insert or replace an instance."""

    def delete(self, saga_id: str) -> None:
        """Remove an instance."""
