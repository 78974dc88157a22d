"""The application graph as network, dataframes, Mermaid, SVG and document."""

from __future__ import annotations

import itertools
import xml.etree.ElementTree as ET
from pathlib import Path

import networkx as nx
import pytest

from recq_nb.flow.application_graph import (
    ApplicationGraph,
    ComponentNode,
    Edge,
    EdgeKind,
    FieldNode,
    HandlerNode,
    PayloadNode,
)
from recq_nb.flow.graph_mermaid import application_mermaid
from recq_nb.flow.graph_network import application_network
from recq_nb.flow.graph_picture import application_svg
from recq_nb.flow.graph_reading import application_graph
from recq_nb.flow.graph_tables import catalog_frame, edges_frame, findings_frame
from recq_nb.flow.kind_colours import COMPONENT_COLOURS, PAYLOAD_COLOURS
from recq_nb.flow.layered_layout import Box, Layout, Line, layered_layout
from recq_nb.flow.lint.linting import lint
from recq_nb.flow.sources.files import read_sources
from recq_nb.flow.sources.source import Position, Source
from recq_nb.modeling.capability import ComponentKind, HandlerKind
from recq_nb.modeling.payload_definition import PayloadKind

HOSTILE = "\"]</text></title><script>alert(1)</script>&amp;\n  p9 --> p8 %% `x` <!-- \\ #quot; '; DROP"
HERE = Position("model.py", 0, 1)
TODO_LIST = Path(__file__).parents[2] / "domains" / "todo_list.py"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def todo_list() -> ApplicationGraph:
    return application_graph(read_sources(TODO_LIST))


@pytest.fixture
def hostile() -> ApplicationGraph:
    name = "C" + HOSTILE
    handler = HandlerNode(name, HOSTILE, HandlerKind.COMMAND, HERE, HOSTILE, description=HOSTILE)
    payload = PayloadNode(HOSTILE, PayloadKind.SERVICE_COMMAND, HERE, (FieldNode(HOSTILE, HOSTILE, HOSTILE),))
    component = ComponentNode(name, ComponentKind.SERVICE, HERE, (handler,), description=HOSTILE)
    return ApplicationGraph((payload,), (component,), (Edge(HOSTILE, handler.id, EdgeKind.HANDLES, (HERE,)),))


def _todo_text(name: str) -> Source:
    return Source(name, "model.ipynb", "model", cell=1, has_magics=True)


def test_hostile_text_stays_text_in_an_svg(hostile: ApplicationGraph) -> None:
    svg = application_svg(hostile)

    root = ET.fromstring(svg)
    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert tags == {"svg", "title", "style", "g", "path", "rect", "text", "circle"}
    assert "<script" not in svg
    titles = [element.text or "" for element in root.iter(f"{SVG}title")]
    assert any(HOSTILE in title for title in titles)


def test_hostile_text_stays_text_in_mermaid(hostile: ApplicationGraph) -> None:
    lines = application_mermaid(hostile).splitlines()

    assert len(lines) == 9
    assert all('"' not in line or line.count('"') == 2 for line in lines)
    assert not any("<" in line or "`" in line or "\\" in line for line in lines)


def test_every_name_and_edge_of_a_model_is_in_its_picture(todo_list: ApplicationGraph) -> None:
    root = ET.fromstring(application_svg(todo_list))

    texts = {element.text for element in root.iter(f"{SVG}text")}
    names = {one.name for one in todo_list.payloads} | {one.name for one in todo_list.components}
    assert names <= texts
    drawn = [element for element in root.iter(f"{SVG}path") if (element.get("class") or "").startswith("edge")]
    folded = {edge for edge in todo_list.edges if edge.kind is EdgeKind.APPLIES}
    returned = {
        edge for edge in todo_list.edges if edge.source.startswith("TodoListInvoker") and edge.kind is EdgeKind.RETURNS
    }
    assert len(drawn) == len(set(todo_list.edges) - folded - returned)


