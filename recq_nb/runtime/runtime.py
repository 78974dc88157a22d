"""The runtime as one piece: gateway, managers, publisher and consumers around one engine, driven by a bundle."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from recq_nb.errors import ConsumerError
from recq_nb.modeling.bundle import Bundle
from recq_nb.modeling.capability import ComponentKind
from recq_nb.modeling.component_definition import ComponentDefinition
from recq_nb.modeling.metadata import JsonValue
from recq_nb.ports.clock import Clock, IdSource
from recq_nb.ports.consumer_state_store import ConsumerStateStore
from recq_nb.ports.message_transport import MessageTransport
from recq_nb.ports.scheduled_command_store import ScheduledCommandStore
from recq_nb.ports.snapshot_store import SnapshotStore
from recq_nb.ports.system_state_store import SystemStateStore
from recq_nb.runtime.activity import Activity
from recq_nb.runtime.aggregate_cache import AggregateCache
from recq_nb.runtime.aggregate_loader import AggregateLoader
from recq_nb.runtime.aggregate_manager import AggregateManager
from recq_nb.runtime.consumer_engine import ConsumerEngine
from recq_nb.runtime.consumer_status import ConsumerStatus
from recq_nb.runtime.engine import Engine
from recq_nb.runtime.event_reader import EventReader
from recq_nb.runtime.event_source import EventSource
from recq_nb.runtime.event_tail import EventTail
from recq_nb.runtime.executors import Executors
from recq_nb.runtime.flow_steps import FlowSteps
from recq_nb.runtime.invoker_manager import InvokerManager, InvokerProxy
from recq_nb.runtime.lock_table import LockTable
from recq_nb.runtime.message_gateway import MessageGateway
from recq_nb.runtime.observer_work import ObserverWork
from recq_nb.runtime.projection_manager import ProjectionManager
from recq_nb.runtime.projector_work import ProjectorWork
from recq_nb.runtime.publisher import Publisher
from recq_nb.runtime.saga_work import SagaWork
from recq_nb.runtime.scheduler import Scheduler
from recq_nb.runtime.service_manager import ServiceManager

T = TypeVar("T")
PATIENCE_SECONDS = 2.0
"""How long closing waits for what consumers have at hand; what is cut short is handled again after the next start."""


@dataclass(frozen=True, slots=True)
class Adapters:
    """What the runtime needs of the world."""

    store: SystemStateStore
    snapshots: SnapshotStore
    consumer_states: ConsumerStateStore
    schedules: ScheduledCommandStore
    transport: MessageTransport
    clock: Clock
    ids: IdSource


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of a session.

    Attributes:
        timeout: Seconds until a reply fails as outcome unknown, by default.
        max_in_flight: Requests from outside handled at once.
        max_payload_bytes: Largest event, as JSON.
    """

    timeout: float = 30.0
    max_in_flight: int = 4096
    max_payload_bytes: int = 4 * 1024 * 1024


