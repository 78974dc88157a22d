"""The table: every result in one line."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from benchmarks.result import Result

_TITLES = ("", "what", "ours", "peer", "", "ratio", "budget", "", "fdatasync")
_RIGHT = frozenset({2, 3, 5, 8})


def as_text(results: Sequence[Result]) -> str:
    """Aligned columns."""
    lines = [_TITLES, *map(_cells, results)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(_TITLES))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if column in _RIGHT else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def _cells(result: Result) -> tuple[str, ...]:
    if result.note:
        return (result.budget, result.what, "", "", result.note, "", result.shown_limit, "", "")
    verdict = {True: "met", False: "MISSED", None: ""}[result.met]
    return (
        result.budget,
        result.what,
        result.unit.shown(result.ours) if result.ours is not None else "",
        result.unit.shown(result.peer) if result.peer is not None else "",
        result.versus,
        "" if result.ratio is None else f"{result.ratio:.2f} x" if result.ratio < 10 else f"{result.ratio:,.0f} x",
        result.shown_limit,
        verdict,
        f"{result.fsync * 1e3:.2f} ms" if result.fsync is not None else "",
    )


def as_json(facts: Mapping[str, str], results: Sequence[Result]) -> str:
    """Facts and results for a program."""
    rows = [
        {
            "budget": result.budget,
            "what": result.what,
            "unit": str(result.unit),
            "ours": result.ours,
            "peer": result.peer,
            "versus": result.versus,
            "ratio": result.ratio,
            "limit": result.shown_limit,
            "met": result.met,
            "fdatasync": result.fsync,
            "note": result.note,
        }
        for result in results
    ]
    return json.dumps({"facts": dict(facts), "results": rows}, ensure_ascii=False, indent=2)
