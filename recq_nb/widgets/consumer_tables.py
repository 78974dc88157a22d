"""What the store keeps of consumers beside their checkpoints: dead events, saga instances, scheduled commands."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

from recq_nb.widgets.consumers_host import Readable
from recq_nb.widgets.protocol.consumers import DeadEventRow, SagaRow, ScheduledRow, Tables

MOST_ROWS = 200
LONGEST_TEXT = 8_000
_PACKAGE = str(Path(__file__).parent.parent)
_FRAME = re.compile(
    r'^  File "(?P<file>[^"]*)", line (?P<line>\d+), in (?P<where>.+)\n(?:    (?P<code>\S.*)\n)?', re.MULTILINE
)
_DEAD = """
    SELECT consumer_id, sequence_number, event_name, aggregate_id, context, exception, traceback, attempts, dead_at,
        (SELECT count(*) FROM recq.dead_events)
    FROM recq.dead_events ORDER BY dead_at DESC, consumer_id, sequence_number LIMIT $1
"""
_SAGAS = """
    SELECT saga_id, saga_name, map_entries(associations), state, (SELECT count(*) FROM recq.sagas)
    FROM recq.sagas ORDER BY saga_name, saga_id LIMIT $1
"""
_SCHEDULED = """
    SELECT schedule_id, command_name, saga_name, saga_id, payload, due_at, attempts, last_error, given_up,
        (SELECT count(*) FROM recq.scheduled_commands)
    FROM recq.scheduled_commands ORDER BY given_up, due_at, schedule_id LIMIT $1
"""


def read_tables(store: Readable, *, sagas: bool, dead: bool) -> Tables:
    """Read them, the newest rows of each.

    Args:
        store: Where.
        sagas: Whether there may be sagas, and so scheduled commands.
        dead: Whether there may be dead events.
    """
    dead_rows = store.sql(_DEAD, MOST_ROWS).rows() if dead else []
    saga_rows = store.sql(_SAGAS, MOST_ROWS).rows() if sagas else []
    scheduled_rows = store.sql(_SCHEDULED, MOST_ROWS).rows() if sagas else []
    return {
        "dead": [_dead(row) for row in dead_rows],
        "dead_total": _total(dead_rows),
        "sagas": [_saga(row) for row in saga_rows],
        "sagas_total": _total(saga_rows),
        "scheduled": [_scheduled(row) for row in scheduled_rows],
        "scheduled_total": _total(scheduled_rows),
    }


def _total(rows: list[tuple[object, ...]]) -> int:
    return _number(rows[0][-1]) if rows else 0


def _dead(row: tuple[object, ...]) -> DeadEventRow:
    traceback = str(row[6])
    return {
        "consumer_id": str(row[0]),
        "sequence_number": _number(row[1]),
        "event_name": str(row[2]),
        "aggregate_id": str(row[3]),
        "context": str(row[4]),
        "exception": str(row[5])[:LONGEST_TEXT],
        "place": place_of(traceback),
        "traceback": traceback[-LONGEST_TEXT:],
        "attempts": _number(row[7]),
        "dead_at": _moment(row[8]),
    }


def _saga(row: tuple[object, ...]) -> SagaRow:
    entries = row[2] if isinstance(row[2], list) else []
    return {
        "saga_id": str(row[0]),
        "saga_name": str(row[1]),
        "associations": [[str(one["key"]), str(one["value"])] for one in entries],
        "state": str(row[3])[:LONGEST_TEXT],
    }


def _scheduled(row: tuple[object, ...]) -> ScheduledRow:
    return {
        "schedule_id": str(row[0]),
        "command_name": str(row[1]),
        "saga_name": str(row[2]),
        "saga_id": str(row[3]),
        "payload": str(row[4])[:LONGEST_TEXT],
        "due_at": _moment(row[5]),
        "attempts": _number(row[6]),
        "last_error": str(row[7])[:LONGEST_TEXT],
        "given_up": bool(row[8]),
    }


def place_of(traceback: str) -> str:
    """The innermost line of a traceback that is the modeller's, not this package's; ``""`` if there is none."""
    for frame in reversed(list(_FRAME.finditer(traceback))):
        if not frame["file"].startswith(_PACKAGE):
            code = f": {frame['code']}" if frame["code"] else ""
            return f"line {frame['line']}, in {frame['where']}{code}"
    return ""


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


def _moment(value: object) -> str:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else ""
