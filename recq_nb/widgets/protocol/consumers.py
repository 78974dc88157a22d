"""What the consumers widget and its part tell each other."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, with_config
from typing_extensions import TypedDict


class ConsumerRow(TypedDict):
    """One consumer: component, version and context.

    Attributes:
        kind: ``projector``, ``observer`` or ``saga``.
        rate: Events passed a second, over the last seconds.
        health: ``starting``, ``replaying``, ``running``, ``stalled``, ``paused`` or ``stopped``.
        attempts: Failed attempts at the event it is stalled on.
        busy: What it is being told to do; ``""`` for nothing.
        trend: Lag, one value a second, the newest last.
    """

    consumer_id: str
    component: str
    kind: str
    version: int
    context: str
    position: int
    head: int
    lag: int
    rate: float
    health: str
    reason: str
    attempts: int
    dead_events: int
    last_error: str
    busy: str
    trend: list[int]


class DeadEventRow(TypedDict):
    """One event in a dead event queue.

    Attributes:
        place: The modeller's line it failed at, with its number and text.
        dead_at: ISO time, UTC.
    """

    consumer_id: str
    sequence_number: int
    event_name: str
    aggregate_id: str
    context: str
    exception: str
    place: str
    traceback: str
    attempts: int
    dead_at: str


class SagaRow(TypedDict):
    """One saga instance that has not ended; its state is JSON."""

    saga_id: str
    saga_name: str
    associations: list[list[str]]
    state: str


class ScheduledRow(TypedDict):
    """One scheduled command; its payload is JSON, ``due_at`` an ISO time, UTC."""

    schedule_id: str
    command_name: str
    saga_name: str
    saga_id: str
    payload: str
    due_at: str
    attempts: int
    last_error: str
    given_up: bool


class Tables(TypedDict):
    """What is kept in the store beside the checkpoints; the newest rows, and how many there are."""

    dead: list[DeadEventRow]
    dead_total: int
    sagas: list[SagaRow]
    sagas_total: int
    scheduled: list[ScheduledRow]
    scheduled_total: int


class ConsumersBody(TypedDict):
    """How everything is; ``tables`` is None where nothing in them changed, ``problem`` says why they cannot be read."""

    kind: Literal["consumers"]
    head: int
    consumers: list[ConsumerRow]
    tables: Tables | None
    problem: str


Action = Literal["pause", "resume", "replay", "redrive", "delete"]


@with_config(ConfigDict(extra="forbid"))
class Act(TypedDict):
    """A reader wants something done.

    Attributes:
        consumer: Consumer id; ``""`` for all (``redrive`` and ``delete`` only).
        sequence_number: One dead event; None for all of them.
        confirmed: Whether the reader was asked, where something is lost or done again.
    """

    kind: Literal["act"]
    action: Action
    consumer: str
    sequence_number: int | None
    confirmed: bool


@with_config(ConfigDict(extra="forbid"))
class ActOnScheduled(TypedDict):
    """A reader decides about a scheduled command.

    Attributes:
        confirmed: Whether the reader was asked, where it is never sent.
    """

    kind: Literal["scheduled"]
    action: Literal["cancel", "retry"]
    schedule_id: str
    confirmed: bool


class Acted(TypedDict):
    """It is done; the text says what came of it."""

    kind: Literal["acted"]
    text: str
    failed: bool
