"""The consumer engine: starts, replaces and stops the consumers of a bundle, and knows how far each is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from recq_nb.errors import ConsumerError, RoutingError
from recq_nb.modeling.bundle import Bundle
from recq_nb.modeling.capability import ComponentKind
from recq_nb.modeling.component_definition import ComponentDefinition
from recq_nb.ports.clock import Clock
from recq_nb.ports.consumer_state_store import ConsumerState, ConsumerStateStore
from recq_nb.runtime.activity import Activity
from recq_nb.runtime.consumer import Consumer
from recq_nb.runtime.consumer_status import ConsumerStatus
from recq_nb.runtime.engine import Engine
from recq_nb.runtime.event_source import EventSource
from recq_nb.runtime.event_work import EventWork, is_of_context
from recq_nb.runtime.executors import Executors
from recq_nb.runtime.failure_policy import Backoff
from recq_nb.runtime.parallel_consumer import ParallelConsumer
from recq_nb.runtime.sequential_consumer import SequentialConsumer

WorkFactory = Callable[[ComponentDefinition], EventWork]


class ConsumerGroup:
    """All consumers of one component: one for each context it subscribes to."""

    def __init__(self, component: ComponentDefinition, consumers: Sequence[Consumer], *, rebuild: bool) -> None:
        self.component = component
        self.consumers = tuple(consumers)
        self.rebuild = rebuild
        self.prepared = False
        self.task: asyncio.Task[None] | None = None


class ConsumerEngine:
    """Runs the consumers of the current bundle, each exactly once.

    A component whose definition did not change keeps running when others are redefined. A projector whose source,
    version or contexts changed has its read model emptied and is replayed from where it starts.
    """

    def __init__(
        self,
        engine: Engine,
        source: EventSource,
        states: ConsumerStateStore,
        clock: Clock,
        activity: Activity,
        executors: Executors,
        factories: dict[ComponentKind, WorkFactory],
    ) -> None:
        self._engine = engine
        self._source = source
        self._states = states
        self._clock = clock
        self._activity = activity
        self._executors = executors
        self._factories = factories
        self._groups: dict[str, ConsumerGroup] = {}
        self._known: dict[str, ConsumerState] = {}
        self._changing = asyncio.Lock()  # held while consumers are started or stopped

    async def load(self) -> None:
        """Read what is kept of earlier runs."""
        self._known = dict(await self._states.load_states())

    def would_rebuild(self, component: ComponentDefinition) -> bool:
        """Whether serving this component empties a read model that was filled before."""
        return (
            component.kind is ComponentKind.PROJECTOR
            and bool(self._ids_of(component))
            and not self._resumable(component)
        )

    async def serve(self, bundle: Bundle) -> None:
        """Consume with the consumers of this bundle; returns once they are prepared (or their stall is visible)."""
        wanted = {component.name: component for component in bundle.consumers if component.kind in self._factories}
        async with self._changing:
            stale = [group for name, group in self._groups.items() if wanted.get(name) is not group.component]
            await self._stop(stale)
            for consumer in self._all():
                consumer.nudge()
            await asyncio.gather(
                *(self._begin(component) for name, component in wanted.items() if name not in self._groups)
            )

    async def _begin(self, component: ComponentDefinition, after: int | None = None) -> None:
        """Start a component's consumers; returns after the first attempt to prepare them.

        Args:
            component: Which one.
            after: Where to replay from; None to go on where it was.
        """
        group = self._make(component, after)
        self._groups[component.name] = group
        first_try: asyncio.Future[None] = self._engine.loop.create_future()
        group.task = self._engine.start_task(self._run(group, first_try))
        await first_try

    async def stop(self) -> None:
        """Stop every consumer after the batch at hand, progress saved."""
        async with self._changing:
            await self._stop(list(self._groups.values()))

    async def _stop(self, groups: Sequence[ConsumerGroup]) -> None:
        for group in groups:
            for consumer in group.consumers:
                consumer.stop()
        for group in groups:
            if group.task is not None:
                await asyncio.gather(group.task, return_exceptions=True)
            if group.prepared:
                for consumer in group.consumers:
                    self._remember(consumer)
            if self._groups.get(group.component.name) is group:
                del self._groups[group.component.name]

    def _ids_of(self, component: ComponentDefinition) -> set[str]:
        """Ids of everything known that belongs to a component, whatever version or context."""
        current = set(component.consumer_ids)
        return {
            consumer_id
            for consumer_id, state in self._known.items()
            if state.component == component.name or (not state.component and consumer_id in current)
        }

    def _resumable(self, component: ComponentDefinition) -> bool:
        if component.kind is not ComponentKind.PROJECTOR:
            return True
        ids = self._ids_of(component)
        return ids == set(component.consumer_ids) and all(
            self._known[consumer_id].fingerprint == component.fingerprint for consumer_id in ids
        )

    def _make(self, component: ComponentDefinition, after: int | None) -> ConsumerGroup:
        resume = after is None and self._resumable(component)
        start = after if after is not None else self._source.head if component.declaration.start == "head" else 0
        work = self._factories[component.kind](component)
        consumers = [
            self._consumer(component, context, work, start, resume=resume) for context in component.declaration.contexts
        ]
        return ConsumerGroup(component, consumers, rebuild=component.kind is ComponentKind.PROJECTOR and not resume)

    def _consumer(
        self, component: ComponentDefinition, context: str, work: EventWork, start: int, *, resume: bool
    ) -> Consumer:
        consumer_id = component.consumer_id(context)
        known = self._known.get(consumer_id) if consumer_id in self._ids_of(component) else None
        checkpoint = min(known.checkpoint if known is not None and resume else start, self._source.head)
        enabled = known.enabled if known is not None else True
        state = ConsumerState(consumer_id, checkpoint, component.fingerprint, enabled, component.name)
        world = (self._source, self._states, self._clock, self._activity)
        names = {handler.declaration.executor for handler in component.handlers} - {None}
        if component.kind is ComponentKind.OBSERVER or names:
            executors = {name: self._executors.find(name) for name in names if name is not None}
            return ParallelConsumer(component, context, work, *world, state, executors)
        return SequentialConsumer(component, context, work, *world, state)

    async def _run(self, group: ConsumerGroup, first_try: asyncio.Future[None]) -> None:
        try:
            started = await self._start(group, first_try)
        finally:
            if not first_try.done():
                first_try.set_result(None)
        if not started:
            return
        if group.component.kind is not ComponentKind.PROJECTOR:
            await self._gate(group)
        await asyncio.gather(*(consumer.run() for consumer in group.consumers))

    async def _gate(self, group: ConsumerGroup) -> None:
        """Sagas and observers do not start before every projector that says so has reached the head."""
        replaying = ", ".join(consumer.consumer_id for consumer in self._replaying(None))
        if replaying:
            for consumer in group.consumers:
                consumer.waits_for(f"starts once {replaying} has reached the head of the log")
            await group.consumers[0].unless_stopped(self._activity.until(lambda: not self._replaying(None)))
        for consumer in group.consumers:
            consumer.waits_for("")

    def _replaying(self, components: Sequence[str] | None) -> list[Consumer]:
        """Of these projectors (all, when None) those that hold others back until they reach the head."""
        return [
            consumer
            for consumer in self._feeding(components)
            if consumer.component.declaration.wait_for_head_reached and not consumer.head_reached
        ]

    async def _start(self, group: ConsumerGroup, first_try: asyncio.Future[None]) -> bool:
        """Prepare what the group needs, however many attempts that takes; False if it was stopped before."""
        backoff = Backoff()
        attempts = 0
        while True:
            try:
                await self._engine.in_worker(self._prepare, group, self._ids_of(group.component))
                await self._forget_others(group)
                for consumer in group.consumers:
                    await consumer.load()
            except Exception as error:  # noqa: BLE001  border: the consumer loop; shown as stalled and tried again
                attempts += 1
                for consumer in group.consumers:
                    consumer.stalled(error, attempts)
                if not first_try.done():
                    first_try.set_result(None)
                await group.consumers[0].rest(backoff.delay(attempts))
                if any(consumer.stopping for consumer in group.consumers):
                    return False
            else:
                group.prepared = True
                return True

    def _prepare(self, group: ConsumerGroup, known: set[str]) -> None:
        component = group.component
        transaction = self._states.begin(component.name)
        try:
            if group.rebuild:
                transaction.reset(component.read_models, known)
            else:
                transaction.prepare(component.read_models)
            transaction.commit(
                *(
                    ConsumerState(
                        consumer.consumer_id, consumer.position, component.fingerprint, consumer.enabled, component.name
                    )
                    for consumer in group.consumers
                )
            )
        except BaseException:
            transaction.rollback()
            raise

    async def _forget_others(self, group: ConsumerGroup) -> None:
        """Drop the checkpoints of other versions and contexts of this component: they would be stale if it returned.

        What they could not handle passes to the consumers that take their place.
        """
        current = {consumer.consumer_id for consumer in group.consumers}
        others = sorted(self._ids_of(group.component) - current)
        if others:
            for consumer_id in others:
                for record in await self._states.dead_events(consumer_id):
                    for heir in group.consumers:
                        if is_of_context(record.context, heir.context):
                            await heir.inherit(record)
                            break
            await self._states.forget(others)
            for consumer_id in others:
                self._known.pop(consumer_id, None)
        for consumer in group.consumers:
            self._remember(consumer)

    def _remember(self, consumer: Consumer) -> None:
        component = consumer.component
        self._known[consumer.consumer_id] = ConsumerState(
            consumer.consumer_id, consumer.position, component.fingerprint, consumer.enabled, component.name
        )

    # -- progress ------------------------------------------------------------------------------------------------

    def statuses(self) -> tuple[ConsumerStatus, ...]:
        """How every consumer is doing."""
        return tuple(consumer.status() for consumer in self._all())

    def _all(self) -> list[Consumer]:
        return [consumer for group in list(self._groups.values()) for consumer in group.consumers]

    def _feeding(self, components: Sequence[str] | None) -> list[Consumer]:
        if components is None:
            return [c for c in self._all() if c.component.kind is ComponentKind.PROJECTOR]
        return [consumer for consumer in self._all() if consumer.component.name in components]

    async def reached(self, components: Sequence[str] | None, sequence_number: int) -> None:
        """See ``Progress.reached``. A redefined consumer counts as soon as it has caught up again."""
        await self._activity.until(
            lambda: (
                not self._replaying(components)
                and all(consumer.position >= sequence_number for consumer in self._feeding(components))
            )
        )

    def behind(self, components: Sequence[str] | None, sequence_number: int) -> str:
        """See ``Progress.behind``."""
        late = [
            consumer.status()
            for consumer in self._feeding(components)
            if consumer.position < sequence_number or consumer in self._replaying(components)
        ]
        shown = [
            f"{status.consumer_id} is {status.health} at {status.position} of {sequence_number}"
            + (f" ({status.reason})" if status.reason else "")
            for status in late
        ]
        return f"has not been projected in time: {'; '.join(shown)}" if shown else "took too long"

    def gates(self, components: Sequence[str] | None) -> bool:
        """Whether queries fed by these projectors have to wait for one of them to reach the head."""
        return bool(self._replaying(components))

    @property
    def caught_up(self) -> bool:
        """Whether every consumer that is not paused has passed every event there is."""
        return all(consumer.caught_up and not consumer.preparing for consumer in self._all() if consumer.enabled)

    def lagging(self) -> tuple[ConsumerStatus, ...]:
        """The consumers that still have events to pass."""
        return tuple(status for status in self.statuses() if status.lag)

    # -- control -------------------------------------------------------------------------------------------------

    def find(self, name: str) -> list[Consumer]:
        """The consumers a name stands for: a consumer id, or a component (all its consumers).

        Raises:
            RoutingError: There is none.
        """
        found = [c for c in self._all() if name in (c.consumer_id, c.component.name)]
        if not found:
            known = ", ".join(consumer.consumer_id for consumer in self._all()) or "none"
            raise RoutingError(f"there is no consumer {name!r}.", remedy=f"Running consumers: {known}.")
        return found

    async def set_enabled(self, name: str, *, enabled: bool) -> None:
        """Pause consumers after the batch at hand, or let them go on."""
        for consumer in self.find(name):
            await consumer.set_enabled(enabled=enabled)

    async def replay(self, component_name: str, after: int) -> None:
        """Have a component consume the log again from behind an event; a projector's read model is emptied first.

        Raises:
            ConsumerError: A projector asked to start anywhere but at the first event, or the place is none.
        """
        if after < 0:
            raise ConsumerError(
                f"replay(after={after}): there is no event {after}.", remedy="Events count from 1; 0 means all of them."
            )
        async with self._changing:
            await self._replay(self.find(component_name)[0].component, after)

    async def _replay(self, component: ComponentDefinition, after: int) -> None:
        if component.kind is ComponentKind.PROJECTOR and after:
            raise ConsumerError(
                f"{component.name} is a projector; its read model follows from the whole log.",
                remedy=f'Replay it from the first event: recq.replay("{component.name}").',
            )
        await self._stop([self._groups[component.name]])
        await self._begin(component, after)

    async def redrive(
        self, name: str | None, sequence_number: int | None
    ) -> list[tuple[str, int, BaseException | None]]:
        """Handle dead events once more, oldest first; what fails again stays in the queue.

        Returns:
            For each one tried: consumer id, sequence number, and the error, or None for success.
        """
        consumers = self._all() if name is None else self.find(name)
        tried: list[tuple[str, int, BaseException | None]] = []
        for consumer in consumers:
            for record in await self._states.dead_events(consumer.consumer_id):
                if sequence_number is None or record.sequence_number == sequence_number:
                    events = await self._source.read(record.sequence_number - 1, 1)
                    error = await consumer.redrive(record, events)
                    tried.append((consumer.consumer_id, record.sequence_number, error))
        self._activity.changed()
        return tried

    async def delete_dead_events(self, name: str, sequence_number: int | None) -> int:
        """Take dead events out of the queue unhandled; returns how many."""
        deleted = 0
        for consumer in self.find(name):
            for record in await self._states.dead_events(consumer.consumer_id):
                if sequence_number is None or record.sequence_number == sequence_number:
                    await consumer.give_up(record)
                    deleted += 1
        return deleted

    def forget_progress(self) -> None:
        """Forget all progress: the log was emptied. Consumers must have been stopped; serve the bundle again."""
        self._known = {}
