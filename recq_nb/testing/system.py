"""One component on a runtime of its own: real rules, real stores in memory, everything around it stubbed."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Self, TypeVar, cast

from recq_nb.adapters.duckdb.consumer_state_store import DuckDbConsumerStateStore
from recq_nb.adapters.duckdb.database import CONNECTION_TYPE, DuckDbDatabase
from recq_nb.adapters.duckdb.guarded_connection import GuardedConnection
from recq_nb.adapters.duckdb.scheduled_command_store import DuckDbScheduledCommandStore
from recq_nb.adapters.duckdb.snapshot_store import DuckDbSnapshotStore
from recq_nb.adapters.duckdb.system_state_store import DuckDbSystemStateStore
from recq_nb.errors import Rejection
from recq_nb.modeling.bundle import Bundle
from recq_nb.modeling.capability import ComponentKind, HandlerKind
from recq_nb.modeling.component_definition import ComponentDefinition
from recq_nb.modeling.injection import InjectionSources, Injector
from recq_nb.modeling.metadata import Metadata
from recq_nb.modeling.payload import Command, Event, Query
from recq_nb.modeling.payload_definition import define_payload
from recq_nb.modeling.read_model import ReadModel, define_read_model
from recq_nb.modeling.registration import define
from recq_nb.modeling.serialization import decode_model, encode_event
from recq_nb.modeling.state import AggregateState, SagaState
from recq_nb.ports.scheduled_command_store import ScheduledCommandRecord
from recq_nb.ports.system_state_store import EventRecord, StoredEvent
from recq_nb.runtime.aggregate_folding import AggregateFolding
from recq_nb.runtime.cause import Cause
from recq_nb.runtime.event_reader import EventReader
from recq_nb.runtime.event_tail import TailEvent
from recq_nb.runtime.event_work import EventWork, Progress, is_of_context
from recq_nb.runtime.observer_work import ObserverWork
from recq_nb.runtime.projector_work import ProjectorWork
from recq_nb.runtime.runtime import Adapters, Limits, Runtime
from recq_nb.runtime.saga_work import SagaWork
from recq_nb.runtime.timestamps import microseconds_of
from recq_nb.testing.clock import ManualClock, SequentialIds
from recq_nb.testing.stub_transport import StubTransport

T = TypeVar("T")
_FOREVER = 2**62
_CONSUMERS = (ComponentKind.PROJECTOR, ComponentKind.SAGA, ComponentKind.OBSERVER)


class IsolatedSystem:
    """Runs one component, and the projectors that feed it, without anything else.

    Use it as a context manager, in one thread.
    """

    def __init__(
        self, components: Sequence[type], injector: Injector, transport: StubTransport, payloads: Sequence[type]
    ) -> None:
        sources = InjectionSources(injector, (CONNECTION_TYPE, GuardedConnection))
        given = define(components, sources)
        self.component: ComponentDefinition = given.components[0]
        bundle = Bundle().redefine([define_payload(cls) for cls in dict.fromkeys(payloads)], given.components)
        self.bundle = bundle
        self.clock, self.transport = ManualClock(), transport
        self._ids = SequentialIds()
        self._database = DuckDbDatabase(None)
        self._log = DuckDbSystemStateStore(self._database)
        self._states = DuckDbConsumerStateStore(self._database, self._log.flush)
        self._schedules = DuckDbScheduledCommandStore(self._database)
        adapters = Adapters(
            self._log,
            DuckDbSnapshotStore(self._database),
            self._states,
            self._schedules,
            transport,
            self.clock,
            self._ids,
        )
        self._warnings: list[str] = []
        self.runtime = Runtime(adapters, Limits(), self._warnings.append)
        self._reader = EventReader()
        self._reader.bundle = bundle
        self._versions: dict[str, int] = {}
        self._works: dict[str, EventWork] = {}

    def __enter__(self) -> Self:
        self.runtime.run(self.runtime.start, "start")
        answering = {name: one for name, one in self.bundle.components.items() if one.kind not in _CONSUMERS}
        served = Bundle(self.bundle.payloads, self.bundle.explicit, answering, self.bundle.answering, {})
        self.runtime.run(lambda: self.runtime.serve(served), "serve")
        for component in self.bundle.components.values():
            if component.read_models and component.kind is ComponentKind.PROJECTOR:
                self._prepare(component)
        if self.component.kind is ComponentKind.PROJECTION:
            unowned = [model for model in self.component.read_models if model.name not in self.bundle.owners]
            transaction = self._states.begin(self.component.name)
            transaction.prepare(unowned)
            transaction.commit()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.runtime.run(self.runtime.stop, "close")
        self.runtime.engine.stop()
        self._log.close()
        self._database.close()

    def _prepare(self, component: ComponentDefinition) -> None:
        transaction = self._states.begin(component.name)
        transaction.prepare(component.read_models)
        transaction.commit()

    # -- what happens --------------------------------------------------------------------------------------------

    def publish(self, event: Event, aggregate_id: str, metadata: Metadata) -> StoredEvent:
        """Put an event into the log, as the next one of its aggregate."""
        self._versions[aggregate_id] = version = self._versions.get(aggregate_id, 0) + 1
        event_id, command_id = self._ids.next_id(), self._ids.next_id()
        record = EventRecord(
            event_id,
            type(event).__name__,
            aggregate_id,
            version,
            event.context,
            microseconds_of(self.clock.now()),
            encode_event(event, max_bytes=Limits().max_payload_bytes),
            metadata.to_json(),
            command_id,
            command_id,
            command_id,
            "",
        )
        number = self.runtime.run(lambda: self._log.append([record]), "given")
        return StoredEvent(number, record)

    def consume(self, stored: StoredEvent) -> BaseException | None:
        """Let every consumer handle an event once; what the handler failed with, without retries."""
        for component in self.bundle.consumers:
            handlers = component.handlers_of(HandlerKind.EVENT, HandlerKind.SAGA_EVENT)
            contexts = component.declaration.contexts
            record = stored.record
            if record.event_name not in handlers or not any(is_of_context(record.context, one) for one in contexts):
                continue
            progress = Progress(
                f"{component.name}_{component.declaration.version}_{contexts[0]}",
                component.fingerprint,
                checkpoint=stored.sequence_number,
                head_reached=True,
            )
            work = self._work(component)
            failure = self.runtime.run(lambda: work.handle([TailEvent(stored, None, None)], progress), "event")  # noqa: B023  run at once
            if failure is not None:
                return failure.error
        return None

    def _work(self, component: ComponentDefinition) -> EventWork:
        if component.name not in self._works:
            self._works[component.name] = self.runtime.run(lambda: self._made(component), "work")
        return self._works[component.name]

    async def _made(self, component: ComponentDefinition) -> EventWork:
        engine, gateway, steps = self.runtime.engine, self.runtime.gateway, self.runtime.flow_steps
        if component.kind is ComponentKind.PROJECTOR:
            return ProjectorWork(component, engine, self._states, self._reader, gateway, steps)
        if component.kind is ComponentKind.OBSERVER:
            return ObserverWork(component, engine, self._states, self._reader, gateway, steps)
        return SagaWork(component, engine, self._states, self._reader, gateway, steps, self.clock, lambda: None)

    def command(self, command: Command, metadata: Metadata) -> Event | None:
        """Send a command from outside; the event it published."""
        return self.runtime.gateway.send(command, Cause(metadata=metadata)).result().event

    def query(self, query: Query[T], metadata: Metadata) -> T:
        """Ask a query from outside."""
        return self.runtime.gateway.query(query, Cause(metadata=metadata)).result()

    def fire(self, record: ScheduledCommandRecord, command: Command) -> None:
        """Send a scheduled command, as the scheduler does when it is due; raises what it fails with.

        It is scheduled no more once it has an outcome, a rejection included.
        """
        cause = Cause(
            record.correlation_id, record.causation_id, Metadata.from_json(record.metadata), (), record.saga_name
        )
        try:
            self.runtime.gateway.send(command, cause, command_id=record.schedule_id).result()
        except Rejection:
            self._fired(record)
            raise
        self._fired(record)

    def _fired(self, record: ScheduledCommandRecord) -> None:
        self.runtime.run(lambda: self._schedules.remove(record.schedule_id), "fired")

    def insert(self, rows: Sequence[ReadModel]) -> None:
        """Put rows into their read models."""
        for row in rows:
            model = define_read_model(type(row))
            owner = self.bundle.owners.get(model.name)
            transaction = self._states.begin(owner[0].name if owner is not None else self.component.name)
            transaction.table(model).upsert(row)
            transaction.commit()

    # -- what there is afterwards ---------------------------------------------------------------------------------

    def rows(self, row_type: type[ReadModel]) -> list[ReadModel]:
        """A read model's rows, by key."""
        reader = self._states.reader()
        try:
            return reader.table(define_read_model(row_type)).where()
        finally:
            reader.close()

    def sagas(self) -> list[SagaState]:
        """The states of the saga instances that have not ended."""
        state_type = self.component.state_type
        assert state_type is not None
        cursor = self._database.cursor()
        try:
            found = cursor.execute("SELECT state FROM recq.sagas ORDER BY saga_id").fetchall()
        finally:
            cursor.close()
        return [cast("SagaState", decode_model(state_type, text)) for (text,) in found]

    def schedules(self) -> list[ScheduledCommandRecord]:
        """What is scheduled, earliest first."""
        return list(self.runtime.run(lambda: self._schedules.due(_FOREVER), "schedules"))

    def aggregate_state(self, aggregate_id: str) -> AggregateState | None:
        """The state of an aggregate, folded from everything in the log."""
        folding = AggregateFolding(self.component)
        histories = self.runtime.run(lambda: self._log.load({aggregate_id: 0}), "state")
        return folding.rebuild(None, list(histories[aggregate_id].events), self._reader)
