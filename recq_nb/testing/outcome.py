"""What came of running a specification's story: everything an expectation may ask for."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from recq_nb.modeling.payload import Command
from recq_nb.modeling.read_model import ReadModel
from recq_nb.modeling.state import AggregateState, SagaState


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A command that is to be sent after a delay."""

    command: Command
    after: timedelta


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a story.

    Attributes:
        results: The event of a command, or the view or views of a query.
        error: What the handler, or a rule before it, refused with.
        sent: Commands sent by the last step, in order.
        scheduled: Commands the last step scheduled, earliest first.
        sagas: States of the saga instances that have not ended.
        saga_started: Whether there ever was one.
        aggregate_state: After the last event.
        rows: Rows of every read model a projector owns, by class name.
    """

    results: tuple[object, ...] = ()
    error: BaseException | None = None
    sent: tuple[Command, ...] = ()
    scheduled: tuple[Scheduled, ...] = ()
    sagas: tuple[SagaState, ...] = ()
    saga_started: bool = False
    aggregate_state: AggregateState | None = None
    rows: dict[str, list[ReadModel]] = field(default_factory=dict)
