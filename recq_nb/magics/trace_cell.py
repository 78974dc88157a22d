"""``%%recq_trace [title]``: runs a cell, waits for all that it caused, and shows that as a sequence diagram."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from types import TracebackType

from IPython.display import display

from recq_nb.errors import MagicUsageError
from recq_nb.magics.cell_compiler import CellSource
from recq_nb.magics.extension import Extension
from recq_nb.magics.report import Code, Quiet, Report
from recq_nb.modeling.message import EventMessage
from recq_nb.ports.flow_listener import FlowStep, FlowStepKind
from recq_nb.runtime.begun_flows import BegunFlows
from recq_nb.runtime.consumer_status import ConsumerHealth
from recq_nb.session import Session

TRACE = "recq_trace"
MEANING = "Run the cell, wait for everything it caused, and show it as a sequence diagram."
PATIENCE_SECONDS = 10.0
"""How long it waits for consumers; what comes later still appears, as the picture is live."""
_LOOK_EVERY_SECONDS = 0.02
_ENDS = {FlowStepKind.REPLIED, FlowStepKind.REJECTED, FlowStepKind.FAILED}
_AWAY = {ConsumerHealth.PAUSED, ConsumerHealth.STOPPED}


class TraceCell:
    """The scope around a traced cell: every flow that the cell began is shown when it ends, and no other.

    What else goes on meanwhile, by tasks and threads of earlier cells or by other widgets, is left out. A cell that
    fails still shows its diagram, and fails.
    """

    def __init__(self, extension: Extension, source: CellSource) -> None:
        self._extension = extension
        self._source = source
        self._begun = BegunFlows()
        self._before = 0

    def __enter__(self) -> None:
        if not self._source.body:
            raise MagicUsageError(f"This %%{TRACE} cell does nothing.", remedy="Send a command in it, or ask a query.")
        self._extension.bind_names()
        self._before = self._extension.session.recorder.recorded
        self._begun.__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._begun.__exit__(kind, error, traceback)
        session = self._extension.session
        if session.closed:
            return
        late = self._wait(session)
        known = {step.message.correlation_id for step in self._steps(session)}
        flows = [one for one in dict.fromkeys(self._begun.correlation_ids) if one in known]
        title = self._source.arguments
        if not flows:
            Report(Quiet("recq: the cell sent no message; send one with recq.send(...).")).show()
            return
        if title:
            Report(Code(title)).show()
        display(session.flow(*flows))  # type: ignore[no-untyped-call]  # IPython leaves it untyped
        if late:
            Report(Quiet(f"recq: the picture goes on; {late}")).show()

    def _steps(self, session: Session) -> list[FlowStep]:
        """What is recorded of the flows the cell began."""
        session.recorded("")  # hears everything that has happened
        begun = set(self._begun.correlation_ids)
        return [step for step in session.recorder.since(self._before)[1] if step.message.correlation_id in begun]

    def _wait(self, session: Session) -> str:
        """Wait until everything is quiet, or else, where others keep it busy, until the cell's own flows are done.

        Returns:
            What still moves when patience is at its end; ``""`` if nothing does.
        """
        settled = session.settled(PATIENCE_SECONDS)
        quiet = threading.Event()
        settled.add_done_callback(lambda _reply: quiet.set())
        while not quiet.wait(_LOOK_EVERY_SECONDS):
            passed = _passed_by_all(session)  # before the steps: what a consumer sent is recorded before it passes
            if _is_done(self._steps(session), passed):
                settled.cancel()
                return ""
        unsettled = settled.exception()
        return "" if unsettled is None else str(unsettled)


def _passed_by_all(session: Session) -> int | None:
    """The sequence number every consumer that runs has passed; None where there is no consumer."""
    passed = [status.position for status in session.consumer_statuses() if status.health not in _AWAY]
    return min(passed, default=None)


def _is_done(steps: Sequence[FlowStep], passed: int | None) -> bool:
    """Whether every request has its outcome and every event was passed by all consumers."""
    sent = {step.message.message_id for step in steps if step.kind is FlowStepKind.SENT}
    ended = {step.message.message_id for step in steps if step.kind in _ENDS}
    events = [step.message.sequence_number for step in steps if isinstance(step.message, EventMessage)]
    return sent <= ended and (passed is None or max(events, default=0) <= passed)
