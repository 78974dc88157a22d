"""A shadow: the read models and aggregates of a session made once more in memory, up to any event one likes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from recq_nb.adapters.duckdb.consumer_state_store import DuckDbConsumerStateStore
from recq_nb.adapters.duckdb.database import DuckDbDatabase
from recq_nb.adapters.duckdb.keyframe import Keyframe, put_back, take_keyframe
from recq_nb.adapters.duckdb.read_model_picture import RowChange, TablePicture, pictures_of, row_changes
from recq_nb.adapters.duckdb.scheduled_command_store import DuckDbScheduledCommandStore
from recq_nb.adapters.duckdb.snapshot_store import DuckDbSnapshotStore
from recq_nb.adapters.duckdb.system_state_store import DuckDbSystemStateStore
from recq_nb.adapters.local.clock import SystemClock, UniqueIdSource
from recq_nb.adapters.local.message_transport import LocalMessageTransport
from recq_nb.modeling.bundle import Bundle
from recq_nb.modeling.capability import ComponentKind
from recq_nb.modeling.component_definition import ComponentDefinition
from recq_nb.modeling.injection import InjectionSources
from recq_nb.modeling.registration import define
from recq_nb.ports.system_state_store import StoredEvent
from recq_nb.runtime.aggregate_replay import AggregatePicture, AggregateReplay
from recq_nb.runtime.event_reader import EventReader
from recq_nb.runtime.event_tail import TailEvent
from recq_nb.runtime.projector_replay import KnownFailures, ProjectorReplay
from recq_nb.runtime.projector_work import ProjectorWork
from recq_nb.runtime.runtime import Adapters, Limits, Runtime

_REPLAYED = (ComponentKind.AGGREGATE, ComponentKind.PROJECTOR, ComponentKind.PROJECTION)


@dataclass(frozen=True, slots=True)
class Waypoint:
    """Everything at one place of the log, to go on from.

    Attributes:
        sequence_number: The last event it includes.
        read_models: Tables.
        aggregates: States by aggregate id; shared with other waypoints where nothing changed.
    """

    sequence_number: int
    read_models: Keyframe
    aggregates: Mapping[str, AggregatePicture]


def replayed_part(bundle: Bundle, sources: InjectionSources) -> Bundle:
    """What of a model is replayed, with components of its own, so that nothing is shared with those that are alive.

    No sagas, observers, services or invokers: nothing can be sent.
    """
    components = [one.component_type for one in bundle.components.values() if one.kind in _REPLAYED]
    given = define(components, sources)
    payloads = [one for name, one in bundle.payloads.items() if name in bundle.explicit]
    return Bundle(dict(bundle.payloads)).redefine(payloads, given.components)


class Shadow:
    """Replays events into tables and states of its own. For one thread at a time; give it up with ``close``.

    Args:
        bundle: What ``replayed_part`` gave.
        failures: What failed before, for whoever replays the same log.
    """

    def __init__(self, bundle: Bundle, failures: KnownFailures) -> None:
        self.position = 0
        self._database = DuckDbDatabase(None)
        self._log = DuckDbSystemStateStore(self._database)
        self._states = DuckDbConsumerStateStore(self._database, self._log.flush)
        adapters = Adapters(
            self._log,
            DuckDbSnapshotStore(self._database),
            self._states,
            DuckDbScheduledCommandStore(self._database),
            LocalMessageTransport(),
            SystemClock(),
            UniqueIdSource(),
        )
        self._runtime = Runtime(adapters, Limits(), _unheard)
        self._reader = EventReader()
        self._reader.bundle = bundle
        projectors = [one for one in bundle.components.values() if one.kind is ComponentKind.PROJECTOR]
        try:
            self._runtime.run(self._runtime.start, "start")
            answering = {n: one for n, one in bundle.components.items() if one.kind is ComponentKind.PROJECTION}
            served = Bundle(bundle.payloads, bundle.explicit, answering, bundle.answering, {})
            self._runtime.run(lambda: self._runtime.serve(served), "serve")
            works = {one.name: self._runtime.run(lambda one=one: self._work(one), "work") for one in projectors}  # type: ignore[misc]  # run at once
            for projector in projectors:
                transaction = self._states.begin(projector.name)
                transaction.prepare(projector.read_models)
                transaction.commit()
            self._cursor = self._database.cursor()
        except BaseException:
            self._stop()
            raise
        self._projectors = ProjectorReplay(bundle, self._runtime, works, failures)
        self._aggregates = AggregateReplay(bundle, self._reader)
        self.empty = Waypoint(0, self._empty_keyframe(), {})

    def _empty_keyframe(self) -> Keyframe:
        keyframe = take_keyframe(self._cursor, None)
        assert keyframe is not None
        return keyframe

    async def _work(self, projector: ComponentDefinition) -> ProjectorWork:
        engine, gateway, steps = self._runtime.engine, self._runtime.gateway, self._runtime.flow_steps
        return ProjectorWork(projector, engine, self._states, self._reader, gateway, steps)

    def advance(self, events: Sequence[StoredEvent]) -> None:
        """Replay the events after ``position``, without gaps."""
        known = [TailEvent(stored, self._reader.known_payload(stored), None) for stored in events]
        self._projectors.advance(known)
        for event in known:
            self._aggregates.advance(event)
        if events:
            self.position = events[-1].sequence_number

    def waypoint(self, before: Waypoint | None) -> Waypoint | None:
        """A copy of everything as it is now; None where handlers' SQL made what cannot be copied."""
        keyframe = take_keyframe(self._cursor, before.read_models if before is not None else None)
        return None if keyframe is None else Waypoint(self.position, keyframe, self._aggregates.pictures())

    def return_to(self, waypoint: Waypoint) -> None:
        """Be what it was at a waypoint.

        Raises:
            StoreError: Its tables cannot be put back; nothing was changed.
        """
        put_back(self._cursor, waypoint.read_models)
        self._aggregates.restore(waypoint.aggregates)
        self.position = waypoint.sequence_number

    def read_models(self) -> dict[str, TablePicture]:
        """Every table as it is now."""
        return pictures_of(self._cursor)

    def aggregates(self) -> dict[str, AggregatePicture]:
        """Every aggregate as it is now."""
        return self._aggregates.pictures()

    def differences(self, before: TablePicture | None, after: TablePicture | None) -> list[RowChange]:
        """The rows in which two pictures of one table differ."""
        return row_changes(self._cursor, before, after)

    def close(self) -> None:
        """Give everything up."""
        self._cursor.close()
        self._stop()

    def _stop(self) -> None:
        try:
            self._runtime.run(self._runtime.stop, "close")
        finally:
            self._runtime.engine.stop()
            self._log.close()
            self._database.close()


def _unheard(_: str) -> None:
    """What goes wrong in a replay is shown where the replay is looked at."""
