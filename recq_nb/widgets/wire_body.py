"""Bodies as the wire can carry them, whatever a modeller's texts and numbers hold."""

from __future__ import annotations

import math

from recq_nb.modeling.legible_text import legible
from recq_nb.widgets.protocol.envelope import Body

EXACT = 2**53
"""Whole numbers from here on are rounded by a page."""


def sendable(value: object) -> object:
    """The same with text in place of what JSON, UTF-8 or a page's numbers cannot hold."""
    match value:
        case str():
            return legible(value)
        case int() | float() if _must_be_text(value):
            return str(value)
        case list():
            return [sendable(one) for one in value]
        case dict():
            return sendable_body(value)
        case _:
            return value


def _must_be_text(number: int | float) -> bool:  # noqa: PYI041  mypy takes them for different
    return not math.isfinite(number) if isinstance(number, float) else abs(number) >= EXACT


def sendable_body(body: Body) -> Body:
    """See ``sendable``; the names of what it holds, too."""
    return {legible(name): sendable(value) for name, value in body.items()}
