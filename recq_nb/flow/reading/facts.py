"""Facts: what reading a handler found it doing, with the place where it does it."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from enum import Enum

from recq_nb.flow.reading.values import ClassDefinition, FunctionDefinition, GatewayKind, Value
from recq_nb.flow.sources.source import Position


class FactKind(Enum):
    """Everything worth remembering that is no gateway call and no return."""

    CALL = "calls a library"
    STATE_CHANGE = "changes the state it was given"
    SELF_CHANGE = "assigns to self"
    GLOBAL_CHANGE = "changes a global"
    TABLE_CALL = "uses a table"
    GATEWAY_ESCAPES = "hands a gateway to code that cannot be read"
    GATEWAY_KEPT = "keeps a gateway"
    BLOCKING_WAIT = "waits in place for a reply"
    REPLY_DROPPED = "lets a reply go"
    COMPONENT_USED = "uses another component"


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing a handler does.

    Attributes:
        subject: What it does it to, as text: a library path, a table method, a name.
        function: The function whose text it stands in.
        target: The class it concerns, for tables and components.
    """

    kind: FactKind
    subject: str
    position: Position
    function: FunctionDefinition | None
    target: ClassDefinition | None = None


@dataclass(slots=True)
class GatewayCall:
    """A payload given to a gateway at one place.

    Attributes:
        value: What the payload may be.
        text: The payload expression as written.
        function: The function whose text it stands in.
        swallowed_by: The broad ``except`` around it that does not raise again.
        has_after: Queries: a position to read after is given.
        node: The call.
    """

    kind: GatewayKind
    value: Value
    text: str
    position: Position
    function: FunctionDefinition | None
    swallowed_by: Position | None
    has_after: bool
    node: ast.Call | None


@dataclass(frozen=True, slots=True)
class Return:
    """A return of a handler itself: what it may give, and where.

    Attributes:
        value: What is returned.
        contained: That and all that is inside it.
    """

    value: Value
    contained: Value
    position: Position


@dataclass(slots=True)
class Facts:
    """All that was found while one handler, or one function on its own, was read."""

    calls: dict[tuple[GatewayKind, Position], GatewayCall] = field(default_factory=dict)
    facts: dict[Fact, None] = field(default_factory=dict)
    returns: list[Return] = field(default_factory=list)
    falls_through: bool = False
    used: set[FunctionDefinition] = field(default_factory=set)

    def add(self, fact: Fact) -> None:
        """Remember a fact once."""
        self.facts[fact] = None

    def add_call(self, call: GatewayCall) -> None:
        """Remember a gateway call; several visits of one place are one call."""
        known = self.calls.setdefault((call.kind, call.position), call)
        known.value |= call.value
        known.swallowed_by = known.swallowed_by or call.swallowed_by

    def of(self, *kinds: FactKind) -> list[Fact]:
        """The facts of some kinds, in the order they were found."""
        return [fact for fact in self.facts if fact.kind in kinds]
