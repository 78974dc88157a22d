"""A recorded flow as a sequence diagram: the arrows in the order of time, as text for Mermaid and as a picture."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from recq_nb.flow.flow_graph import FlowGraph, FlowNode, MessageKind, short_duration, short_outcome
from recq_nb.modeling.message import InvocationMessage
from recq_nb.modeling.payload import Query
from recq_nb.modeling.payload_definition import PayloadKind, payload_kind, query_answer
from recq_nb.ports.flow_listener import FlowStepKind

OUTSIDE = "outside"
GATEWAY = "gateway"
STORE = "event store"


class ArrowKind(StrEnum):
    """How an arrow is drawn."""

    REQUEST = "request"
    REPLY = "reply"
    FAILURE = "failure"
    EVENT = "event"


@dataclass(frozen=True, slots=True)
class Arrow:
    """One hop between two lifelines.

    Attributes:
        time_ns: When it began, on the monotonic clock; arrows are ordered by it.
        source, target: Lifelines: components, ``"outside"``, ``"event store"``, and ``"gateway"`` where no component
            took a request.
        label: What it carries and how long that took: a reply since the request, an event in its handler.
        payload: Kind of what it carries, which gives the colour; None for a call of an invoker.
        until_ns: When the handler it reached was done; None where it reached none, or nothing is known of its end.
    """

    time_ns: int
    source: str
    target: str
    label: str
    kind: ArrowKind
    payload: PayloadKind | None
    until_ns: int | None = None


def arrows_of(graph: FlowGraph) -> list[Arrow]:
    """Every hop of a flow, in the order it happened."""
    return in_order(arrow for node in graph.nodes() for arrow in arrows_of_message(node))


def in_order(arrows: Iterable[Arrow]) -> list[Arrow]:
    """Arrows in the order of time."""
    return sorted(arrows, key=lambda arrow: arrow.time_ns)


def arrows_of_message(node: FlowNode) -> list[Arrow]:
    """The hops of one message."""
    return _event_arrows(node) if node.kind is MessageKind.EVENT else _request_arrows(node)


def lifelines_of(arrows: Iterable[Arrow]) -> list[str]:
    """The lifelines, left to right in order of appearance."""
    return list(dict.fromkeys(end for arrow in arrows for end in (arrow.source, arrow.target)))


def _payload_kind_of(node: FlowNode) -> PayloadKind | None:
    message = node.message
    return None if isinstance(message, InvocationMessage) else payload_kind(type(message.payload))


def _reply_of(node: FlowNode) -> tuple[str, PayloadKind | None]:
    """What a reply carries, and its kind: an answered query's view, else the confirmation."""
    message = node.message
    if not isinstance(message, InvocationMessage) and isinstance(message.payload, Query):
        view, is_many = query_answer(type(message.payload))
        return (f"list of {view.__name__}" if is_many else view.__name__), PayloadKind.VIEW
    return "done", _payload_kind_of(node)


def _request_arrows(node: FlowNode) -> list[Arrow]:
    sender = node.message.sender or OUTSIDE
    receiver = node.component or GATEWAY
    name, kind = node.message.name, _payload_kind_of(node)
    until = node.ended_ns if node.component and node.end is not FlowStepKind.TIMED_OUT else None
    found = [Arrow(node.started_ns, sender, receiver, name, ArrowKind.REQUEST, kind, until)]
    if node.timed_out_ns is not None:
        took = short_duration(node.timed_out_ns - node.started_ns)
        label = f"timed out, {took}: outcome unknown"
        found.append(Arrow(node.timed_out_ns, GATEWAY, sender, label, ArrowKind.FAILURE, kind))
    if node.end in {None, FlowStepKind.TIMED_OUT} or node.ended_ns is None:
        return found
    took = short_duration(node.ended_ns - node.started_ns)
    if node.end is FlowStepKind.REPLIED:
        carried, carried_kind = _reply_of(node)
        return [*found, Arrow(node.ended_ns, receiver, sender, f"{carried}, {took}", ArrowKind.REPLY, carried_kind)]
    label = f"{node.end}: {short_outcome(node.outcome)}, {took}"
    return [*found, Arrow(node.ended_ns, receiver, sender, label, ArrowKind.FAILURE, kind)]


def _event_arrows(node: FlowNode) -> list[Arrow]:
    name, payload = node.message.name, _payload_kind_of(node)
    found = [Arrow(node.started_ns, node.message.sender or OUTSIDE, STORE, name, ArrowKind.EVENT, payload)]
    for consumption in node.consumptions:
        took = short_duration(consumption.handler_ns)
        kind = ArrowKind.FAILURE if consumption.outcome else ArrowKind.EVENT
        label = f"failed: {short_outcome(consumption.outcome)}, {took}" if consumption.outcome else f"{name}, {took}"
        until = consumption.started_ns + consumption.handler_ns
        found.append(Arrow(consumption.started_ns, STORE, consumption.component, label, kind, payload, until))
    return found


_MERMAID = {ArrowKind.REQUEST: "->>", ArrowKind.REPLY: "-->>", ArrowKind.FAILURE: "--x", ArrowKind.EVENT: "-)"}
_UNSAFE = re.compile(r"[^\w .,:()\-=/\[\]]", re.ASCII)


def _safe(text: str) -> str:
    """Text Mermaid cannot read as anything but text: every other character as its numeric entity."""
    flat = " ".join(text.split())[:120]
    return _UNSAFE.sub(lambda found: f"#{ord(found.group())};", flat)


def to_mermaid(graph: FlowGraph) -> str:
    """The flow as Mermaid sequence text, to be pasted into any Markdown."""
    arrows = arrows_of(graph)
    names = {lifeline: f"p{number}" for number, lifeline in enumerate(lifelines_of(arrows))}
    lines = ["sequenceDiagram"]
    lines += [f"  participant {short} as {_safe(lifeline)}" for lifeline, short in names.items()]
    lines += [
        f"  {names[arrow.source]}{_MERMAID[arrow.kind]}{names[arrow.target]}: {_safe(arrow.label)}" for arrow in arrows
    ]
    return "\n".join(lines)
