"""One colour a kind, in every picture, and seen on every page."""

from __future__ import annotations

import pytest

from recq_nb.flow.kind_colours import COLOURS, DARK_COLOURS
from recq_nb.magics.kind_colour import kind_chip
from recq_nb.modeling.capability import ComponentKind
from recq_nb.modeling.payload_definition import PayloadKind

WHITE, RAISED, DARK_LAB, DARK_PAGE, DARK_RAISED = "#ffffff", "#f4f5f7", "#111111", "#1c2128", "#303030"
KINDS = {*map(str, PayloadKind), *map(str, ComponentKind), "invocation"}


def _luminance(colour: str) -> float:
    """As WCAG 2.2 defines relative luminance."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_every_kind_has_a_colour_and_the_reports_of_cells_have_the_same() -> None:
    assert set(COLOURS) == set(DARK_COLOURS) == KINDS
    assert {kind: kind_chip(kind).colour for kind in KINDS} == COLOURS


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_colour_stands_out_on_any_page(kind: str) -> None:
    kept, dark = COLOURS[kind], DARK_COLOURS[kind]

    assert min(_contrast(kept, ground) for ground in (WHITE, RAISED, DARK_LAB, DARK_PAGE)) >= 3
    assert min(_contrast(dark, ground) for ground in (DARK_LAB, DARK_PAGE)) >= 4.5
    assert _contrast(dark, DARK_RAISED) >= 3
