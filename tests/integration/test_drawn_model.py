"""What a reader of a notebook does with the graph of a model and with a recorded flow: shown, printed, handed on."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import networkx as nx

from recq_nb.flow.drawn_graph import DrawnGraph
from recq_nb.flow.graph_picture import LEGIBLE, NOTEBOOK_ROOM
from recq_nb.flow.recorded_flow import RecordedFlow
from tests.integration.notebook_shell import Notebook


def test_the_application_graph_shows_itself_and_is_given_in_every_form(todo_notebook: Notebook) -> None:
    outcome = todo_notebook.run("graph = recq.application_graph(); graph")

    graph = outcome.value
    assert isinstance(graph, DrawnGraph)
    assert repr(graph).startswith("<application graph: 3 components, 4 payloads, 6 edges; ")
    assert graph.mermaid().startswith("flowchart LR\n")
    assert float(ET.fromstring(graph._repr_svg_()).attrib["width"]) * LEGIBLE <= NOTEBOOK_ROOM
    assert ET.fromstring(graph.svg()).tag.endswith("svg")
    assert "TodoListProjector.created" in nx.descendants(graph.network(), "TodoListCreateCommand")
    assert list(graph.edges_df().columns)[:3] == ["source", "kind", "target"]
    assert len(graph.edges_df()) == sum(len(edge.positions) for edge in graph.edges)


def test_a_recorded_flow_is_a_tree_mermaid_text_and_a_picture(todo_notebook: Notebook) -> None:
    todo_notebook.run("reply = await recq.send(TodoListCreateCommand(identifier='T', name='n'))\nawait recq.settled()")

    flow = todo_notebook.run("recq.recorded(reply)").value

    assert isinstance(flow, RecordedFlow)
    assert flow.tree().splitlines()[0].startswith("command TodoListCreateCommand → TodoListAggregate.create")
    assert flow.mermaid().startswith("sequenceDiagram\n")
    assert "TodoListProjector" in flow.mermaid()
    assert ET.fromstring(flow.svg()).tag.endswith("svg")
