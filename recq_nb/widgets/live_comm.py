"""Clicks while a cell runs: the one place that works around how ipykernel routes widget messages.

ipykernel 7.4 routes a page's message to the shell that last published on its comm, which for a widget made by a cell
is the main one, busy as long as a cell is. Letting each message go where the page addressed it hands it to a subshell
thread at once. A kernel without subshells, or one that has changed, still works: clicks wait for the end of the cell.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

_ATTRIBUTE = "_reply_subshell_for"


def _as_addressed(_data: object, default: object) -> object:
    return default


def make_live(comm: object) -> bool:
    """Have messages on this comm handled while a cell runs.

    Returns:
        Whether this kernel can do that; if not, they are handled when the cell ends.
    """
    if not callable(getattr(comm, _ATTRIBUTE, None)):
        return False
    setattr(comm, _ATTRIBUTE, cast("Callable[[object, object], object]", _as_addressed))
    return True
