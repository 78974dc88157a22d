"""The label of a kind of payload or component, in its colour."""

from __future__ import annotations

from recq_nb.flow.kind_colours import COLOURS, INVOCATION_COLOUR
from recq_nb.magics.report import Chip


def kind_chip(kind: str) -> Chip:
    """The label of a kind in its colour; an unknown kind is grey."""
    return Chip(str(kind), COLOURS.get(kind, INVOCATION_COLOUR))
