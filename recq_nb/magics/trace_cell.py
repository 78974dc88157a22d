"""``%%recq_trace [title]``: runs a cell, waits for all that it caused, and shows that as a sequence diagram."""

from __future__ import annotations

from types import TracebackType

from IPython.display import display

from recq_nb.errors import ConsumerError, MagicUsageError
from recq_nb.magics.cell_compiler import CellSource
from recq_nb.magics.extension import Extension
from recq_nb.magics.report import Code, Quiet, Report
from recq_nb.ports.flow_listener import FlowStepKind

TRACE = "recq_trace"
MEANING = "Run the cell, wait for everything it caused, and show it as a sequence diagram."
PATIENCE_SECONDS = 10.0
"""How long it waits for consumers; what comes later still appears, as the picture is live."""


class TraceCell:
    """The scope around a traced cell: every flow that began while the cell ran is shown when it ends.

    A cell that fails still shows its diagram, and fails.
    """

    def __init__(self, extension: Extension, source: CellSource) -> None:
        self._extension = extension
        self._source = source
        self._before = 0

    def __enter__(self) -> None:
        if not self._source.body:
            raise MagicUsageError(f"This %%{TRACE} cell does nothing.", remedy="Send a command in it, or ask a query.")
        self._extension.bind_names()
        self._extension.session.recorded()  # hears everything that happened before
        self._before = self._extension.session.recorder.recorded

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        session = self._extension.session
        if session.closed:
            return
        late = ""
        try:
            session.settled(PATIENCE_SECONDS).result()
        except ConsumerError as unsettled:
            late = str(unsettled)
        session.recorded()
        begun = {FlowStepKind.SENT, FlowStepKind.PUBLISHED}
        flows = dict.fromkeys(
            step.message.correlation_id
            for step in session.recorder.since(self._before)[1]
            if step.kind in begun and step.message.message_id == step.message.correlation_id
        )
        title = self._source.arguments
        if not flows:
            Report(Quiet("recq: the cell sent no message; send one with recq.send(...).")).show()
            return
        if title:
            Report(Code(title)).show()
        display(session.flow(*flows))  # type: ignore[no-untyped-call]  # IPython leaves it untyped
        if late:
            Report(Quiet(f"recq: the picture goes on; {late}")).show()