class Runtime:
    """Runs one bundle at a time on adapters it is given."""

    def __init__(self, adapters: Adapters, limits: Limits, warn: Callable[[str], None]) -> None:
        self.engine = Engine(warn=warn)
        self._adapters = adapters
        self._activity = Activity()
        self.flow_steps = FlowSteps(self.engine.loop)
        self._reader = EventReader()
        self._tail = EventTail()
        self._source = EventSource(adapters.store, self._tail)
        self.executors = Executors()
        self._cache = AggregateCache()
        self._locks = LockTable()
        self.gateway = MessageGateway(
            self.engine,
            adapters.transport,
            adapters.store,
            adapters.clock,
            adapters.ids,
            self._reader,
            self.flow_steps,
            timeout=limits.timeout,
            max_in_flight=limits.max_in_flight,
            activity=self._activity,
        )
        self._publisher = Publisher(
            adapters.store,
            adapters.snapshots,
            self._tail,
            self.flow_steps,
            on_published=self._source.published,
            on_failed=self._drop,
            on_round=self._activity.changed,
            warn=warn,
        )
        loader = AggregateLoader(
            self.engine, adapters.store, adapters.snapshots, self._publisher, self._reader, self._cache
        )
        self._aggregates = AggregateManager(
            self.engine,
            self.gateway,
            self._locks,
            self._cache,
            loader,
            self._publisher,
            adapters.store,
            adapters.ids,
            max_payload_bytes=limits.max_payload_bytes,
            warn=warn,
        )
        self._services = ServiceManager(
            self.engine,
            self.gateway,
            self._locks,
            self._publisher,
            adapters.ids,
            max_payload_bytes=limits.max_payload_bytes,
        )
        self.consumers = ConsumerEngine(
            self.engine,
            self._source,
            adapters.consumer_states,
            adapters.clock,
            self._activity,
            self.executors,
            {
                ComponentKind.PROJECTOR: self._projector_work,
                ComponentKind.SAGA: self._saga_work,
                ComponentKind.OBSERVER: self._observer_work,
            },
        )
        self.scheduler = Scheduler(
            self.engine, adapters.schedules, self._reader, self.gateway, adapters.clock, self._activity
        )
        self._projections = ProjectionManager(self.engine, self.gateway, adapters.consumer_states, self.consumers)
        self.invokers = InvokerManager(self.engine, self.gateway, adapters.clock, adapters.ids, self.flow_steps)
        self._running: list[asyncio.Task[None]] = []

    def _projector_work(self, component: ComponentDefinition) -> ProjectorWork:
        return ProjectorWork(
            component, self.engine, self._adapters.consumer_states, self._reader, self.gateway, self.flow_steps
        )

    def _observer_work(self, component: ComponentDefinition) -> ObserverWork:
        return ObserverWork(
            component, self.engine, self._adapters.consumer_states, self._reader, self.gateway, self.flow_steps
        )

    def _saga_work(self, component: ComponentDefinition) -> SagaWork:
        return SagaWork(
            component,
            self.engine,
            self._adapters.consumer_states,
            self._reader,
            self.gateway,
            self.flow_steps,
            self._adapters.clock,
            self.scheduler.changed,
            self.scheduler.turn,
        )

    def _drop(self, aggregate_ids: Sequence[str]) -> None:
        for aggregate_id in aggregate_ids:
            self._cache.drop(aggregate_id)

    def run(self, make: Callable[[], Coroutine[object, object, T]], label: str) -> T:
        """Run a coroutine on the engine and wait for it in this thread."""
        return self.engine.submit(make, label).result()

    async def start(self) -> None:
        """Begin to publish, and learn how far earlier consumers were."""
        self._running.append(self.engine.start_task(self._publisher.run()))
        await self.consumers.load()

    async def serve(self, bundle: Bundle) -> None:
        """Run this bundle from now on; what is in flight finishes on the earlier one."""
        before = self._reader.bundle
        self._reader.bundle = bundle
        if any(
            definition.payload_type is not bundle.payloads[name].payload_type
            for name, definition in before.payloads.items()
            if name in bundle.payloads
        ):
            self._tail.forget_payloads()
        routes = {
            **self._aggregates.routes(bundle),
            **self._services.routes(bundle),
            **self._projections.routes(bundle),
        }
        self.gateway.serve(bundle, routes)
        await self.consumers.serve(bundle)
        self.scheduler.nudge()
        if len(self._running) == 1:  # schedules of an earlier run wait for the model that can take their commands
            self._running.append(self.engine.start_task(self.scheduler.run()))

    def invoker(self, component: ComponentDefinition, metadata: Mapping[str, JsonValue] | None) -> InvokerProxy:
        """A proxy for an invoker."""
        return self.invokers.proxy(component, metadata)

    @property
    def head(self) -> int:
        """Sequence number of the newest event."""
        return self._source.head

    def statuses(self) -> tuple[ConsumerStatus, ...]:
        """How every consumer is doing."""
        return self.consumers.statuses()

    async def show_steps(self) -> None:
        """Let listeners have every step taken so far."""
        self.flow_steps.hand_over()

    async def settled(self, timeout: float) -> None:  # noqa: ASYNC109  the error names what still moves
        """Return once nothing is in flight and every consumer has passed every event.

        Raises:
            ConsumerError: That does not come about within ``timeout`` seconds; the error says what still moves.
        """
        try:
            async with asyncio.timeout(timeout):
                await self._activity.until(self._is_settled)
        except TimeoutError:
            late = [
                f"{status.consumer_id} is {status.health} at {status.position} of {status.head}"
                + (f": {status.reason}" if status.reason else "")
                for status in self.consumers.lagging()
            ]
            if self.gateway.in_flight:
                late.append(f"{self.gateway.in_flight} requests are in flight")
            if not self.scheduler.idle:
                late.append("scheduled commands are due")
            raise ConsumerError(
                f"the session has not settled within {timeout} s: {'; '.join(late) or 'consumers are starting'}.",
                remedy="Mend what stalls (re-run its cell), or wait longer.",
            ) from None

    def _is_settled(self) -> bool:
        return not self.gateway.in_flight and self._publisher.idle and self.consumers.caught_up and self.scheduler.idle

    async def reload(self) -> None:
        """Learn again what is in the store: events were put there from elsewhere, before anything was served."""
        self._source.restart()
        await self.consumers.load()

    async def stop(self) -> None:
        """Finish what is being stored, stop consumers with their progress saved, fail what is in flight."""
        self.gateway.refuse()
        await self._publisher.stored()
        consumers = self.engine.start_task(self.consumers.stop())
        await asyncio.wait((consumers,), timeout=PATIENCE_SECONDS)
        await self._publisher.stored()
        self.gateway.close()  # a consumer that still waits for a reply hears of it, and has its event again next time
        await asyncio.wait((consumers,), timeout=PATIENCE_SECONDS)
        for task in self._running:
            task.cancel()

    async def forget(self, bundle: Bundle, empty: Callable[[], None]) -> None:
        """Empty the log and everything made from it, then run the bundle afresh."""
        await self.consumers.stop()

        async def start_over() -> None:
            await self.engine.in_worker(empty)
            self._cache.clear()
            self.gateway.forget_outcomes()
            self._source.restart()
            self.consumers.forget_progress()

        try:
            await self._publisher.alone(start_over)  # no event is stored meanwhile, with a number of the old log
        finally:
            await self.serve(bundle)
