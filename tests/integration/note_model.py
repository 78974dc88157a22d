"""Notes and stamps: the smallest aggregate and service, and what tests ask of them."""

# Annotations are evaluated at once in this module, so that components may be defined inside tests.

from collections.abc import Callable

import pytest

from recq_nb import (
    AggregateId,
    AggregateState,
    Confirmation,
    DomainCommand,
    DomainEvent,
    LockId,
    ServiceCommand,
    ServiceEvent,
    Session,
)

WAIT = 30.0


class NoteCommand(DomainCommand):
    identifier: AggregateId
    text: str = ""


class NotedEvent(DomainEvent):
    identifier: str
    text: str = ""


class OtherEvent(DomainEvent):
    identifier: str = ""


class StampCommand(ServiceCommand):
    account: LockId | None = None
    text: str = ""


class UnheardCommand(ServiceCommand):
    pass


class StampedEvent(ServiceEvent):
    text: str


class NoteState(AggregateState):
    texts: list[str] = []  # noqa: RUF012  pydantic copies it


def send(session: Session, *commands: DomainCommand | ServiceCommand) -> list[Confirmation]:
    return [session.send(command).result(WAIT) for command in commands]


def error_of(act: Callable[[], object]) -> BaseException:
    with pytest.raises(BaseException) as raised:  # noqa: PT011  the test looks at it
        act()
    return raised.value


def events_in(session: Session) -> list[tuple[object, ...]]:
    return session.sql("select aggregate_id, version, event_name from recq.events order by sequence_number").rows()
