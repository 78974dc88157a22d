"""Replies, confirmations and views as a cell's last expression; what came of a pending reply takes its place."""

from __future__ import annotations

import contextvars

from IPython.core.interactiveshell import InteractiveShell
from IPython.display import display

from recq_nb.errors import Rejection
from recq_nb.magics.report import Chip, Code, Entry, Quiet, Report, Table
from recq_nb.magics.view_report import brief, view_blocks
from recq_nb.modeling.gateway import Confirmation
from recq_nb.modeling.payload import View
from recq_nb.runtime.reply import PendingReply

_COLOURS = {
    "pending": "#8a8f98",
    "confirmed": "#43a047",
    "answered": "#43a047",
    "rejected": "#f57c00",
    "failed": "#e53935",
    "cancelled": "#8a8f98",
}


def _head(reply: PendingReply[object], state: str) -> Chip:
    return Chip(f"{reply.label} {state}", _COLOURS[state])


def report_of(reply: PendingReply[object]) -> Report:
    """What a reply shows now."""
    if not reply.done():
        return Report(_head(reply, "pending"))
    error = reply.exception()
    if isinstance(error, Rejection):
        return Report(_head(reply, "rejected"), f"{error.code}: {error.text}")
    if error is not None:
        return Report(_head(reply, reply.state), f"{type(error).__name__}: {error}")
    value = reply.result()
    if isinstance(value, Confirmation):
        return _confirmed(_head(reply, "confirmed"), value)
    return _answered(reply, value)


def _answered(reply: PendingReply[object], value: object) -> Report:
    views = [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, View)]
    return Report(_head(reply, "answered"), *(view_blocks(views) or [Code(repr(value))]))


def _confirmed(head: Chip, confirmation: Confirmation) -> Report:
    if not confirmation.event_name:
        return Report(head, Quiet("no event"))
    content = (
        "" if confirmation.event is None else ", ".join(f"{k}={v!r}" for k, v in confirmation.event.__repr_args__())
    )
    row: list[Entry] = [
        Code(confirmation.event_name),
        brief(content),
        str(confirmation.sequence_number),
        Code(confirmation.aggregate_id),
        str(confirmation.version) if confirmation.version else "",
    ]
    return Report(head, Table(("event", "content", "sequence number", "aggregate", "version"), [row]))


def _show_confirmation(confirmation: Confirmation) -> None:
    _confirmed(Chip("confirmed", _COLOURS["confirmed"]), confirmation).show()


def _show_view(view: View) -> None:
    Report(Quiet(type(view).__name__), *view_blocks([view])).show()


def _show(reply: PendingReply[object]) -> None:
    if reply.done():
        report_of(reply).show()
        return
    handle = display(report_of(reply), display_id=True)  # type: ignore[no-untyped-call]  # IPython leaves it untyped
    context = contextvars.copy_context()  # of the cell, so that the update lands in its output
    if handle is not None:
        reply.add_done_callback(lambda settled: context.run(handle.update, report_of(settled)))


def install(shell: InteractiveShell) -> None:
    """Have replies, confirmations and views show themselves in this shell."""
    if shell.display_formatter is not None:
        shell.display_formatter.ipython_display_formatter.for_type(PendingReply, _show)
        shell.display_formatter.ipython_display_formatter.for_type(Confirmation, _show_confirmation)
        shell.display_formatter.ipython_display_formatter.for_type(View, _show_view)


def remove(shell: InteractiveShell) -> None:
    """Undo ``install``."""
    if shell.display_formatter is not None:
        for shown in (PendingReply, Confirmation, View):
            shell.display_formatter.ipython_display_formatter.type_printers.pop(shown, None)
