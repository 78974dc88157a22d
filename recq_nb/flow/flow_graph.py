"""Recorded flows: what one message caused, as a tree of messages with their hops and durations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from recq_nb.modeling.capability import ComponentKind
from recq_nb.modeling.legible_text import legible
from recq_nb.modeling.message import CommandMessage, EventMessage, Message, QueryMessage
from recq_nb.ports.flow_listener import FlowStep, FlowStepKind

LONGEST_OUTCOME = 400
"""Characters of an outcome in a label."""
_SECOND, _MILLISECOND = 1_000_000_000, 1_000_000


class MessageKind(StrEnum):
    """What a recorded message is."""

    COMMAND = "command"
    QUERY = "query"
    EVENT = "event"
    INVOCATION = "invocation"


def kind_of(message: Message) -> MessageKind:
    """The kind of a message."""
    if isinstance(message, CommandMessage):
        return MessageKind.COMMAND
    if isinstance(message, QueryMessage):
        return MessageKind.QUERY
    return MessageKind.EVENT if isinstance(message, EventMessage) else MessageKind.INVOCATION


@dataclass(frozen=True, slots=True)
class Consumption:
    """One consumer's handling of an event; several where it was tried again.

    Attributes:
        started_ns: When, on the monotonic clock.
        outcome: ``""`` for success, else the error.
    """

    component: str
    handler: str
    started_ns: int
    handler_ns: int
    outcome: str


@dataclass(slots=True)
class FlowNode:
    """One message of a flow with all that is known of its way.

    Attributes:
        started_ns: When it was sent or published, on the monotonic clock.
        ended_ns: When its reply came; None for events and for what is still under way.
        component: Who handled it, or for an event, who published it.
        end: How its request ended; None while it is under way, and for events.
        timed_out_ns: When its sender gave up waiting, whatever came later.
        outcome: Error or rejection code; ``""`` for success.
        consumptions: Events: who handled it.
        children: The messages it caused, in order.
    """

    message: Message
    kind: MessageKind
    started_ns: int
    ended_ns: int | None = None
    component: str = ""
    handler: str = ""
    end: FlowStepKind | None = None
    timed_out_ns: int | None = None
    outcome: str = ""
    lock_wait_ns: int = 0
    retrieve_ns: int = 0
    handler_ns: int = 0
    store_ns: int = 0
    consumptions: list[Consumption] = field(default_factory=list)
    children: list[FlowNode] = field(default_factory=list)

    @property
    def message_id(self) -> str:
        """Id of the message."""
        return self.message.message_id

    @property
    def duration_ns(self) -> int | None:
        """From sending to reply."""
        return None if self.ended_ns is None else self.ended_ns - self.started_ns


class FlowGraph:
    """Everything one message caused, as a tree; its roots are messages whose cause is not part of the flow.

    Built from recorded steps alone: what was forgotten or happened elsewhere is missing, never guessed. A message that
    causes itself through several hops cannot exist, so the tree has no cycles.

    Args:
        steps: What was recorded.
        kinds: Component names with their kinds, for pictures; a component that is missing is placed by what it does.

    Attributes:
        kinds: As given.
        roots: The messages whose cause is not part of it.
    """

    def __init__(self, steps: Iterable[FlowStep], kinds: Mapping[str, ComponentKind] | None = None) -> None:
        self.kinds = dict(kinds or {})
        self._nodes: dict[str, FlowNode] = {}
        for step in steps:
            self._take(step)
        self.roots: list[FlowNode] = []
        for node in self._nodes.values():
            parent = self._nodes.get(node.message.causation_id)
            if parent is None or parent is node:
                self.roots.append(node)
            else:
                parent.children.append(node)

    def _take(self, step: FlowStep) -> None:
        message = step.message
        node = self._nodes.get(message.message_id)
        if node is None:
            component = step.component if step.kind is FlowStepKind.PUBLISHED else ""
            node = FlowNode(message, kind_of(message), step.time_ns, component=component)
            self._nodes[message.message_id] = node
        if step.kind is FlowStepKind.SENT:
            node.started_ns = step.time_ns
            node.component = step.component or node.component
        elif step.kind is FlowStepKind.PUBLISHED:
            node.store_ns = step.store_ns
        elif node.kind is MessageKind.EVENT:
            node.consumptions.append(
                Consumption(step.component, step.handler, step.time_ns - step.handler_ns, step.handler_ns, step.outcome)
            )
        elif step.kind is not FlowStepKind.TIMED_OUT or node.end is None:
            if step.kind is FlowStepKind.TIMED_OUT:
                node.timed_out_ns = step.time_ns
            node.end = step.kind
            node.ended_ns = step.time_ns
            node.component, node.handler = step.component or node.component, step.handler
            node.lock_wait_ns, node.retrieve_ns = step.lock_wait_ns, step.retrieve_ns
            node.handler_ns, node.outcome = step.handler_ns, step.outcome

    def __len__(self) -> int:
        return len(self._nodes)

    def nodes(self) -> list[FlowNode]:
        """All messages, causes before effects."""
        found: list[FlowNode] = []
        waiting = list(reversed(self.roots))
        while waiting:
            node = waiting.pop()
            found.append(node)
            waiting.extend(reversed(node.children))
        return found

    def edges(self) -> set[tuple[str, str, str]]:
        """What was seen between components, to be laid over the application graph.

        Returns:
            (component, ``"sends"``, ``"queries"``, ``"publishes"`` or ``"consumes"``, payload name)
        """
        seen: set[tuple[str, str, str]] = set()
        for node in self._nodes.values():
            name = node.message.name
            if node.kind is MessageKind.EVENT:
                seen.add((node.message.sender, "publishes", name))
                seen.update((consumption.component, "consumes", name) for consumption in node.consumptions)
            elif node.kind is not MessageKind.INVOCATION and node.message.sender:
                seen.add((node.message.sender, "sends" if node.kind is MessageKind.COMMAND else "queries", name))
        return seen

    def tree(self) -> str:
        """The flow as indented text: one line a message, with how it ended and how long it took."""
        lines: list[str] = []
        waiting = [(node, 0) for node in reversed(self.roots)]
        while waiting:
            node, depth = waiting.pop()
            lines.append("  " * depth + _line(node))
            lines.extend("  " * (depth + 1) + _consumption_line(consumption) for consumption in node.consumptions)
            waiting.extend((child, depth + 1) for child in reversed(node.children))
        return "\n".join(lines)

    def __repr__(self) -> str:
        return self.tree() or "no flow recorded: send something first, e.g. recq.send(...)"


def milliseconds(nanoseconds: int) -> str:
    """A duration for people."""
    return f"{nanoseconds / 1e6:.1f} ms"


def short_duration(nanoseconds: int) -> str:
    """A duration for a label: in the unit that fits, with three digits at most."""
    if nanoseconds >= 0.9995 * _SECOND:
        return f"{nanoseconds / 1e9:.2f} s"
    if nanoseconds >= 0.9995 * _MILLISECOND:
        return f"{nanoseconds / 1e6:.{0 if nanoseconds >= 9.95 * _MILLISECOND else 1}f} ms"
    return f"{nanoseconds / 1e3:.0f} µs"


def short_outcome(outcome: str) -> str:
    """A rejection's code or an error for a label, which one of a megabyte would make a picture of megabytes."""
    return legible(outcome if len(outcome) <= LONGEST_OUTCOME else f"{outcome[:LONGEST_OUTCOME]}…")


