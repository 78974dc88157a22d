"""Loading cold aggregates: snapshot plus later events, for as many aggregates at a time as have gathered."""

from __future__ import annotations

import time
from collections.abc import Callable

from recq_nb.ports.snapshot_store import SnapshotStore
from recq_nb.ports.system_state_store import SystemStateStore
from recq_nb.runtime.aggregate_cache import AggregateCache, CachedAggregate
from recq_nb.runtime.aggregate_folding import AggregateFolding
from recq_nb.runtime.engine import Engine
from recq_nb.runtime.event_reader import EventReader
from recq_nb.runtime.publisher import Publisher

Loaded = Callable[[CachedAggregate | None, BaseException | None, int], None]


class _Wanted:
    __slots__ = ("aggregate_id", "folding", "loaded", "since")

    def __init__(self, aggregate_id: str, folding: AggregateFolding, loaded: Loaded) -> None:
        self.aggregate_id = aggregate_id
        self.folding = folding
        self.loaded = loaded
        self.since = time.perf_counter_ns()


class AggregateLoader:
    """Reads aggregates from the stores, one read at a time, everything wanted meanwhile in the next one."""

    def __init__(
        self,
        engine: Engine,
        store: SystemStateStore,
        snapshots: SnapshotStore,
        publisher: Publisher,
        reader: EventReader,
        cache: AggregateCache,
    ) -> None:
        self._engine = engine
        self._store = store
        self._snapshots = snapshots
        self._publisher = publisher
        self._reader = reader
        self._cache = cache
        self._wanted: list[_Wanted] = []
        self._running = False

    def load(self, aggregate_id: str, folding: AggregateFolding, loaded: Loaded) -> None:
        """Have ``loaded`` called with the aggregate (or an error) and the nanoseconds it took."""
        self._wanted.append(_Wanted(aggregate_id, folding, loaded))
        if not self._running:
            self._running = True
            self._engine.start_task(self._run())

    async def _run(self) -> None:
        while self._wanted:
            batch, self._wanted = self._wanted, []
            try:
                if any(self._cache.has_pending(wanted.aggregate_id) for wanted in batch):
                    await self._publisher.stored()  # events decided but not stored yet belong to the history too
                await self._load(batch)
            except Exception as error:  # noqa: BLE001  border: the error goes to the commands that needed the state
                for wanted in batch:
                    wanted.loaded(None, error, time.perf_counter_ns() - wanted.since)
        self._running = False

    async def _load(self, batch: list[_Wanted]) -> None:
        after: dict[str, int] = {wanted.aggregate_id: 0 for wanted in batch}
        states = {}
        by_source: dict[str, list[_Wanted]] = {}
        for wanted in batch:
            if wanted.folding.component.declaration.snapshot_frequency is not None:
                by_source.setdefault(wanted.folding.component.fingerprint, []).append(wanted)
        for fingerprint, group in by_source.items():
            found = await self._snapshots.find([wanted.aggregate_id for wanted in group], fingerprint)
            for wanted in group:
                snapshot = found.get(wanted.aggregate_id)
                state = wanted.folding.from_snapshot(snapshot) if snapshot is not None else None
                if snapshot is not None and state is not None:
                    states[wanted.aggregate_id] = state
                    after[wanted.aggregate_id] = snapshot.version
        histories = await self._store.load(after, envelopes=any(wanted.folding.wants_envelopes for wanted in batch))
        for wanted in batch:
            aggregate_id = wanted.aggregate_id
            events = histories[aggregate_id].events
            try:
                state = wanted.folding.rebuild(states.get(aggregate_id), list(events), self._reader)
            except Exception as error:  # noqa: BLE001  border: this aggregate cannot be rebuilt, others can
                wanted.loaded(None, error, time.perf_counter_ns() - wanted.since)
                continue
            version = events[-1].record.version if events else after[aggregate_id]
            cached = CachedAggregate(
                version, state, wanted.folding.component.fingerprint, snapshot_version=after[aggregate_id]
            )
            known = self._cache.find(aggregate_id, cached.fingerprint)
            if known is not None:  # wanted twice, under different lock ids: both decide on one state
                cached = known
            self._cache.keep(aggregate_id, cached)
            wanted.loaded(cached, None, time.perf_counter_ns() - wanted.since)
