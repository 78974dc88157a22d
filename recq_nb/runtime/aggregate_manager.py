"""The aggregate manager: lock, state, life-cycle rules, decision, fold, stage. The heart of the command flow."""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine
from functools import partial
from typing import cast

from recq_nb.errors import (
    ConcurrentAppendError,
    DeadlockError,
    HandlerResultError,
    PayloadError,
    RecqError,
    Rejection,
    StateMutationError,
)
from recq_nb.modeling.bundle import Bundle
from recq_nb.modeling.capability import ComponentKind, HandlerKind
from recq_nb.modeling.message import CommandMessage
from recq_nb.modeling.payload import DomainEvent
from recq_nb.modeling.payload_definition import define_payload
from recq_nb.modeling.serialization import as_newest, encode_event, encode_model, is_storable_text
from recq_nb.ports.clock import IdSource
from recq_nb.ports.message_transport import HeldLock
from recq_nb.ports.snapshot_store import SnapshotRecord
from recq_nb.ports.system_state_store import EventRecord, OutcomeRecord, SystemStateStore
from recq_nb.runtime.aggregate_cache import AggregateCache, CachedAggregate
from recq_nb.runtime.aggregate_decision import (
    CommandFrame,
    Decider,
    Decision,
    life_cycle_refusal,
)
from recq_nb.runtime.aggregate_folding import AggregateFolding
from recq_nb.runtime.aggregate_loader import AggregateLoader
from recq_nb.runtime.cause import caused_by
from recq_nb.runtime.engine import Engine
from recq_nb.runtime.gateways import BoundCommandGateway
from recq_nb.runtime.handler_failure import annotate, is_being_cancelled
from recq_nb.runtime.lock_table import LockTable
from recq_nb.runtime.message_gateway import MessageGateway, Route
from recq_nb.runtime.publisher import Publisher, Staged
from recq_nb.runtime.request import PendingRequest
from recq_nb.runtime.state_guard import trace_of
from recq_nb.runtime.timestamps import microseconds_of

_SLOW_NS = 100_000_000
_SELDOM = 20
"""One slow call in so many, or fewer, is the machine's doing."""


