"""A recorded flow as a sequence diagram: the arrows in the order of time, as text for Mermaid and as a picture."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from recq_nb.flow.flow_graph import FlowGraph, FlowNode, MessageKind, milliseconds
from recq_nb.ports.flow_listener import FlowStepKind

OUTSIDE = "outside"
STORE = "event store"


class ArrowKind(StrEnum):
    """How an arrow is drawn."""

    REQUEST = "request"
    REPLY = "reply"
    REFUSAL = "refusal"
    EVENT = "event"


@dataclass(frozen=True, slots=True)
class Arrow:
    """One hop between two lifelines.

    Attributes:
        time_ns: When it happened; arrows are ordered by it.
        source, target: Lifelines: components, ``"outside"`` or ``"event store"``.
        message_kind: Kind of the message, which gives the colour.
    """

    time_ns: int
    source: str
    target: str
    label: str
    kind: ArrowKind
    message_kind: MessageKind


def arrows_of(graph: FlowGraph) -> list[Arrow]:
    """Every hop of a flow, in the order it happened."""
    arrows: list[Arrow] = []
    for node in graph.nodes():
        arrows.extend(_event_arrows(node) if node.kind is MessageKind.EVENT else _request_arrows(node))
    return sorted(arrows, key=lambda arrow: arrow.time_ns)


def lifelines_of(arrows: list[Arrow]) -> list[str]:
    """The lifelines, left to right in order of appearance."""
    return list(dict.fromkeys(end for arrow in arrows for end in (arrow.source, arrow.target)))


def _request_arrows(node: FlowNode) -> list[Arrow]:
    sender = node.message.sender or OUTSIDE
    receiver = node.component or "nobody"
    name = node.message.name
    found = [Arrow(node.started_ns, sender, receiver, name, ArrowKind.REQUEST, node.kind)]
    if node.end is None or node.ended_ns is None or node.duration_ns is None:
        return found
    took = milliseconds(node.duration_ns)
    if node.end is FlowStepKind.REPLIED:
        return [*found, Arrow(node.ended_ns, receiver, sender, f"done, {took}", ArrowKind.REPLY, node.kind)]
    label = f"{str(node.end).replace('_', ' ')}: {node.outcome}"
    return [*found, Arrow(node.ended_ns, receiver, sender, label, ArrowKind.REFUSAL, node.kind)]


def _event_arrows(node: FlowNode) -> list[Arrow]:
    name = node.message.name
    found = [Arrow(node.started_ns, node.message.sender, STORE, name, ArrowKind.EVENT, node.kind)]
    for consumption in node.consumptions:
        kind = ArrowKind.REFUSAL if consumption.outcome else ArrowKind.EVENT
        label = f"{name}: {consumption.outcome}" if consumption.outcome else name
        found.append(Arrow(consumption.started_ns, STORE, consumption.component, label, kind, node.kind))
    return found


_MERMAID = {ArrowKind.REQUEST: "->>", ArrowKind.REPLY: "-->>", ArrowKind.REFUSAL: "--x", ArrowKind.EVENT: "-)"}
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
