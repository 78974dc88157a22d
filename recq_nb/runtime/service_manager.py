"""The service manager: runs service commands, publishes their event if there is one, remembers void ones."""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine
from functools import partial
from typing import cast

from recq_nb.errors import DeadlockError, HandlerResultError, PayloadError, Rejection
from recq_nb.modeling.bundle import Bundle
from recq_nb.modeling.capability import ComponentKind, HandlerKind, Injection
from recq_nb.modeling.component_definition import ComponentDefinition, HandlerDefinition
from recq_nb.modeling.message import CommandMessage
from recq_nb.modeling.payload import ServiceEvent
from recq_nb.modeling.payload_definition import define_payload
from recq_nb.modeling.serialization import as_newest, encode_event, is_storable_text
from recq_nb.ports.clock import IdSource
from recq_nb.ports.message_transport import HeldLock
from recq_nb.ports.system_state_store import EventRecord, OutcomeRecord
from recq_nb.runtime.arguments import ArgumentPlan, Provider
from recq_nb.runtime.cause import caused_by
from recq_nb.runtime.engine import Engine
from recq_nb.runtime.gateways import BoundCommandGateway
from recq_nb.runtime.handler_failure import annotate, is_being_cancelled
from recq_nb.runtime.lock_table import LockTable
from recq_nb.runtime.message_gateway import MessageGateway, Route
from recq_nb.runtime.publisher import Publisher, Staged
from recq_nb.runtime.request import PendingRequest
from recq_nb.runtime.timestamps import microseconds_of


class ServiceFrame:
    """One service command being done."""

    __slots__ = ("gateway", "request")

    def __init__(self, request: PendingRequest, gateway: Callable[[], BoundCommandGateway]) -> None:
        self.request = request
        self.gateway = gateway


_PROVIDERS: dict[Injection, Provider[ServiceFrame]] = {
    Injection.PAYLOAD: lambda _: lambda frame: frame.request.message.payload,
    Injection.COMMAND_MESSAGE: lambda _: lambda frame: frame.request.message,
    Injection.METADATA: lambda _: lambda frame: frame.request.message.metadata,
    Injection.TIMESTAMP: lambda _: lambda frame: frame.request.message.timestamp,
    Injection.COMMAND_GATEWAY: lambda _: lambda frame: frame.gateway(),
}


class _Doer:
    __slots__ = ("component", "handler", "lock_field", "plan")

    def __init__(self, component: ComponentDefinition, handler: HandlerDefinition, lock_field: str | None) -> None:
        self.component = component
        self.handler = handler
        self.lock_field = lock_field
        self.plan: ArgumentPlan[ServiceFrame] = ArgumentPlan(handler, _PROVIDERS)


