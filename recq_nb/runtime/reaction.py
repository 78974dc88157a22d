"""Calling a handler that reacts to an event with commands and queries: sagas and observers alike."""

from __future__ import annotations

from collections.abc import Coroutine
from contextvars import Context
from dataclasses import dataclass
from typing import Generic, TypeVar, cast

from recq_nb.modeling.capability import HandlerKind, Injection
from recq_nb.modeling.component_definition import ComponentDefinition, HandlerDefinition
from recq_nb.modeling.message import EventMessage
from recq_nb.runtime.arguments import ArgumentPlan, Provider
from recq_nb.runtime.cause import caused_by
from recq_nb.runtime.engine import Engine
from recq_nb.runtime.event_reader import EventReader
from recq_nb.runtime.event_tail import TailEvent
from recq_nb.runtime.flow_steps import FlowSteps
from recq_nb.runtime.gateways import BoundCommandGateway, BoundQueryGateway
from recq_nb.runtime.handler_failure import annotate, is_being_cancelled
from recq_nb.runtime.message_gateway import MessageGateway

Frame = TypeVar("Frame")


@dataclass(frozen=True, slots=True)
class _Raised:
    """What a handler raised, on its way out of its task."""

    error: BaseException


class Reactions(Generic[Frame]):
    """The event handlers of one component, ready to be called.

    A plain handler runs on a worker thread, an async one on the engine, both in the context variables of whoever sent
    the command that caused the event. Commands they send have ids derived from consumer, event and position.
    """

    def __init__(
        self,
        component: ComponentDefinition,
        kind: HandlerKind,
        providers: dict[Injection, Provider[Frame]],
        engine: Engine,
        reader: EventReader,
        gateway: MessageGateway,
        flow_steps: FlowSteps,
    ) -> None:
        self._component = component
        self.component_name = component.name
        self._engine = engine
        self._reader = reader
        self._gateway = gateway
        self._flow = flow_steps
        self._plans: dict[str, tuple[HandlerDefinition, ArgumentPlan[Frame]]] = {
            name: (handler, ArgumentPlan(handler, providers)) for name, handler in component.handlers_of(kind).items()
        }

    def handler(self, event: TailEvent) -> HandlerDefinition:
        """The handler of an event."""
        return self._plans[event.stored.record.event_name][0]

    def message(self, event: TailEvent) -> EventMessage:
        """The event in its envelope."""
        return self._reader.message(event.stored, event.payload)

    def command_gateway(self, message: EventMessage, consumer_id: str) -> BoundCommandGateway:
        """A gateway whose command ids are derived, so that a redelivered event sends nothing twice."""
        cause = caused_by(message, self._component.name)
        return BoundCommandGateway(self._gateway, cause, derive_from=f"{consumer_id}:{message.message_id}")

    def query_gateway(self, message: EventMessage) -> BoundQueryGateway:
        """A gateway for queries."""
        return BoundQueryGateway(self._gateway, caused_by(message, self._component.name))

    async def call(self, event: TailEvent, message: EventMessage, frame: Frame) -> object:
        """Call the handler of an event and return what it returns; raises whatever it raises."""
        handler, plan = self._plans[message.name]
        context = event.context.copy() if event.context is not None else Context()
        started = self._flow.start()
        result = await self._engine.start_task(self._run(handler, plan, frame), context=context)
        if isinstance(result, _Raised):
            error = annotate(result.error, handler.label, f"{message.name} (event {message.sequence_number})")
            self._flow.consumed(message, handler, started, error)
            raise error
        self._flow.consumed(message, handler, started, None)
        return result

    async def _run(self, handler: HandlerDefinition, plan: ArgumentPlan[Frame], frame: Frame) -> object:
        try:
            if handler.is_async:
                return await cast("Coroutine[object, object, object]", plan.call(frame))
            return await self._engine.in_worker(plan.call, frame)
        except BaseException as error:  # border: the handler call; a task that raised would count as a bug
            if is_being_cancelled():
                raise
            return _Raised(error)