def _line(node: FlowNode) -> str:
    parts = [f"{node.kind} {node.message.name}"]
    if node.component:
        where = f"{node.component}.{node.handler}" if node.handler else node.component
        parts.append(f"by {where}" if node.kind is MessageKind.EVENT else f"→ {where}")
    if node.end is not None:
        parts.append(str(node.end).replace("_", " ") + (f" ({short_outcome(node.outcome)})" if node.outcome else ""))
    elif node.kind is not MessageKind.EVENT:
        parts.append("under way")
    if node.duration_ns is not None:
        parts.append(f"in {milliseconds(node.duration_ns)}")
    return " ".join(parts)


def _consumption_line(consumption: Consumption) -> str:
    how = f"failed ({short_outcome(consumption.outcome)})" if consumption.outcome else "done"
    return f"consumed by {consumption.component}.{consumption.handler} {how} in {milliseconds(consumption.handler_ns)}"


def message_rows(first: int, steps: Sequence[FlowStep]) -> list[tuple[object, ...]]:
    """Steps as rows of ``recq.messages``: number, hop, kind, names, ids, durations in microseconds, outcome."""
    return [
        (
            first + offset,
            str(step.kind),
            str(kind_of(step.message)),
            step.message.name,
            step.message.message_id,
            step.message.correlation_id,
            step.message.causation_id,
            step.message.sender,
            step.component,
            step.handler,
            step.time_ns // 1_000,
            step.lock_wait_ns // 1_000,
            step.retrieve_ns // 1_000,
            step.handler_ns // 1_000,
            step.store_ns // 1_000,
            legible(step.outcome),
        )
        for offset, step in enumerate(steps)
    ]
