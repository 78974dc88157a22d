"""The colour of each kind of payload and component, the same in every picture of a model."""

from __future__ import annotations

from recq_nb.magics.report import Chip

_BLUE, _PINK, _ORANGE, _RED = "#1e88e5", "#d81b60", "#f57c00", "#e53935"
_GOLD, _GREEN, _GREY = "#c9a100", "#43a047", "#8a8f98"

_COLOURS = {
    "domain command": _BLUE,
    "service command": _PINK,
    "domain event": _ORANGE,
    "service event": _RED,
    "query": _GOLD,
    "view": _GREEN,
    # a component has the colour of what it handles
    "aggregate": _BLUE,
    "service": _PINK,
    "projector": _ORANGE,
    "saga": _ORANGE,
    "observer": _ORANGE,
    "projection": _GOLD,
    "invoker": _GREY,
}


def kind_chip(kind: str) -> Chip:
    """The label of a kind in its colour; an unknown kind is grey."""
    return Chip(str(kind), _COLOURS.get(kind, _GREY))
