"""The application graph as a picture: the same graph gives the same lines, and what is said of an edge has room."""

from __future__ import annotations

import itertools
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from recq_nb.flow.application_graph import ApplicationGraph
from recq_nb.flow.edge_curves import LABEL, label_places
from recq_nb.flow.edge_words import edge_words
from recq_nb.flow.graph_picture import LEGIBLE, Said, application_pictures, application_svg
from recq_nb.flow.graph_reading import application_graph
from recq_nb.flow.layered_layout import Route
from recq_nb.flow.sources.files import read_sources
from recq_nb.flow.sources.source import Source

GOLDEN = Path(__file__).parent / "golden" / "application.svg"
DOMAINS = Path(__file__).parents[2] / "domains"
SVG = "{http://www.w3.org/2000/svg}"
MODEL = """
from recq_nb import *

class NotePayCommand(DomainCommand):
    note_id: AggregateId

class NotePaidEvent(DomainEvent):
    note_id: str

class NoteState(AggregateState): ...

@aggregate
class Note:
    @aggregate_command_handler(init=True)
    def pay(self, command: NotePayCommand) -> NotePaidEvent:
        return NotePaidEvent(note_id=command.note_id)

@observer
class Mailer:
    @event_handler
    def paid(self, event: NotePaidEvent) -> None: ...
"""


def test_the_same_graph_gives_the_same_picture() -> None:
    graph = application_graph([Source(MODEL, "model.py", "model")])

    svg = application_svg(graph).replace("><", ">\n<")

    assert svg.splitlines() == GOLDEN.read_text().splitlines(), f"if it is meant to look so now, replace {GOLDEN}"


@pytest.fixture(scope="module")
def shop() -> ApplicationGraph:
    return application_graph(read_sources(DOMAINS / "order_stock_payment.py"))


def _boxes(root: ET.Element) -> dict[str, tuple[float, float, float, float]]:
    boxes = {}
    for node in root.iter(f"{SVG}g"):
        moved = re.match(r"translate\(([\d.]+) ([\d.]+)\)", node.get("transform", ""))
        if moved and "data-node" in node.attrib:
            rect = node.find(f"{SVG}rect")
            assert rect is not None
            size = float(rect.attrib["width"]), float(rect.attrib["height"])
            boxes[node.attrib["data-node"]] = (float(moved[1]), float(moved[2]), *size)
    return boxes


def _columns(root: ET.Element) -> int:
    """Groups of boxes with free ground between them from top to bottom."""
    found, end = 0, float("-inf")
    for x, _, width, _ in sorted(_boxes(root).values()):
        found += x > end
        end = max(end, x + width)
    return found


def test_labels_of_edges_cover_no_box_and_no_other_label(shop: ApplicationGraph) -> None:
    width, height = LABEL
    for picture, least in zip(application_pictures(shop), (0.9, 0.9, 0.7), strict=True):
        root = ET.fromstring(picture.svg)
        rooms = [
            (x - width / 2, y - height / 2, width, height)
            for x, y in (
                map(float, node.attrib["data-label"].split()) for node in root.iter() if "data-label" in node.attrib
            )
        ]
        boxes = _boxes(root)

        edges = sum("data-edge" in node.attrib for node in root.iter())
        assert len(rooms) > least * edges
        assert len(boxes) == len(shop.components) + len(shop.payloads)
        assert not any(_meet(*pair) for pair in itertools.combinations(rooms, 2))
        assert not any(_meet(*pair) for pair in itertools.combinations(boxes.values(), 2))
        assert not any(_meet(room, box) for room, box in itertools.product(rooms, boxes.values()))


def test_where_room_is_short_a_narrower_arrangement_is_taken_that_can_be_read(shop: ApplicationGraph) -> None:
    flow, three, two = application_pictures(shop)
    columns = [_columns(ET.fromstring(one.svg)) for one in (three, two)]

    assert columns == [3, 2]
    assert application_svg(shop) == flow.svg
    assert application_svg(shop, room=flow.width * LEGIBLE) == flow.svg
    assert application_svg(shop, room=flow.width * LEGIBLE - 1) == three.svg
    assert application_svg(shop, room=860) == three.svg, "in a cell's output on a laptop"
    assert application_svg(shop, room=three.width * LEGIBLE - 1) == two.svg
    assert application_svg(shop, room=100) == two.svg
    assert two.width * LEGIBLE < 440, "in a side panel"


def test_what_is_said_of_an_edge_stands_where_the_layout_has_left_room(shop: ApplicationGraph) -> None:
    edge = ("OrderPlaceCommand", "Order.place")

    root = ET.fromstring(application_svg(shop, said={edge: Said("6<", is_wrong=True)}))

    (drawn,) = (node for node in root.iter() if (node.get("data-source"), node.get("data-target")) == edge)
    (text,) = drawn.iter(f"{SVG}text")
    x, _ = drawn.attrib["data-label"].split()
    assert (text.text, text.attrib["class"], text.attrib["x"]) == ("6<", "said wrong", x)


def test_an_edge_has_few_words_on_it() -> None:
    assert edge_words(0, 0) == ""
    assert edge_words(6, 0) == "6\N{MULTIPLICATION SIGN}"
    assert edge_words(6, 0, p50=0.012) == "6\N{MULTIPLICATION SIGN} 12 \N{MICRO SIGN}s"
    assert edge_words(6, 3, p50=0.012, rate=12.5) == "12.5/s 3 failed"
    assert edge_words(6, 3, lag=2, rate=12.0) == "12/s 3 failed 2 behind"
    assert edge_words(0, 0, lag=12_345) == "12k behind"


def _meet(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    slack = 0.11  # coordinates are written with one digit
    return all(
        one[place] + slack < other[place] + other[place + 2] and other[place] + slack < one[place] + one[place + 2]
        for place in (0, 1)
    )


def test_a_label_stands_at_the_end_it_belongs_to_and_moves_where_that_is_taken() -> None:
    level = Route(((0, 0), (400, 0)), is_backward=False)

    at_source, at_target = label_places([level, level], [True, False], [])
    near, further = label_places([level, level], [True, True], [])
    (nowhere,) = label_places([level], [True], [(-10, -10, 500, 20)])

    assert at_source is not None
    assert at_target is not None
    assert at_source[0] == pytest.approx(50, abs=1)
    assert at_target[0] == pytest.approx(350, abs=1)
    assert near is not None
    assert further is not None
    assert further[0] - near[0] >= LABEL[0]
    assert nowhere is None
