"""Flow steps made by hand, at moments of one's choosing, as the recorder would have them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import cast

from recq_nb import AggregateId, DomainCommand, DomainEvent, Query, View
from recq_nb.modeling.message import CommandMessage, EventMessage, Message, QueryMessage
from recq_nb.modeling.metadata import EMPTY_METADATA
from recq_nb.ports.flow_listener import FlowStep, FlowStepKind

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class NotePayCommand(DomainCommand):
    note_id: AggregateId


class NotePaidEvent(DomainEvent):
    note_id: str


class NoteView(View):
    note_id: str


class NoteListQuery(Query[list[NoteView]]):
    pass


def command(message_id: str, correlation_id: str = "", cause: str = "", sender: str = "") -> CommandMessage:
    payload = NotePayCommand(note_id="N")
    return CommandMessage(
        message_id,
        correlation_id or message_id,
        cause or message_id,
        "NotePayCommand",
        payload,
        EMPTY_METADATA,
        NOW,
        sender,
    )


def query(message_id: str) -> QueryMessage:
    payload = cast("Query[object]", NoteListQuery())
    return QueryMessage(message_id, message_id, message_id, "NoteListQuery", payload, EMPTY_METADATA, NOW)


def event(message_id: str, correlation_id: str, cause: str) -> EventMessage:
    payload = NotePaidEvent(note_id="N")
    return EventMessage(
        1,
        message_id,
        correlation_id,
        cause,
        "NotePaidEvent",
        payload,
        EMPTY_METADATA,
        NOW,
        "Note",
        "N",
        1,
        "default",
    )


def step(
    kind: FlowStepKind,
    at_ms: float,
    message: Message,
    component: str = "",
    *,
    handler: str = "",
    handler_ns: int = 0,
    store_ns: int = 0,
    outcome: str = "",
) -> FlowStep:
    at = round(at_ms * 1e6)
    return FlowStep(kind, at, message, component, handler, handler_ns=handler_ns, store_ns=store_ns, outcome=outcome)


def paid(flow: str, at_ms: float = 0) -> list[FlowStep]:
    """A command that is stored, confirmed and projected: four hops."""
    sent, stored = command(flow), event(f"{flow}e", flow, flow)
    return [
        step(FlowStepKind.SENT, at_ms, sent),
        step(FlowStepKind.PUBLISHED, at_ms + 0.25, stored, store_ns=200_000),
        step(FlowStepKind.REPLIED, at_ms + 0.5, sent, "Note", handler="pay", handler_ns=20_000),
        step(FlowStepKind.CONSUMED, at_ms + 3, stored, "NoteProjector", handler="paid", handler_ns=2_000_000),
    ]
