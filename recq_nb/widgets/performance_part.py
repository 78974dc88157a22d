"""The performance part: how often each handler runs, how long it takes, how often it fails."""

from __future__ import annotations

import time
from html import escape
from typing import Protocol, cast

from recq_nb.errors import RecqError
from recq_nb.flow.recorder import FlowRecorder
from recq_nb.modeling.bundle import Bundle
from recq_nb.widgets.handler_metrics import HandlerMetrics
from recq_nb.widgets.part import Answer, Picture
from recq_nb.widgets.protocol.envelope import Body
from recq_nb.widgets.protocol.performance import HandlerPerformance, PerformanceBody

LOOK_SECONDS = 0.5
EMPTY = "No handler has run yet: send a command with recq.send(...)."


class PerformanceHost(Protocol):
    """What the part needs of a session."""

    recorder: FlowRecorder

    @property
    def bundle(self) -> Bundle:
        """The registered model."""


def part_for(session: object) -> PerformancePart:
    """The part for a session."""
    return PerformancePart(cast("PerformanceHost", session))


class PerformancePart:
    """Measured service times and rates; ``performance_df`` has the same facts."""

    name = "performance"
    rest_seconds = LOOK_SECONDS

    def __init__(self, host: PerformanceHost) -> None:
        self._host = host
        self._metrics = HandlerMetrics(host.recorder)
        self._said: Body | None = None

    def snapshot(self) -> Body:
        """See ``Part.snapshot``."""
        self._metrics.look(time.monotonic())
        body: PerformanceBody = {"kind": "performance", "handlers": self.rows()}
        self._said = cast("Body", body)
        return self._said

    def rows(self) -> list[HandlerPerformance]:
        """One for each handler that has run, the busiest first."""
        kinds = {
            f"{component.name}.{handler.name}": str(component.kind)
            for component in self._host.bundle.components.values()
            for handler in component.handlers
        }
        longest = self._metrics.longest()
        rows: list[HandlerPerformance] = [
            {**metric, "handler": handler, "kind": kinds.get(handler, "removed"), "longest": longest.get(handler, 0.0)}
            for handler, metric in self._metrics.all().items()
        ]
        return sorted(rows, key=lambda row: (-row["count"], row["handler"]))

    def delta(self) -> Body | None:
        """See ``Part.delta``."""
        before = self._said
        body = self.snapshot()
        return None if body == before else body

    def receive(self, intent: Body, answer: Answer) -> None:  # noqa: ARG002  it has nothing to answer
        """See ``Part.receive``."""
        raise RecqError(f"the performance widget knows no intent {intent.get('kind')!r}.")

    def picture(self) -> Picture:
        """See ``Part.picture``."""
        self._metrics.look(time.monotonic())
        rows = self.rows()
        if not rows:
            return Picture(f"<p>{escape(EMPTY)}</p>", EMPTY)
        names = ("handler", "calls", "failed", "p50 ms", "p95 ms", "longest ms")
        cells = [
            (row["handler"], row["count"], row["failed"], row["p50"], row["p95"], row["longest"]) for row in rows[:100]
        ]
        head = "".join(f"<th>{name}</th>" for name in names)
        body = "".join(f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in line)}</tr>" for line in cells)
        text = "\n".join("  ".join(map(str, line)) for line in (names, *cells))
        return Picture(f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>", text)

    def close(self) -> None:
        """See ``Part.close``."""
