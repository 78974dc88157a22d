"""The snapshot store: saved aggregate states, a cache that may be lost without harm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol


class SnapshotRecord(NamedTuple):
    """The state of an aggregate after one of its events.

    Attributes:
        aggregate_id: The aggregate.
        version: The event it includes last.
        fingerprint: Of the handler source that folded it; a snapshot of other source is ignored.
        state: JSON text.
        timestamp: Microseconds since the epoch, UTC.
    """

    aggregate_id: str
    version: int
    fingerprint: str
    state: str
    timestamp: int


class SnapshotStore(Protocol):
    """Keeps the newest snapshot of each aggregate."""

    async def save(self, snapshots: Sequence[SnapshotRecord]) -> None:
        """Replace the snapshots of these aggregates. Saved only after the events they include."""

    async def find(self, aggregate_ids: Sequence[str], fingerprint: str) -> Mapping[str, SnapshotRecord]:
        """The snapshots of those aggregates that have one made by this handler source."""
