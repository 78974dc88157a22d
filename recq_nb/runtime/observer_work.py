"""Observing events: each handled at least once, on its own."""

from __future__ import annotations

from collections.abc import Sequence

from recq_nb.errors import HandlerResultError
from recq_nb.modeling.capability import HandlerKind, Injection
from recq_nb.modeling.component_definition import ComponentDefinition
from recq_nb.modeling.message import EventMessage
from recq_nb.ports.consumer_state_store import ConsumerStateStore
from recq_nb.runtime.arguments import Provider
from recq_nb.runtime.engine import Engine
from recq_nb.runtime.event_reader import EventReader
from recq_nb.runtime.event_tail import TailEvent
from recq_nb.runtime.event_work import Failure, Progress, commit_alone
from recq_nb.runtime.flow_steps import FlowSteps
from recq_nb.runtime.message_gateway import MessageGateway
from recq_nb.runtime.reaction import Reactions


class ObserverFrame:
    """One event being observed."""

    __slots__ = ("consumer_id", "message", "reactions")

    def __init__(self, message: EventMessage, consumer_id: str, reactions: Reactions[ObserverFrame]) -> None:
        self.message = message
        self.consumer_id = consumer_id
        self.reactions = reactions


_PROVIDERS: dict[Injection, Provider[ObserverFrame]] = {
    Injection.PAYLOAD: lambda _: lambda frame: frame.message.payload,
    Injection.EVENT_MESSAGE: lambda _: lambda frame: frame.message,
    Injection.METADATA: lambda _: lambda frame: frame.message.metadata,
    Injection.TIMESTAMP: lambda _: lambda frame: frame.message.timestamp,
    Injection.COMMAND_GATEWAY: lambda _: (
        lambda frame: frame.reactions.command_gateway(frame.message, frame.consumer_id)
    ),
    Injection.QUERY_GATEWAY: lambda _: lambda frame: frame.reactions.query_gateway(frame.message),
}


class ObserverWork:
    """Handles an observer's events; the consumer decides how many at once."""

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
        self._reactions: Reactions[ObserverFrame] = Reactions(
            component, HandlerKind.EVENT, _PROVIDERS, engine, reader, gateway, flow_steps
        )

    async def handle(self, events: Sequence[TailEvent], progress: Progress) -> Failure | None:
        """See ``EventWork.handle``."""
        for place, event in enumerate(events):
            try:
                message = self._reactions.message(event)
                frame = ObserverFrame(message, progress.consumer_id, self._reactions)
                result = await self._reactions.call(event, message, frame)
            except Exception as error:  # noqa: BLE001  border: the handler call
                return Failure(place, error)
            if result is not None:
                return Failure(place, self._emitted(event, result))
        if progress.redriven is not None or progress.checkpoint is not None:
            await self.commit(progress)
        return None

    def _emitted(self, event: TailEvent, result: object) -> HandlerResultError:
        return HandlerResultError(
            f"{self._reactions.handler(event).label} returned a {type(result).__name__}; observers emit nothing.",
            remedy="Send a command for what should happen, and return nothing.",
        )

    async def commit(self, progress: Progress) -> None:
        """See ``EventWork.commit``."""
        await self._engine.in_worker(commit_alone, self._states, self._component.name, progress)
