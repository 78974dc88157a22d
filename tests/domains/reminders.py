"""A saga that has reminders sent later."""

from collections.abc import Callable
from datetime import timedelta

from recq_nb import (
    CommandMessage,
    CommandScheduler,
    SagaState,
    ServiceCommand,
    ServiceEvent,
    command_handler,
    saga,
    saga_event_handler,
    service,
)


class BookCommand(ServiceCommand):
    name: str
    seconds: float = 60.0


class BookedEvent(ServiceEvent):
    name: str
    seconds: float


class RegretCommand(ServiceCommand):
    name: str


class RegrettedEvent(ServiceEvent):
    name: str


class LeaveCommand(ServiceCommand):
    name: str


class LeftEvent(ServiceEvent):
    name: str


class RemindCommand(ServiceCommand):
    name: str


@service
class Desk:
    @command_handler
    def book(self, command: BookCommand) -> BookedEvent:
        return BookedEvent(name=command.name, seconds=command.seconds)

    @command_handler
    def regret(self, command: RegretCommand) -> RegrettedEvent:
        return RegrettedEvent(name=command.name)

    @command_handler
    def leave(self, command: LeaveCommand) -> LeftEvent:
        return LeftEvent(name=command.name)


class Bell:
    """What rang; and what happens when somebody rings."""

    def __init__(self) -> None:
        self.rung: list[str] = []
        self.messages: list[CommandMessage] = []
        self.on_ring: Callable[[], object] = lambda: None


@service
class Reminder:
    def __init__(self, bell: Bell) -> None:
        self._bell = bell

    @command_handler
    def remind(self, command: RemindCommand, message: CommandMessage) -> None:
        self._bell.messages.append(message)
        self._bell.on_ring()
        self._bell.rung.append(command.name)


class StayState(SagaState):
    schedule_id: str = ""


@saga(start="first")
class Stay:
    @saga_event_handler(init=True, association_property="name", retry=0)
    def booked(self, event: BookedEvent, state: StayState | None, scheduler: CommandScheduler) -> StayState:
        kept = state or StayState()
        kept.associate("name", event.name)
        after = timedelta(seconds=event.seconds)
        kept.schedule_id = scheduler.schedule(RemindCommand(name=event.name), after=after)
        return kept

    @saga_event_handler(association_property="name", retry=0)
    def regretted(self, event: RegrettedEvent, state: StayState, scheduler: CommandScheduler) -> None:
        scheduler.cancel(state.schedule_id)

    @saga_event_handler(association_property="name", retry=0)
    def left(self, event: LeftEvent, state: StayState) -> None:
        state.ended = True
