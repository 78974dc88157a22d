"""B7: what an event takes in the file."""

from __future__ import annotations

from pathlib import Path

from benchmarks.replay import fill_peer
from benchmarks.result import Limit, Result, Unit
from benchmarks.scale import Scale
from benchmarks.systems import COMMANDS_TO_ONE_ACCOUNT, OurSystem

CLIENTS = 256


def bytes_per_event(scale: Scale) -> list[Result]:
    """B7: the closed file of many commands, divided by its events."""
    ours, peer = scale.folder / "b7.duckdb", scale.folder / "b7.sqlite"
    with OurSystem(ours) as system:
        system.in_flight(0, CLIENTS, CLIENTS * scale.of(400, at_least=20))
        events = system.session.status().head
    accounts = events // (COMMANDS_TO_ONE_ACCOUNT + 1)
    fill_peer(peer, accounts, COMMANDS_TO_ONE_ACCOUNT + 1)
    assert events == accounts * (COMMANDS_TO_ONE_ACCOUNT + 1)
    own, other = _bytes(ours) / events, _bytes(peer) / events
    what = f"bytes per event, {events:,} events"
    return [Result("B7", what, Unit.BYTES, own, other, "SQLite default", own / other, Limit(at_most=0.25))]


def _bytes(path: Path) -> int:
    """The file with whatever stands beside it."""
    return sum(part.stat().st_size for part in path.parent.glob(f"{path.name}*"))