class ServiceManager:
    """Handles service commands, as many at once as come; those with one lock id one after the other.

    An async handler runs on the engine, a plain one on a worker thread, where it may block.
    """

    def __init__(
        self,
        engine: Engine,
        gateway: MessageGateway,
        locks: LockTable,
        publisher: Publisher,
        ids: IdSource,
        *,
        max_payload_bytes: int,
    ) -> None:
        self._engine = engine
        self._gateway = gateway
        self._locks = locks
        self._publisher = publisher
        self._ids = ids
        self._max_payload_bytes = max_payload_bytes
        self._event_types: dict[str, type[ServiceEvent]] = {}

    def routes(self, bundle: Bundle) -> dict[str, Route]:
        """How each service command of a bundle is handled."""
        self._event_types = {
            name: definition.payload_type
            for name, definition in bundle.payloads.items()
            if issubclass(definition.payload_type, ServiceEvent)
        }
        routes: dict[str, Route] = {}
        for component in bundle.components.values():
            if component.kind is ComponentKind.SERVICE:
                for name, handler in component.handlers_of(HandlerKind.COMMAND).items():
                    assert handler.payload_type is not None
                    definition = bundle.payloads.get(name) or define_payload(handler.payload_type)
                    routes[name] = partial(self._handle, _Doer(component, handler, definition.lock_id_field))
        return routes

    def _handle(self, doer: _Doer, request: PendingRequest) -> None:
        lock_id: object = getattr(request.message.payload, doer.lock_field, None) if doer.lock_field else None
        request.handled_by = doer.handler
        request.remember_rejection = doer.handler.declaration.remember_rejections
        if lock_id is None:
            self._start(doer, request, None)
            return
        if not is_storable_text(lock_id):
            request.fail(
                PayloadError(
                    f"{request.message.name} has {doer.lock_field}={lock_id!r}; a lock id is non-empty text of valid "
                    "unicode.",
                    remedy=f"Construct {request.message.name} with such a string.",
                )
            )
            return
        try:
            taken = self._locks.acquire(lock_id, request, partial(self._start, doer, request, lock_id))
        except DeadlockError as error:
            request.fail(error)
            return
        if taken:
            self._start(doer, request, lock_id)

    def _start(self, doer: _Doer, request: PendingRequest, lock_id: str | None) -> None:
        request.lock_wait_ns = time.perf_counter_ns() - request.accepted_ns
        self._engine.start_task(self._do(doer, request, lock_id), context=request.context)

    async def _do(self, doer: _Doer, request: PendingRequest, lock_id: str | None) -> None:
        started = time.perf_counter_ns()
        chain = request.chain if lock_id is None else (*request.chain, HeldLock(lock_id, request.message.name))
        cause = caused_by(request.message, doer.component.name, chain)
        frame = ServiceFrame(request, lambda: BoundCommandGateway(self._gateway, cause))
        try:
            if doer.handler.is_async:
                result = await cast("Coroutine[object, object, object]", doer.plan.call(frame))
            else:
                in_worker = self._engine.in_worker if request.nested else self._engine.in_outer_worker
                result = await in_worker(doer.plan.call, frame)
            request.handler_ns = time.perf_counter_ns() - started
            self._publisher.stage(self._staged(doer, request, lock_id, result))
        except BaseException as error:
            request.handler_ns = time.perf_counter_ns() - started
            self._refuse(request, annotate(error, doer.handler.label, request.message.name))
            if is_being_cancelled():
                raise
        finally:
            if lock_id is not None:
                self._locks.release(lock_id)

    def _refuse(self, request: PendingRequest, error: BaseException) -> None:
        if isinstance(error, Rejection) and request.remember_rejection:
            outcome = self._outcome(request)._replace(rejection_code=error.code, rejection_text=error.text)
            self._publisher.stage(Staged(request, outcome=outcome, error=error))
        else:
            request.fail(error)

    @staticmethod
    def _outcome(request: PendingRequest) -> OutcomeRecord:
        message = request.message
        return OutcomeRecord(message.message_id, message.correlation_id, microseconds_of(message.timestamp))

    def _staged(self, doer: _Doer, request: PendingRequest, lock_id: str | None, result: object) -> Staged:
        if result is None:
            return Staged(request, outcome=self._outcome(request))
        message = request.message
        assert isinstance(message, CommandMessage)
        if not isinstance(result, ServiceEvent) or type(result).__name__ not in self._event_types:
            known = "is not registered" if isinstance(result, ServiceEvent) else "is no ServiceEvent"
            raise HandlerResultError(
                f"{doer.handler.label} returned a {type(result).__name__}, which {known}; a service command ends with "
                "one service event or None.",
                remedy="Return a registered class derived from ServiceEvent, or nothing.",
            )
        payload = encode_event(result, max_bytes=self._max_payload_bytes)
        event = as_newest(result, self._event_types[type(result).__name__], payload)
        record = EventRecord(
            self._ids.next_id(),
            type(result).__name__,
            lock_id or "",
            0,
            result.context,
            microseconds_of(message.timestamp),
            payload,
            message.metadata.to_json(),
            message.correlation_id,
            message.message_id,
            message.message_id,
            doer.component.name,
        )
        return Staged(request, record, event)
