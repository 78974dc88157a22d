"""Events and their past as the page is told them: short, plain, bounded."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime

from recq_nb.flow.event_causes import RelatedEvent
from recq_nb.flow.field_change import FieldChange
from recq_nb.modeling.bundle import Bundle
from recq_nb.modeling.legible_text import beginning
from recq_nb.ports.system_state_store import StoredEvent
from recq_nb.widgets.events_host import PastFacts
from recq_nb.widgets.protocol.events import Changed, EventDetails, EventRow, PastBody, Related

BRIEF = 160
"""Characters of a payload in a row."""
LONGEST_PAYLOAD = 20_000
LONGEST_METADATA = 4_000
LONGEST_VALUE = 400
MOST_CHANGES = 200
MOST_RELATED = 100
MOST_AGGREGATES = 500
MOST_ROWS = 50
MOST_FAILURES = 20


def kind_of(bundle: Bundle, event_name: str) -> str:
    """``"domain event"`` or ``"service event"``; the first where the class is not registered."""
    payload = bundle.payloads.get(event_name)
    return str(payload.kind) if payload is not None else "domain event"


def row_of(stored: StoredEvent, bundle: Bundle) -> EventRow:
    """One event as a row."""
    number, record = stored
    return {
        "number": number,
        "name": record.event_name,
        "kind": kind_of(bundle, record.event_name),
        "aggregate": record.aggregate_id,
        "version": record.version,
        "context": record.context,
        "at": datetime.fromtimestamp(record.timestamp / 1e6, UTC).isoformat(timespec="milliseconds"),
        "brief": shortened(record.payload, BRIEF),
    }


def shortened(text: str, most: int) -> str:
    """The beginning of a text."""
    return text if len(text) <= most else text[: most - 1] + "…"


def details_of(stored: StoredEvent, rank: int, related: Sequence[RelatedEvent], bundle: Bundle) -> EventDetails:
    """All about one event."""
    record = stored.record
    payload = _indented(record.payload)
    near = sorted(related, key=lambda one: (one.relation == "same flow", one.event.sequence_number))[:MOST_RELATED]
    return {
        "kind": "event",
        "event": row_of(stored, bundle),
        "rank": rank,
        "payload": payload[:LONGEST_PAYLOAD],
        "cut": len(payload) > LONGEST_PAYLOAD,
        "metadata": beginning(_indented(record.metadata), LONGEST_METADATA),
        "event_id": record.event_id,
        "correlation": record.correlation_id,
        "causation": record.causation_id,
        "command": record.command_id,
        "sender": record.sender,
        "related": [_related(one, bundle) for one in near],
        "related_more": len(related) - len(near),
    }


def _indented(text: str) -> str:
    return json.dumps(json.loads(text), indent=2, ensure_ascii=False)


def _related(one: RelatedEvent, bundle: Bundle) -> Related:
    record = one.event.record
    return {
        "number": one.event.sequence_number,
        "name": record.event_name,
        "kind": kind_of(bundle, record.event_name),
        "aggregate": record.aggregate_id,
        "relation": one.relation,
        "via": one.via,
    }


def past_body(number: int, past: PastFacts, aggregate: str, table: str) -> PastBody:
    """The model as of an event, with one aggregate and one read model in full.

    What the reader chose before is kept where it existed; otherwise it is what the event is about.
    """
    chosen = aggregate if aggregate in past.states else past.event_aggregate
    state = past.states.get(chosen)
    ids = ([chosen] if chosen in past.states else []) + [one for one in past.states if one != chosen]
    changed = {name: len(places) for name, places in past.fresh.items()}
    for change in past.changes:
        if change.of == "read model":
            changed[change.name] = max(changed.get(change.name, 0), 1)
    tables = sorted(past.pictures)
    shown = table if table in past.pictures else next((one for one in tables if changed.get(one)), "".join(tables[:1]))
    columns, rows, fresh = past.table_rows(shown, MOST_ROWS) if shown else ([], [], [])
    return {
        "kind": "past",
        "number": number,
        "changes": [_changed(one) for one in past.changes[:MOST_CHANGES]],
        "changes_total": len(past.changes),
        "aggregates": [
            {"aggregate_id": one, "name": past.states[one].aggregate, "version": past.states[one].version}
            for one in ids[:MOST_AGGREGATES]
        ],
        "aggregates_total": len(ids),
        "aggregate": chosen,
        "state": beginning(_indented(state.state), LONGEST_PAYLOAD) if state is not None and state.state else "",
        "problem": state.problem if state is not None else "",
        "tables": [
            {"name": one, "rows": past.pictures[one].row_count, "changed": changed.get(one, 0)} for one in tables
        ],
        "table": shown,
        "columns": columns,
        "rows": [[_text(value) for value in row] for row in rows],
        "fresh": fresh,
        "failures": [
            {
                "component": one.component,
                "number": one.sequence_number,
                "error": shortened(f"{type(one.error).__name__}: {one.error}", LONGEST_VALUE),
            }
            for one in past.failures[-MOST_FAILURES:]
        ],
        "failures_total": len(past.failures),
        "took": past.seconds * 1e3,
    }


def _changed(one: FieldChange) -> Changed:
    return {
        "of": one.of,
        "name": one.name,
        "key": shortened(one.key, LONGEST_VALUE),
        "field": shortened(one.field, LONGEST_VALUE),
        "before": "" if one.what == "added" else _text(one.before),
        "after": "" if one.what == "removed" else _text(one.after),
        "what": one.what,
    }


def _text(value: object) -> str:
    """A value as one reads it: text as it is, everything else as JSON where it can be."""
    if isinstance(value, str):
        return shortened(value, LONGEST_VALUE)
    return shortened(json.dumps(value, ensure_ascii=False, default=str), LONGEST_VALUE)