def test_a_picture_has_the_colour_of_every_kind(todo_list: ApplicationGraph) -> None:
    svg = application_svg(todo_list)

    assert all(PAYLOAD_COLOURS[payload.kind] in svg for payload in todo_list.payloads)
    assert all(COMPONENT_COLOURS[component.kind] in svg for component in todo_list.components)


def test_event_sourcing_handlers_are_drawn_on_demand(todo_list: ApplicationGraph) -> None:
    texts = [
        {element.text for element in ET.fromstring(svg).iter(f"{SVG}text")}
        for svg in (application_svg(todo_list, event_sourcing=True), application_svg(todo_list))
    ]
    mermaid = application_mermaid(todo_list, event_sourcing=True), application_mermaid(todo_list)

    assert texts[0] >= texts[1]
    assert mermaid[0].count('["checked"]') == mermaid[1].count('["checked"]') + 1


def test_an_empty_graph_says_what_to_do() -> None:
    assert "No component yet" in application_svg(ApplicationGraph())
    assert application_mermaid(ApplicationGraph()) == "flowchart LR\n"


def test_the_network_has_every_payload_and_handler_and_runs_as_messages_do(todo_list: ApplicationGraph) -> None:
    network = application_network(todo_list)

    assert set(network.nodes) == set(todo_list.payload_by_name) | set(todo_list.handler_by_id)
    assert network.number_of_edges() == len(todo_list.edges)
    assert nx.shortest_path(network, "TodoListInvoker.create", "TodoListProjector.created") == [
        "TodoListInvoker.create",
        "TodoListCreateCommand",
        "TodoListAggregate.create",
        "TodoListCreatedEvent",
        "TodoListProjector.created",
    ]


def test_the_frames_have_a_row_for_everything(todo_list: ApplicationGraph) -> None:
    catalog, edges = catalog_frame(todo_list), edges_frame(todo_list)

    assert len(catalog) == len(todo_list.payloads) + len(todo_list.components) + len(todo_list.handler_by_id)
    assert catalog.set_index("name").loc["TodoListFindQuery", "content"] == "identifier: str → TodoListView"
    assert len(edges) == sum(len(edge.positions) for edge in todo_list.edges)
    assert list(edges.columns) == ["source", "kind", "target", "position"]
    assert catalog_frame(ApplicationGraph()).empty


def test_findings_are_a_frame_too() -> None:
    frame = findings_frame(lint([_todo_text("class PlacedCommand(ServiceCommand): ...")]))

    assert frame[["rule", "path", "cell", "line"]].to_numpy().tolist() == [["RECQ032", "model.ipynb", 1, 1]]


def _overlaps(layout: Layout, boxes: list[Box]) -> list[tuple[str, str]]:
    places = {box.id: (*layout.places[box.id], box.width, box.height) for box in boxes}
    return [
        (one, other)
        for (one, (x, y, w, h)), (other, (u, v, p, q)) in itertools.combinations(places.items(), 2)
        if x < u + p and u < x + w and y < v + q and v < y + h
    ]


def test_boxes_never_overlap_and_edges_run_right_unless_they_close_a_cycle() -> None:
    boxes = [Box(name, 100 + 7 * number, 30 + 5 * number) for number, name in enumerate("abcdefgh")]
    lines = [Line(*pair) for pair in ("ab", "bc", "ca", "ad", "de", "af", "fg", "gh", "hf", "eb", "aa")]

    layout = layered_layout(boxes, lines)

    assert _overlaps(layout, boxes) == []
    backward = [
        f"{line.source}{line.target}" for line, route in zip(lines, layout.routes, strict=True) if route.is_backward
    ]
    assert backward == ["ca", "hf", "aa"]
    assert layout == layered_layout(boxes, lines)


def test_a_box_that_stays_before_what_it_leads_to_turns_the_edge_into_it() -> None:
    boxes = [Box("command", 10, 10, stays_before=True), Box("aggregate", 10, 10), Box("saga", 10, 10)]
    lines = [Line("command", "aggregate"), Line("aggregate", "saga"), Line("saga", "command")]

    layout = layered_layout(boxes, lines)

    assert [route.is_backward for route in layout.routes] == [False, False, True]
