"""The application graph as a networkx graph, for questions a picture does not answer: paths, cycles, centrality."""

from __future__ import annotations

from typing import TYPE_CHECKING

import networkx as nx

from recq_nb.flow.application_graph import ApplicationGraph

if TYPE_CHECKING:
    Network = nx.MultiDiGraph[str]


def application_network(graph: ApplicationGraph) -> Network:
    """Payloads by name and handlers as ``Component.method``; edges run the way messages do, keyed by their kind.

    Node attributes: ``type`` (``"payload"`` or ``"handler"``), ``kind``, ``position`` as text; handlers also have
    ``component`` and ``component_kind``. Edge attributes: ``kind`` and ``positions``, as text.
    """
    network: Network = nx.MultiDiGraph()
    for payload in graph.payloads:
        network.add_node(payload.name, type="payload", kind=str(payload.kind), position=str(payload.position or ""))
    for component in graph.components:
        for handler in component.handlers:
            network.add_node(
                handler.id,
                type="handler",
                kind=str(handler.kind),
                position=str(handler.position),
                component=component.name,
                component_kind=str(component.kind),
            )
    for edge in graph.edges:
        positions = tuple(map(str, edge.positions))
        network.add_edge(edge.source, edge.target, key=str(edge.kind), kind=str(edge.kind), positions=positions)
    return network
