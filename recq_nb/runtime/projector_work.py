"""Projecting events into read models: a whole batch on one worker thread, in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextvars import Context
from time import perf_counter_ns
from typing import cast

from recq_nb.errors import HandlerResultError, ReadModelError
from recq_nb.modeling.capability import HandlerKind, Injection
from recq_nb.modeling.component_definition import ComponentDefinition, HandlerDefinition
from recq_nb.modeling.injection import ParameterDefinition
from recq_nb.modeling.message import EventMessage
from recq_nb.modeling.payload import Event
from recq_nb.modeling.read_model import ProjectorStatus
from recq_nb.ports.consumer_state_store import ConsumerStateStore, ConsumerTransaction
from recq_nb.ports.system_state_store import StoredEvent
from recq_nb.runtime.arguments import ArgumentPlan, Getter, Provider
from recq_nb.runtime.cause import caused_by
from recq_nb.runtime.consumer import FETCH_SIZE
from recq_nb.runtime.engine import Engine
from recq_nb.runtime.event_reader import EventReader
from recq_nb.runtime.event_tail import TailEvent
from recq_nb.runtime.event_work import Failure, Progress, commit_alone
from recq_nb.runtime.flow_steps import FlowSteps
from recq_nb.runtime.gateways import BoundQueryGateway
from recq_nb.runtime.handler_failure import annotate
from recq_nb.runtime.message_gateway import MessageGateway
from recq_nb.runtime.timestamps import timestamp_of

MOST_TOLD = FETCH_SIZE
"""Events of a batch whose steps are told of, the newest ones: as many as a consumer at the head is ever given, but a
replay of a long log does not push everything else out of the listeners' memory."""


class ProjectorFrame:
    """The event of a batch that is being projected; its envelope is made when somebody asks for it."""

    __slots__ = ("_message", "_reader", "gateway", "head_reached", "lag", "payload", "stored", "transaction")

    stored: StoredEvent
    payload: Event
    lag: int

    def __init__(
        self,
        transaction: ConsumerTransaction,
        reader: EventReader,
        gateway: Callable[[EventMessage], BoundQueryGateway],
        *,
        head_reached: bool,
    ) -> None:
        self.transaction = transaction
        self.gateway = gateway
        self.head_reached = head_reached
        self._reader = reader
        self._message: EventMessage | None = None

    def turn_to(self, event: TailEvent, lag: int) -> None:
        """Go on to another event, that many before the last one."""
        self.stored, payload, _ = event
        self.payload = payload if payload is not None else self._reader.payload(self.stored)
        self.lag = lag
        self._message = None

    @property
    def message(self) -> EventMessage:
        """The event in its envelope."""
        if self._message is None:
            self._message = self._reader.message(self.stored, self.payload)
        return self._message


def _table(parameter: ParameterDefinition) -> Getter[ProjectorFrame]:
    definition = parameter.read_model
    assert definition is not None
    return lambda frame: frame.transaction.table(definition)


_PROVIDERS: dict[Injection, Provider[ProjectorFrame]] = {
    Injection.PAYLOAD: lambda _: lambda frame: frame.payload,
    Injection.EVENT_MESSAGE: lambda _: lambda frame: frame.message,
    Injection.METADATA: lambda _: lambda frame: frame.message.metadata,
    Injection.TIMESTAMP: lambda _: lambda frame: timestamp_of(frame.stored.record.timestamp),
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
        frame = ProjectorFrame(transaction, self._reader, self._query_gateway, head_reached=progress.head_reached)
        apart = Context()  # for events from the store, whose senders are gone
        untold = len(events) - MOST_TOLD if self._flow.listening else len(events)
        try:
            for place, event in enumerate(events):
                try:
                    frame.turn_to(event, len(events) - place - 1)
                    context = event.context.copy() if event.context is not None else apart
                    self._one(frame, context, place >= untold)
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

    def _one(self, frame: ProjectorFrame, context: Context, told: bool) -> None:  # noqa: FBT001  once per event
        handler, plan = self._plans[frame.stored.record.event_name]
        started = perf_counter_ns() if told else 0
        try:
            result = context.run(plan.call, frame)
            if handler.is_async:
                result = self._awaited(result, handler, frame, context)
        except BaseException as raised:  # noqa: BLE001  border: the handler call
            message = frame.message
            error = annotate(raised, handler.label, f"{message.name} (event {message.sequence_number})")
            self._flow.consumed(message, handler, started or perf_counter_ns(), error)
            raise error  # noqa: B904  itself, or caused by it
        if told:
            self._flow.consumed(frame.message, handler, started, None)
        if result is not None:
            raise HandlerResultError(
                f"{handler.label} returned a {type(result).__name__}; projectors emit nothing.",
                remedy="Write to the read model and return nothing.",
            )

    def _awaited(self, result: object, handler: HandlerDefinition, frame: ProjectorFrame, context: Context) -> object:
        coroutine = cast("Coroutine[object, object, object]", result)
        awaited = _contained(coroutine, handler.label, frame.message.name)
        return context.run(asyncio.run_coroutine_threadsafe, awaited, self._engine.loop).result()

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
