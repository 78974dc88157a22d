"""How a session is doing, for the reader of a notebook."""

from __future__ import annotations

from recq_nb.magics.kind_colour import kind_chip
from recq_nb.magics.report import Code, Entry, Fragment, Quiet, Report, Table
from recq_nb.runtime.consumer_status import ConsumerStatus
from recq_nb.session import SessionStatus
from recq_nb.session.status import counted


def status_report(status: SessionStatus) -> Report:
    """Store, definitions by kind, and each consumer with its lag."""
    payloads, components = (sum(map(len, names.values())) for names in (status.payloads, status.components))
    head = ", ".join(
        (
            counted(status.head, "event"),
            counted(payloads, "payload"),
            counted(components, "component"),
            *([f"{counted(status.in_flight, 'request')} in flight"] if status.in_flight else []),
        )
    )
    blocks: list[Entry | Table] = [f"recq: {status.store}: {head}"]
    defined = [
        (kind_chip(kind), Code(", ".join(names))) for kind, names in {**status.payloads, **status.components}.items()
    ]
    if defined:
        blocks.append(Table(("kind", "defined"), defined))
    else:
        blocks.append(Quiet("Define payloads in a %%recq_payload cell; %recq help lists what else there is."))
    if status.consumers:
        headings = ("consumer", "context", "passed", "lag", "state")
        blocks.append(Table(headings, [_consumer_row(consumer) for consumer in status.consumers]))
    return Report(*blocks)


def _consumer_row(consumer: ConsumerStatus) -> tuple[Entry, ...]:
    state: list[Fragment] = [str(consumer.health)]
    if consumer.reason:
        state.append(Quiet(consumer.reason))
    if consumer.dead_events:
        state.append(Quiet(f"{counted(consumer.dead_events, 'dead event')}, the last: {consumer.last_error}"))
    passed = f"{consumer.position:,} of {consumer.head:,}"
    return (Code(consumer.component), consumer.context, passed, f"{consumer.lag:,}", state)
