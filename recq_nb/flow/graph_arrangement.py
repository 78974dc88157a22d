"""How the application graph can be arranged: wide as messages flow, or in columns by what a box is."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from recq_nb.flow.application_graph import ApplicationGraph
from recq_nb.modeling.payload_definition import PayloadKind

_REQUESTS = {PayloadKind.DOMAIN_COMMAND, PayloadKind.SERVICE_COMMAND, PayloadKind.QUERY}


class Arrangement(StrEnum):
    """Widest first. Every edge joins a payload and a handler, so columns of these need no edge past a third one."""

    FLOW = "messages flow from left to right"
    THREE_COLUMNS = "requests left, components in the middle, events and views right"
    TWO_COLUMNS = "payloads left, components right"


def columns_of(graph: ApplicationGraph, arrangement: Arrangement) -> Mapping[str, int] | None:
    """The column of each box, without empty ones in between; None where it follows from the edges."""
    if arrangement is Arrangement.FLOW:
        return None
    is_narrow = arrangement is Arrangement.TWO_COLUMNS
    wanted = {one.name: 0 if is_narrow or one.kind in _REQUESTS else 2 for one in graph.payloads}
    wanted |= {component.name: 1 for component in graph.components}
    used = sorted(set(wanted.values()))
    return {name: used.index(column) for name, column in wanted.items()}
