"""A recorded flow as SVG: golden, folded where it is long, legible everywhere, and readable without eyes."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from recq_nb.flow.flow_graph import FlowGraph, short_duration
from recq_nb.flow.sequence_bars import bars_of
from recq_nb.flow.sequence_picture import to_html, to_svg
from recq_nb.flow.sequence_rows import MOST, Gap, Group, hops_of, rows_of
from recq_nb.modeling.capability import ComponentKind
from recq_nb.ports.flow_listener import FlowStep, FlowStepKind
from tests.unit.flow.recorded_steps import command, event, paid, query, step

GOLDEN = Path(__file__).parent / "golden" / "sequence.svg"
KINDS = {
    "Note": ComponentKind.AGGREGATE,
    "NoteProjector": ComponentKind.PROJECTOR,
    "NoteProjection": ComponentKind.PROJECTION,
    "PaymentReminderSaga": ComponentKind.SAGA,
}


def every_kind_of_hop() -> list[FlowStep]:
    refused, asked, lost = command("m3"), query("m4"), command("m5", "m1", "m1e", "PaymentReminderSaga")
    return [
        *paid("m1"),
        step(FlowStepKind.SENT, 5, refused),
        step(FlowStepKind.REJECTED, 5.5, refused, "Note", handler="pay", outcome="note.paid"),
        step(FlowStepKind.SENT, 6, asked),
        step(FlowStepKind.REPLIED, 16, asked, "NoteProjection", handler="all", handler_ns=1_000_000),
        step(FlowStepKind.SENT, 20, lost),
        step(FlowStepKind.TIMED_OUT, 30_020, lost, outcome="outcome unknown"),
    ]


def picture(steps: list[FlowStep]) -> ET.Element:
    return ET.fromstring(to_svg(FlowGraph(steps, KINDS)))


def texts(element: ET.Element) -> list[str]:
    return ["".join(text.itertext()) for text in element.iter("{http://www.w3.org/2000/svg}text")]


def test_the_same_steps_give_the_same_picture() -> None:
    svg = to_svg(FlowGraph(every_kind_of_hop(), KINDS)) + "\n"

    assert svg.splitlines() == GOLDEN.read_text().splitlines(), f"if it is meant to look so now, replace {GOLDEN}"


def test_ten_lifelines_have_room_on_a_laptop_and_long_names_take_three_lines() -> None:
    crowd = [*(f"Crowded{letter}" for letter in "ABCDEF"), "NotificationOutboxService"]
    steps: list[FlowStep] = []
    for number, name in enumerate(crowd):
        asked = query(f"m{number}")
        answer = step(FlowStepKind.REPLIED, number + 0.5, asked, name, handler="all")
        steps += [step(FlowStepKind.SENT, number, asked), answer]

    ten, more = picture(steps), picture([*steps, *paid("p1"), *paid("p2")])

    assert float(ten.attrib["width"]) <= 836
    assert float(more.attrib["width"]) > 836, "lanes are never too narrow to be read"
    assert {"Notificat…", "Outbox", "Service", "event", "store"} <= set(texts(ten))


def test_a_request_that_timed_out_reached_the_component_it_was_routed_to() -> None:
    lost = command("m1")
    steps = [step(FlowStepKind.SENT, 0, lost), step(FlowStepKind.TIMED_OUT, 50, lost, "Note", handler="pay")]

    described = picture(steps).findtext("{http://www.w3.org/2000/svg}desc") or ""

    assert "outside → Note: NotePayCommand" in described
    assert "gateway → outside: timed out" in described


def test_gateway_and_store_stand_in_the_middle_whatever_took_part() -> None:
    assert picture(every_kind_of_hop()).findtext("{http://www.w3.org/2000/svg}title") == (
        "Sequence diagram of 10 hops between "
        "outside, gateway, Note, event store, NoteProjector, NoteProjection, PaymentReminderSaga"
    )
    assert {"outside", "gateway", "event store"} <= set(texts(picture([step(FlowStepKind.SENT, 0, command("m1"))])))


def test_a_reply_carries_a_view_or_says_done_and_every_hop_how_long_it_took() -> None:
    shown = texts(picture(every_kind_of_hop()))

    assert "done, 500 µs" in shown
    assert "list of NoteView, 10 ms" in shown
    assert "rejected: note.paid, 500 µs" in shown
    assert "NotePaidEvent, 2.0 ms" in shown
    assert "timed out, 30.00 s: outcome unknown" in shown


def test_an_event_reaches_its_handler_before_what_that_sends() -> None:
    handled = event("m1e", "m1", "m1")
    sent = command("m2", "m1", "m1e", "PaymentReminderSaga")
    steps = [
        step(FlowStepKind.PUBLISHED, 0, handled),
        step(FlowStepKind.SENT, 2, sent),
        step(FlowStepKind.CONSUMED, 5, handled, "PaymentReminderSaga", handler_ns=4_000_000),
    ]

    description = picture(steps).findtext("{http://www.w3.org/2000/svg}desc")

    assert description is not None
    assert description.splitlines() == [
        "0.0 ms Note → event store: NotePaidEvent",
        "1.0 ms event store → PaymentReminderSaga: NotePaidEvent, 4.0 ms",
        "2.0 ms PaymentReminderSaga → gateway: NotePayCommand",
    ]


def test_bars_show_which_handlers_were_at_work_at_the_same_time() -> None:
    bars = bars_of(rows_of(FlowGraph([*paid("m1"), *paid("m2", at_ms=2), *paid("m3", at_ms=2.1)])))

    assert [(bar.arrow.target, bar.first, bar.last, bar.beyond, bar.level) for bar in bars] == [
        ("Note", 0, 2, False, 0),
        ("NoteProjector", 3, 10, False, 0),
        ("Note", 4, 8, False, 0),
        ("Note", 5, 9, False, 1),
        ("NoteProjector", 10, 11, True, 1),
        ("NoteProjector", 11, 11, True, 0),
    ]


def test_a_sender_that_gave_up_and_the_late_reply_are_both_drawn() -> None:
    late = command("m1")
    shown = texts(
        picture(
            [
                step(FlowStepKind.SENT, 0, late),
                step(FlowStepKind.TIMED_OUT, 50, late),
                step(FlowStepKind.REPLIED, 80, late, "Note"),
            ]
        )
    )

    assert [text for text in shown if "," in text] == ["timed out, 50 ms: outcome unknown", "done, 80 ms"]


def test_many_flows_are_folded_one_row_each() -> None:
    rows = rows_of(FlowGraph(one for number in range(60) for one in paid(f"m{number}", at_ms=number)))

    assert len(rows) == 60
    assert {(row.name, len(row.arrows), row.failed) for row in rows if isinstance(row, Group)} == {
        ("NotePayCommand", 4, 0)
    }


def test_one_long_flow_is_folded_where_it_divides() -> None:
    root, stored = command("m1"), event("m1e", "m1", "m1")
    steps = [step(FlowStepKind.SENT, 0, root), step(FlowStepKind.PUBLISHED, 1, stored)]
    for number in range(150):
        sent = command(f"c{number}", "m1", "m1e", "PaymentReminderSaga")
        steps += [
            step(FlowStepKind.SENT, 2 + number, sent),
            step(FlowStepKind.REJECTED, 2.5 + number, sent, "Note", outcome="note.paid"),
        ]
    rows = rows_of(FlowGraph(steps))

    assert [isinstance(row, Group) for row in rows] == [False, False, *[True] * 150]
    assert isinstance(rows[2], Group)
    assert (rows[2].name, rows[2].failed, rows[2].duration_ns) == ("NotePayCommand", 1, 500_000)
    assert '2 hops in 500 µs<tspan style="fill:#d32f2f">, 1 failed</tspan>' in to_svg(FlowGraph(steps))


def test_what_is_too_long_even_folded_keeps_its_ends_and_counts_the_rest() -> None:
    graph = FlowGraph(one for number in range(300) for one in paid(f"m{number:03}", at_ms=number))
    rows = rows_of(graph)

    assert len(rows) == MOST
    assert [row for row in rows if isinstance(row, Gap)] == [Gap(100_000_000, 4 * 101)]
    assert sum(map(hops_of, rows)) == 1_200
    assert ">… 404 more hops<" in to_svg(graph)
    assert len(to_svg(graph)) < 100_000


def test_ground_and_ink_come_from_the_page_or_go_together() -> None:
    svg = to_svg(FlowGraph(paid("m1")))
    style = svg.partition("<style>")[2].partition("</style>")[0]
    light, dark = (re.findall(r"--recq-(ground|ink):var\((--jp[^,]+),(#\w+)\)", part) for part in style.split("@media"))

    assert '<rect class="ground"' in svg
    assert [name for name, _, _ in light] == [name for name, _, _ in dark] == ["ground", "ink"]
    assert light != dark


def test_the_picture_styles_nothing_but_itself() -> None:
    style = to_svg(FlowGraph(paid("m1"))).partition("<style>")[2].partition("</style>")[0]
    rules = [rule.strip() for rule in re.sub(r"@media[^{]*{(.*?})}", r"\1", style, flags=re.DOTALL).split("}")]

    assert [rule for rule in rules if rule and not rule.startswith(".recq-sequence")] == []


def test_a_wide_picture_scrolls() -> None:
    assert to_html(FlowGraph(paid("m1"))).startswith('<div style="overflow-x:auto')


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [(400, "0 µs"), (999_400, "999 µs"), (999_600, "1.0 ms"), (9_960_000, "10 ms"), (999_600_000, "1.00 s")],
)
def test_a_duration_has_three_digits_at_most(nanoseconds: int, text: str) -> None:
    assert short_duration(nanoseconds) == text


@pytest.mark.parametrize("most", [2, 3, 10])
def test_however_few_rows_are_asked_for_every_hop_is_accounted_for(most: int) -> None:
    graph = FlowGraph(one for number in range(20) for one in paid(f"m{number}", at_ms=number))

    assert len(rows_of(graph, most)) <= most
    assert sum(map(hops_of, rows_of(graph, most))) == 80
