"""Projecting events into read models: a whole batch on one worker thread, in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextvars import Context
from typing import cast

from recq_nb.errors import HandlerResultError, ReadModelError
from recq_nb.modeling.capability import HandlerKind, Injection
from recq_nb.modeling.component_definition import ComponentDefinition, HandlerDefinition
from recq_nb.modeling.injection import ParameterDefinition
from recq_nb.modeling.message import EventMessage
from recq_nb.modeling.read_model import ProjectorStatus
from recq_nb.ports.consumer_state_store import ConsumerStateStore, ConsumerTransaction
from recq_nb.runtime.arguments import ArgumentPlan, Getter, Provider
from recq_nb.runtime.cause import caused_by
from recq_nb.runtime.engine import Engine
from recq_nb.runtime.event_reader import EventReader
from recq_nb.runtime.event_tail import TailEvent
from recq_nb.runtime.event_work import Failure, Progress, commit_alone
from recq_nb.runtime.flow_steps import FlowSteps
from recq_nb.runtime.gateways import BoundQueryGateway
from recq_nb.runtime.handler_failure import annotate
from recq_nb.runtime.message_gateway import MessageGateway


class ProjectorFrame:
    """One event being projected."""

    __slots__ = ("gateway", "head_reached", "lag", "message", "transaction")

    def __init__(
        self,
        message: EventMessage,
        transaction: ConsumerTransaction,
        gateway: Callable[[EventMessage], BoundQueryGateway],
        lag: int,
        *,
        head_reached: bool,
    ) -> None:
        self.message = message
        self.transaction = transaction
        self.gateway = gateway
        self.lag = lag
        self.head_reached = head_reached


def _table(parameter: ParameterDefinition) -> Getter[ProjectorFrame]:
    definition = parameter.read_model
    assert definition is not None
    return lambda frame: frame.transaction.table(definition)


_PROVIDERS: dict[Injection, Provider[ProjectorFrame]] = {
    Injection.PAYLOAD: lambda _: lambda frame: frame.message.payload,
    Injection.EVENT_MESSAGE: lambda _: lambda frame: frame.message,
    Injection.METADATA: lambda _: lambda frame: frame.message.metadata,
    Injection.TIMESTAMP: lambda _: lambda frame: frame.message.timestamp,
    Injection.PROJECTOR_STATUS: lambda _: lambda frame: ProjectorStatus(frame.head_reached, frame.lag),
    Injection.QUERY_GATEWAY: lambda _: lambda frame: frame.gateway(frame.message),
    Injection.TABLE: _table,
    Injection.CONNECTION: lambda _: lambda frame: frame.transaction.connection(),
}


class ProjectorWork:
    """Handles a projector's events: each exactly once as far as its read model shows.

    If one event fails, nothing of the batch is kept; the consumer then hands over the events before it again.
    """

    def __init__(
        self,
        component: ComponentDefinition,
        engine: Engine,
        states: ConsumerStateStore,
        reader: EventReader,
        gateway: MessageGateway,
        flow_steps: FlowSteps,
    ) -> None:
        self._component = component
        self._engine = engine
        self._states = states
        self._reader = reader
        self._gateway = gateway
        self._flow = flow_steps
        self._turn = asyncio.Lock()
        self._in_order = not any(handler.declaration.executor for handler in component.handlers)
        self._plans: dict[str, tuple[HandlerDefinition, ArgumentPlan[ProjectorFrame]]] = {
            name: (handler, ArgumentPlan(handler, _PROVIDERS))
            for name, handler in component.handlers_of(HandlerKind.EVENT).items()
        }

    async def handle(self, events: Sequence[TailEvent], progress: Progress) -> Failure | None:
        """See ``EventWork.handle``."""
        if not self._in_order:
            return await self._engine.in_worker(self._project, events, progress)
        async with self._turn:  # consumers of several contexts write to the same tables
            return await self._engine.in_worker(self._project, events, progress)

    def _project(self, events: Sequence[TailEvent], progress: Progress) -> Failure | None:
        try:
            return self._try(events, progress, write_each=False)
        except ReadModelError:  # some event wrote what no table takes; find out which one
            return self._try(events, progress, write_each=True)

    def _try(self, events: Sequence[TailEvent], progress: Progress, *, write_each: bool) -> Failure | None:
        transaction = self._states.begin(self._component.name)
        try:
            for place, event in enumerate(events):
                try:
                    self._one(event, transaction, len(events) - place - 1, head_reached=progress.head_reached)
                    if write_each:
                        transaction.flush()
                except Exception as error:
                    if isinstance(error, ReadModelError) and not write_each:
                        raise  # rows of an earlier event may have been written only now
                    transaction.rollback()
                    return Failure(place, error)
            progress.commit(transaction)
        except BaseException:
            transaction.rollback()
            raise
        return None

    def _one(self, event: TailEvent, transaction: ConsumerTransaction, lag: int, *, head_reached: bool) -> None:
        name = event.stored.record.event_name
        handler, plan = self._plans[name]
        message = self._reader.message(event.stored, event.payload)
        frame = ProjectorFrame(message, transaction, self._query_gateway, lag, head_reached=head_reached)
        context = event.context.copy() if event.context is not None else Context()
        started = self._flow.start()
        try:
            result = context.run(self._call, handler, plan, frame)
        except BaseException as raised:  # noqa: BLE001  border: the handler call
            error = annotate(raised, handler.label, f"{name} (event {message.sequence_number})")
            self._flow.consumed(message, handler, started, error)
            raise error  # noqa: B904  itself, or caused by it
        self._flow.consumed(message, handler, started, None)
        if result is not None:
            raise HandlerResultError(
                f"{handler.label} returned a {type(result).__name__}; projectors emit nothing.",
                remedy="Write to the read model and return nothing.",
            )

    def _call(self, handler: HandlerDefinition, plan: ArgumentPlan[ProjectorFrame], frame: ProjectorFrame) -> object:
        result = plan.call(frame)
        if handler.is_async:
            coroutine = cast("Coroutine[object, object, object]", result)
            awaited = _contained(coroutine, handler.label, frame.message.name)
            return asyncio.run_coroutine_threadsafe(awaited, self._engine.loop).result()
        return result

    def _query_gateway(self, message: EventMessage) -> BoundQueryGateway:
        return BoundQueryGateway(self._gateway, caused_by(message, self._component.name))

    async def commit(self, progress: Progress) -> None:
        """See ``EventWork.commit``."""
        await self._engine.in_worker(commit_alone, self._states, self._component.name, progress)


async def _contained(coroutine: Coroutine[object, object, object], label: str, name: str) -> object:
    """Await a handler on the engine, whose loop must not see what would end it."""
    try:
        return await coroutine
    except BaseException as error:  # noqa: BLE001  border: the handler call
        raise annotate(error, label, name)  # noqa: B904  itself, or caused by it
