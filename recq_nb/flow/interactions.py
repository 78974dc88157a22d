"""Interactions: what components were seen to do, laid over what their source declares."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from recq_nb.flow.application_graph import ApplicationGraph, EdgeKind
from recq_nb.flow.recorder import Route
from recq_nb.modeling.message import CommandMessage, EventMessage, InvocationMessage, QueryMessage
from recq_nb.ports.flow_listener import FlowStepKind

if TYPE_CHECKING:
    import pandas as pd


class Interaction(StrEnum):
    """What a component does with a payload."""

    HANDLES = "handles"
    SENDS = "sends"
    QUERIES = "queries"
    PUBLISHES = "publishes"
    CONSUMES = "consumes"


_DECLARED = {
    EdgeKind.HANDLES: Interaction.HANDLES,
    EdgeKind.SENDS: Interaction.SENDS,
    EdgeKind.SCHEDULES: Interaction.SENDS,
    EdgeKind.QUERIES: Interaction.QUERIES,
    EdgeKind.PUBLISHES: Interaction.PUBLISHES,
    EdgeKind.CONSUMES: Interaction.CONSUMES,
}
"""Kinds of edges a recording can show. Applying an event to state and answering with a view are no hops."""


@dataclass(frozen=True, slots=True, order=True)
class InteractionEdge:
    """A component and a payload it has to do with.

    Attributes:
        declared: The component's source says so.
        seen: It has happened in this session.
    """

    component: str
    interaction: Interaction
    payload: str
    declared: bool
    seen: bool


def interactions(graph: ApplicationGraph, seen: Iterable[Route]) -> tuple[InteractionEdge, ...]:
    """Declared and recorded interactions in one list, sorted by component.

    What the outside sends is left out: it has no source to declare it.

    Args:
        graph: What the source declares.
        seen: What the recorder has seen; see ``FlowRecorder.routes``.
    """
    declared = set(_declared(graph))
    happened = {edge for route in seen for edge in _happened(*route)}
    return tuple(sorted(InteractionEdge(*edge, edge in declared, edge in happened) for edge in declared | happened))


def _declared(graph: ApplicationGraph) -> Iterator[tuple[str, Interaction, str]]:
    for edge in graph.edges:
        interaction = _DECLARED.get(edge.kind)
        handler = graph.handler_by_id.get(edge.source) or graph.handler_by_id.get(edge.target)
        payload = edge.target if edge.source in graph.handler_by_id else edge.source
        if interaction is not None and handler is not None and payload in graph.payload_by_name:
            yield handler.component, interaction, payload


def _happened(
    kind: FlowStepKind, message: type, name: str, sender: str, component: str, _handler: str
) -> Iterator[tuple[str, Interaction, str]]:
    if issubclass(message, InvocationMessage):
        return
    if issubclass(message, EventMessage):
        if kind is FlowStepKind.PUBLISHED:
            yield sender, Interaction.PUBLISHES, name
        elif component:
            yield component, Interaction.CONSUMES, name
        return
    if sender and issubclass(message, CommandMessage):
        yield sender, Interaction.SENDS, name
    if sender and issubclass(message, QueryMessage):
        yield sender, Interaction.QUERIES, name
    if component:
        yield component, Interaction.HANDLES, name


def interactions_frame(edges: Iterable[InteractionEdge]) -> pd.DataFrame:
    """One row each: component, interaction, payload, declared, seen."""
    import pandas as pd  # noqa: PLC0415  a third of a second that nobody else waits for

    rows = [(edge.component, str(edge.interaction), edge.payload, edge.declared, edge.seen) for edge in edges]
    return pd.DataFrame(rows, columns=["component", "interaction", "payload", "declared", "seen"])
