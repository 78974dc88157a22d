"""Moving sagas on: find the one instance, let its handler act, keep state, schedules and checkpoint as one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

from recq_nb.errors import ComponentDefinitionError, HandlerResultError, PayloadError, SagaAssociationError
from recq_nb.modeling.capability import HandlerKind, Injection
from recq_nb.modeling.component_definition import ComponentDefinition, HandlerDefinition
from recq_nb.modeling.gateway import CommandScheduler
from recq_nb.modeling.message import EventMessage
from recq_nb.modeling.payload import Command
from recq_nb.modeling.serialization import decode_model, encode_model
from recq_nb.modeling.state import SagaState, association_text
from recq_nb.ports.clock import Clock
from recq_nb.ports.consumer_state_store import ConsumerStateStore
from recq_nb.ports.saga_state_store import SagaRecord
from recq_nb.ports.scheduled_command_store import ScheduledCommandRecord
from recq_nb.runtime.arguments import Provider
from recq_nb.runtime.engine import Engine
from recq_nb.runtime.event_reader import EventReader
from recq_nb.runtime.event_tail import TailEvent
from recq_nb.runtime.event_work import Failure, Progress, commit_alone
from recq_nb.runtime.flow_steps import FlowSteps
from recq_nb.runtime.message_gateway import MessageGateway
from recq_nb.runtime.reaction import Reactions
from recq_nb.runtime.timestamps import microseconds_of


class SagaFrame(CommandScheduler):
    """One event moving one saga instance on; collects what the handler schedules until its state is kept."""

    def __init__(
        self,
        message: EventMessage,
        progress: Progress,
        reactions: Reactions[SagaFrame],
        saga_id: str,
        state: SagaState | None,
        clock: Clock,
    ) -> None:
        self.message = message
        self.consumer_id = progress.consumer_id
        self.reactions = reactions
        self.saga_id = saga_id
        self.state = state
        self.scheduled: list[ScheduledCommandRecord] = []
        self.cancelled: list[str] = []
        self._clock = clock
        self._positions = count(1)

    def schedule(self, command: Command, *, after: timedelta | None = None, at: datetime | None = None) -> str:
        """See ``CommandScheduler.schedule``."""
        if not isinstance(command, Command):
            raise PayloadError(f"schedule() was given a {type(command).__name__}; it takes a command.")
        if (after is None) == (at is None) or (at is not None and at.tzinfo is None):
            raise PayloadError(
                f"schedule({type(command).__name__}) needs a delay or a timezone-aware moment, and only one of them.",
                remedy="Write schedule(command, after=timedelta(minutes=5)) or schedule(command, at=moment).",
            )
        due = self._clock.now() + after if after is not None else at
        assert due is not None
        message = self.message
        schedule_id = f"{self.consumer_id}:{message.message_id}:schedule:{next(self._positions)}"
        self.scheduled.append(
            ScheduledCommandRecord(
                schedule_id,
                self.saga_id,
                self.reactions.component_name,
                type(command).__name__,
                encode_model(command),
                message.metadata.to_json(),
                message.correlation_id,
                message.message_id,
                microseconds_of(due.astimezone(UTC)),
            )
        )
        return schedule_id

    def cancel(self, schedule_id: str) -> None:
        """See ``CommandScheduler.cancel``."""
        self.scheduled = [record for record in self.scheduled if record.schedule_id != schedule_id]
        self.cancelled.append(schedule_id)


_PROVIDERS: dict[Injection, Provider[SagaFrame]] = {
    Injection.PAYLOAD: lambda _: lambda frame: frame.message.payload,
    Injection.STATE: lambda _: lambda frame: frame.state,
    Injection.EVENT_MESSAGE: lambda _: lambda frame: frame.message,
    Injection.METADATA: lambda _: lambda frame: frame.message.metadata,
    Injection.TIMESTAMP: lambda _: lambda frame: frame.message.timestamp,
    Injection.COMMAND_GATEWAY: lambda _: (
        lambda frame: frame.reactions.command_gateway(frame.message, frame.consumer_id)
    ),
    Injection.QUERY_GATEWAY: lambda _: lambda frame: frame.reactions.query_gateway(frame.message),
    Injection.COMMAND_SCHEDULER: lambda _: lambda frame: frame,
}


class SagaWork:
    """Handles a saga's events one after the other, each committed on its own: its commands have taken effect.

    No transaction is open while a handler runs. If the process dies between a command and the commit, the event comes
    again, the same commands are sent under the same ids, and their first outcomes come back.
    """

    def __init__(  # noqa: PLR0913, PLR0917  each is a collaborator
        self,
        component: ComponentDefinition,
        engine: Engine,
        states: ConsumerStateStore,
        reader: EventReader,
        gateway: MessageGateway,
        flow_steps: FlowSteps,
        clock: Clock,
        on_scheduled: Callable[[], None],
        schedules: asyncio.Lock | None = None,
    ) -> None:
        assert component.state_type is not None
        assert issubclass(component.state_type, SagaState)
        self._component = component
        self._state_type: type[SagaState] = component.state_type
        self._engine = engine
        self._states = states
        self._clock = clock
        self._on_scheduled = on_scheduled
        self._schedules = schedules if schedules is not None else asyncio.Lock()
        self._turn = asyncio.Lock()
        self._reactions: Reactions[SagaFrame] = Reactions(
            component, HandlerKind.SAGA_EVENT, _PROVIDERS, engine, reader, gateway, flow_steps
        )

    async def handle(self, events: Sequence[TailEvent], progress: Progress) -> Failure | None:
        """See ``EventWork.handle``; events before a failing one are kept."""
        for place, event in enumerate(events):
            last = place == len(events) - 1
            own = progress if last or progress.checkpoint is None else self._up_to(progress, event)
            try:
                await self._one(event, own)
            except Exception as error:  # noqa: BLE001  border: the handler call
                return Failure(place, error, kept=True)
        return None

    @staticmethod
    def _up_to(progress: Progress, event: TailEvent) -> Progress:
        return replace(progress, checkpoint=event.stored.sequence_number)

    async def _one(self, event: TailEvent, progress: Progress) -> None:
        async with self._turn:  # consumers of several contexts may move the same instance
            await self._move(event, progress)

    async def _move(self, event: TailEvent, progress: Progress) -> None:
        handler = self._reactions.handler(event)
        message = self._reactions.message(event)
        association = handler.declaration.association_property
        assert association is not None
        value = _association_value(handler, message, association)
        found = await self._engine.in_worker(self._find, association, value)
        if found is None and not handler.declaration.init:
            await self.commit(progress)
            return
        saga_id = found.saga_id if found is not None else f"{self._component.name}:{message.message_id}"
        state = decode_model(self._state_type, found.state) if found is not None else None
        frame = SagaFrame(message, progress, self._reactions, saga_id, state, self._clock)
        result = await self._reactions.call(event, message, frame)
        new_state = self._new_state(handler, frame, result)
        async with self._schedules:  # the scheduler may be changing what this cancels
            await self._engine.in_worker(self._keep, frame, new_state, progress)
        if frame.scheduled:
            self._on_scheduled()

    def _find(self, association: str, value: str) -> SagaRecord | None:
        transaction = self._states.begin(self._component.name)
        try:
            return transaction.saga_states().find(self._component.name, association, value)
        finally:
            transaction.rollback()

    def _new_state(self, handler: HandlerDefinition, frame: SagaFrame, result: object) -> SagaState:
        new_state = result if result is not None else frame.state
        # By name: the class may have been defined again since the component was registered.
        if not isinstance(new_state, SagaState) or type(new_state).__name__ != self._state_type.__name__:
            returned = "nothing" if result is None else f"a {type(result).__name__}"
            raise HandlerResultError(
                f"{handler.label} returned {returned}; a handler that starts a saga returns its state.",
                remedy=f"Return a {self._state_type.__name__} whose associations are set.",
            )
        if not new_state.associations and not new_state.ended:
            raise SagaAssociationError(
                f"{handler.label} starts a saga without associations; no later event could find it.",
                remedy='Set them: state.associate("identifier", event.identifier).',
            )
        return new_state

    def _keep(self, frame: SagaFrame, state: SagaState, progress: Progress) -> None:
        transaction = self._states.begin(self._component.name)
        try:
            sagas, schedules = transaction.saga_states(), transaction.scheduled_commands()
            if state.ended:
                sagas.delete(frame.saga_id)
                schedules.cancel_all(frame.saga_id)
            else:
                sagas.save(
                    SagaRecord(frame.saga_id, self._component.name, encode_model(state), dict(state.associations))
                )
                for schedule_id in frame.cancelled:
                    schedules.cancel(schedule_id)
                for record in frame.scheduled:
                    schedules.add(record)
            progress.commit(transaction)
        except BaseException:
            transaction.rollback()
            raise

    async def commit(self, progress: Progress) -> None:
        """See ``EventWork.commit``."""
        await self._engine.in_worker(commit_alone, self._states, self._component.name, progress)


def _association_value(handler: HandlerDefinition, message: EventMessage, association: str) -> str:
    if association not in type(message.payload).model_fields:
        raise ComponentDefinitionError(
            f"{handler.label} finds its saga by {association!r}, which {message.name} no longer has.",
            remedy=f"Run the cell of {handler.component} again with a field that exists.",
        )
    value: object = getattr(message.payload, association)
    if value is None or value == "":
        raise SagaAssociationError(
            f"event {message.sequence_number}, a {message.name}, has no {association}; {handler.label} cannot find "
            "its saga.",
            remedy=f"Have every {message.name} carry {association}, or associate by another field.",
        )
    return association_text(value)
