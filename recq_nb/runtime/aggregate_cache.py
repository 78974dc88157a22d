"""Aggregate states in memory: what makes a hot aggregate cost the same however long its history is."""

from __future__ import annotations

from collections import OrderedDict

from recq_nb.modeling.state import AggregateState


class CachedAggregate:
    """An aggregate's state after its newest decided event.

    Attributes:
        version: That event's version; 0 for an aggregate without history.
        state: Its state; None without history.
        fingerprint: Of the handler source that folded it; state folded by other source is not used.
        snapshot_version: Version of its newest snapshot.
        pending: Decided events that are not stored yet.
        in_use: Handlers that are deciding on it and have not spoken yet.
        spoiled: A handler has changed its state; it is loaded anew when it is needed.
    """

    __slots__ = ("fingerprint", "in_use", "pending", "snapshot_version", "spoiled", "state", "version")

    def __init__(self, version: int, state: AggregateState | None, fingerprint: str, snapshot_version: int = 0) -> None:
        self.version = version
        self.state = state
        self.fingerprint = fingerprint
        self.snapshot_version = snapshot_version
        self.pending = 0
        self.in_use = 0
        self.spoiled = False


class AggregateCache:
    """The states of the aggregates used last, at most ``capacity``.

    One with unstored events, or one that a handler is deciding on, is never dropped for lack of room.
    """

    def __init__(self, capacity: int = 10_000) -> None:
        self._capacity = capacity
        self._aggregates: OrderedDict[str, CachedAggregate] = OrderedDict()

    def find(self, aggregate_id: str, fingerprint: str) -> CachedAggregate | None:
        """The cached aggregate, if this handler source folded it."""
        cached = self._aggregates.get(aggregate_id)
        if cached is None or cached.fingerprint != fingerprint or cached.spoiled:
            return None
        self._aggregates.move_to_end(aggregate_id)
        return cached

    def has_pending(self, aggregate_id: str) -> bool:
        """Whether it has decided events that are not stored yet, whatever source folded its state."""
        cached = self._aggregates.get(aggregate_id)
        return cached is not None and cached.pending > 0

    def keep(self, aggregate_id: str, cached: CachedAggregate) -> None:
        """Keep an aggregate, dropping the one unused longest where there is no room."""
        self._aggregates[aggregate_id] = cached
        if len(self._aggregates) > self._capacity:
            for oldest, candidate in self._aggregates.items():
                if not candidate.pending and not candidate.in_use and candidate is not cached:
                    del self._aggregates[oldest]
                    break

    def drop(self, aggregate_id: str) -> None:
        """Forget an aggregate; it is loaded anew when it is needed."""
        self._aggregates.pop(aggregate_id, None)

    def spoil(self, aggregate_id: str) -> None:
        """Use an aggregate's state no more, and remember whether it has unstored events until they are stored."""
        cached = self._aggregates.get(aggregate_id)
        if cached is not None:
            cached.spoiled = True

    def clear(self) -> None:
        """Forget all of them."""
        self._aggregates.clear()