class AggregateManager:
    """Handles domain commands, one at a time per lock id.

    A pure handler is called at once, without a task; one that is async or sends commands runs as a task, or on a
    worker thread. The lock is released when the event is staged: the next command decides on the newest decided
    state while the event is still being stored, and both fail if storing does.
    """

    def __init__(  # noqa: PLR0913  each is a collaborator or a setting of its own
        self,
        engine: Engine,
        gateway: MessageGateway,
        locks: LockTable,
        cache: AggregateCache,
        loader: AggregateLoader,
        publisher: Publisher,
        store: SystemStateStore,
        ids: IdSource,
        *,
        max_payload_bytes: int,
        warn: Callable[[str], None],
    ) -> None:
        self._engine = engine
        self._gateway = gateway
        self._locks = locks
        self._cache = cache
        self._loader = loader
        self._publisher = publisher
        self._store = store
        self._ids = ids
        self._max_payload_bytes = max_payload_bytes
        self._warn = warn
        self._event_types: dict[str, type[DomainEvent]] = {}

    def routes(self, bundle: Bundle) -> dict[str, Route]:
        """How each domain command of a bundle is handled."""
        self._event_types = {
            name: definition.payload_type
            for name, definition in bundle.payloads.items()
            if issubclass(definition.payload_type, DomainEvent)
        }
        routes: dict[str, Route] = {}
        for component in bundle.components.values():
            if component.kind is ComponentKind.AGGREGATE:
                folding = AggregateFolding(component)
                for name, handler in component.handlers_of(HandlerKind.AGGREGATE_COMMAND).items():
                    assert handler.payload_type is not None
                    definition = bundle.payloads.get(name) or define_payload(handler.payload_type)
                    routes[name] = partial(self._handle, Decider(definition, component, handler, folding))
        return routes

    def _handle(self, decider: Decider, request: PendingRequest) -> None:
        payload = request.message.payload
        aggregate_id = getattr(payload, decider.id_field, None)
        lock_id = getattr(payload, decider.lock_field, None)
        if lock_id is None:  # an optional one left out
            lock_id = aggregate_id
        if not (is_storable_text(aggregate_id) and is_storable_text(lock_id)):
            request.fail(
                PayloadError(
                    f"{decider.name} has {decider.id_field}={aggregate_id!r} and locks {lock_id!r}; an id is non-empty "
                    "text of valid unicode.",
                    remedy=f"Construct {decider.name} with such a string.",
                )
            )
            return
        request.handled_by = decider.handler
        decision = Decision(decider, request, aggregate_id, lock_id)
        try:
            taken = self._locks.acquire(lock_id, request, partial(self._locked, decision))
        except DeadlockError as error:
            request.fail(error)
            return
        if taken:
            self._locked(decision)

    def _locked(self, decision: Decision) -> None:
        decider, request, aggregate_id = decision.decider, decision.request, decision.aggregate_id
        request.lock_wait_ns = time.perf_counter_ns() - request.accepted_ns
        request.remember_rejection = decider.handler.declaration.remember_rejections
        cached = self._cache.find(aggregate_id, decider.component.fingerprint)
        if cached is None and self._store.is_unknown(aggregate_id) and not self._cache.has_pending(aggregate_id):
            cached = CachedAggregate(0, None, decider.component.fingerprint)
            self._cache.keep(aggregate_id, cached)
        if cached is not None:
            decision.cached = cached
            self._decide(decision, cached)
        else:
            self._loader.load(aggregate_id, decider.folding, partial(self._loaded, decision))

    def _loaded(
        self, decision: Decision, cached: CachedAggregate | None, error: BaseException | None, took_ns: int
    ) -> None:
        decision.request.retrieve_ns = took_ns
        if cached is None:
            assert error is not None
            self._refuse(decision, error)
        else:
            decision.cached = cached
            self._decide(decision, cached)

    def _decide(self, decision: Decision, cached: CachedAggregate) -> None:
        decider, request = decision.decider, decision.request
        refusal = life_cycle_refusal(decider, decision.aggregate_id, cached)
        if refusal is not None:
            self._refuse(decision, refusal)
            return
        frame = CommandFrame(decision, cached.state, self._bound_gateway)
        decision.seen = cached.version
        if decider.wants_state and not decider.state_is_large:
            decision.trace = trace_of(cached.state)
        if not decider.inline:
            cached.in_use += 1
            self._engine.start_task(self._decide_later(decision, frame), context=request.context)
            return
        started = time.perf_counter_ns()
        try:
            result = request.context.run(decider.plan.call, frame)
        except BaseException as error:  # noqa: BLE001  border: the handler call
            request.handler_ns = time.perf_counter_ns() - started
            self._finish(decision, None, error)
            return
        request.handler_ns = time.perf_counter_ns() - started
        decider.calls += 1
        if request.handler_ns > _SLOW_NS:
            self._note_slow(decider, request.handler_ns)
        self._finish(decision, result, None)

    def _note_slow(self, decider: Decider, nanoseconds: int) -> None:
        """Blame a handler that is slow, not one that once had to wait for a busy machine."""
        decider.slow_calls += 1
        if decider.slow_calls * _SELDOM < decider.calls:
            return
        self._warn(
            f"{decider.handler.label} kept the engine busy for {nanoseconds / 1e6:.0f} ms; while it ran, "
            "nothing else in the session could. Make it `async def`, or move slow work into a service."
        )

    async def _decide_later(self, decision: Decision, frame: CommandFrame) -> None:
        decider = decision.decider
        started = time.perf_counter_ns()
        result: object = None
        error: BaseException | None = None
        try:
            if decider.handler.is_async:
                result = await cast("Coroutine[object, object, object]", decider.plan.call(frame))
            else:
                in_worker = self._engine.in_worker if frame.request.nested else self._engine.in_outer_worker
                result = await in_worker(decider.plan.call, frame)
        except BaseException as raised:
            if is_being_cancelled():
                self._finish(decision, None, raised)
                raise
            error = raised
        frame.request.handler_ns = time.perf_counter_ns() - started
        self._finish(decision, result, error)

    def _bound_gateway(self, decision: Decision) -> BoundCommandGateway:
        request = decision.request
        chain = (*request.chain, HeldLock(decision.lock_id, request.message.name))
        return BoundCommandGateway(self._gateway, caused_by(request.message, decision.decider.component.name, chain))

    def _finish(self, decision: Decision, result: object, error: BaseException | None) -> None:
        """The handler has spoken: check, fold, stage, release. Whatever it says, the lock is released."""
        decider, cached = decision.decider, decision.cached
        assert cached is not None
        if not decider.inline:
            cached.in_use -= 1
        try:
            if decider.wants_state and cached.state is not None:
                self._check_untouched(decision, cached, failed=error is not None)
            if error is None:
                self._stage(decision, cached, result)
        except BaseException as problem:  # noqa: BLE001  border: the sender gets whatever it is
            error = problem
        if error is None:
            self._locks.release(decision.lock_id)
        else:
            self._refuse(decision, annotate(error, decider.handler.label, decider.name))

    def _check_untouched(self, decision: Decision, cached: CachedAggregate, *, failed: bool) -> None:
        if decision.trace is None:
            decision.decider.state_is_large = True
            if failed:  # it may have changed the state before it gave up: load it anew next time
                self._cache.spoil(decision.aggregate_id)
            return
        if decision.trace != trace_of(cached.state):
            self._cache.spoil(decision.aggregate_id)
            raise StateMutationError(
                f"{decision.decider.handler.label} changed the state of {decision.aggregate_id!r} while deciding "
                f"{decision.decider.name}; state is changed by events only, or a replay would not give it back.",
                remedy="Put the change into the event and make it in the @event_sourcing_handler of that event.",
            )

    def _stage(self, decision: Decision, cached: CachedAggregate, result: object) -> None:
        decider, aggregate_id, seen = decision.decider, decision.aggregate_id, decision.seen
        event = self._one_event(decider, result)
        if cached.version != seen or self._cache.find(aggregate_id, cached.fingerprint) is not cached:
            raise ConcurrentAppendError(
                f"{aggregate_id!r} moved on while {decider.handler.label} was deciding {decider.name}.",
                remedy="Send the command again.",
                aggregate_ids=[aggregate_id],
            )
        message = decision.request.message
        assert isinstance(message, CommandMessage)
        payload = encode_event(event, max_bytes=self._max_payload_bytes)
        event = as_newest(event, self._event_types[type(event).__name__], payload)
        record = EventRecord(
            self._ids.next_id(),
            type(event).__name__,
            aggregate_id,
            seen + 1,
            event.context,
            microseconds_of(message.timestamp),
            payload,
            message.metadata.to_json(),
            message.correlation_id,
            message.message_id,
            message.message_id,
            decider.component.name,
        )
        try:
            cached.state = decider.folding.apply(cached.state, event, record)
        except BaseException:
            self._cache.spoil(aggregate_id)  # the handler may have changed the state before it failed
            raise
        cached.version = seen + 1
        cached.pending += 1
        snapshot = self._snapshot(decider, aggregate_id, cached, record)
        self._publisher.stage(Staged(decision.request, record, event, snapshot=snapshot, aggregate=cached))

    def _one_event(self, decider: Decider, result: object) -> DomainEvent:
        label = decider.handler.label
        if isinstance(result, DomainEvent) and type(result) is not DomainEvent:
            if type(result).__name__ not in self._event_types:
                raise HandlerResultError(
                    f"{label} returned a {type(result).__name__}, which is not registered.",
                    remedy=f"Define {type(result).__name__} in a payload cell, or name it in the return annotation.",
                )
            return result
        shown = "nothing" if result is None else f"a {type(result).__name__}"
        raise HandlerResultError(
            f"{label} returned {shown} for {decider.name}; an accepted command publishes exactly one domain event.",
            remedy="Return one DomainEvent, or refuse the command with reject(code, text).",
        )

    def _snapshot(
        self, decider: Decider, aggregate_id: str, cached: CachedAggregate, record: EventRecord
    ) -> SnapshotRecord | None:
        frequency = decider.component.declaration.snapshot_frequency
        if frequency is None or cached.version - cached.snapshot_version < frequency:
            return None
        assert cached.state is not None
        try:
            state = encode_model(cached.state)
        except PayloadError as error:
            cached.snapshot_version = cached.version
            self._warn(f"no snapshot of {aggregate_id!r}: {error}")
            return None
        cached.snapshot_version = cached.version
        snapshot = SnapshotRecord(aggregate_id, cached.version, cached.fingerprint, state, record.timestamp)
        if decider.folding.from_snapshot(snapshot) != cached.state:
            self._warn(
                f"no snapshot of {aggregate_id!r}: {type(cached.state).__name__} is not the same after a way through "
                "JSON; declare the exact types of its fields, and keep nothing in private attributes."
            )
            return None
        return snapshot

    def _refuse(self, decision: Decision, error: BaseException) -> None:
        """Fail the request; what was decided on events that are not stored yet is told only once they are."""
        request, cached = decision.request, decision.cached
        message = request.message
        assert isinstance(message, CommandMessage)
        outcome = None
        if isinstance(error, Rejection) and request.remember_rejection:
            outcome = OutcomeRecord(
                message.message_id, message.correlation_id, microseconds_of(message.timestamp), error.code, error.text
            )
        rests_on_unstored = cached is not None and cached.pending and isinstance(error, RecqError)
        if outcome is not None or rests_on_unstored:
            self._publisher.stage(Staged(request, outcome=outcome, error=error, aggregate=cached))
        else:
            request.fail(error)
        self._locks.release(decision.lock_id)
