"""Replaying the log through projectors, beside the consumers that are alive and without any effect on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from recq_nb.modeling.bundle import Bundle
from recq_nb.modeling.capability import ComponentKind, HandlerKind, Injection
from recq_nb.modeling.component_definition import ComponentDefinition
from recq_nb.runtime.event_tail import TailEvent
from recq_nb.runtime.event_work import Failure, Progress, is_of_context
from recq_nb.runtime.failure_policy import is_transient
from recq_nb.runtime.projector_work import ProjectorWork
from recq_nb.runtime.runtime import Runtime

_ATTEMPTS = 3
"""Attempts at an event whose failure says that it may pass."""


@dataclass(frozen=True, slots=True)
class ReplayFailure:
    """An event that a projector could not project.

    Attributes:
        component: The projector.
        sequence_number: The event.
        error: What it raised.
    """

    component: str
    sequence_number: int
    error: BaseException


@dataclass(slots=True)
class KnownFailures:
    """What has failed so far, shared by everyone who replays the same log: it is not tried again."""

    by_place: dict[tuple[str, int], ReplayFailure] = field(default_factory=dict)

    def until(self, sequence_number: int) -> list[ReplayFailure]:
        """The failures up to an event, in the order of the log."""
        return sorted(
            (one for one in list(self.by_place.values()) if one.sequence_number <= sequence_number),
            key=lambda one: (one.sequence_number, one.component),
        )


class ProjectorReplay:
    """Hands events to the projectors of a bundle, by the rules of their consumers: contexts, batches, failures.

    An event that cannot be projected is noted and passed over, as one in the dead event queue is. Handlers are told
    that they replay (``ProjectorStatus.head_reached`` is False). Where one projector may see what another wrote,
    through SQL or a query, all of them go through the log event by event.

    Args:
        bundle: Whose projectors.
        runtime: Where they run; its stores are what they write to.
        works: How each of them is run.
        failures: What failed before.
    """

    def __init__(
        self, bundle: Bundle, runtime: Runtime, works: Mapping[str, ProjectorWork], failures: KnownFailures
    ) -> None:
        self._projectors = [one for one in bundle.components.values() if one.kind is ComponentKind.PROJECTOR]
        self._runtime = runtime
        self._works = works
        self._failures = failures
        self._in_lockstep = _may_see_each_other(self._projectors)

    def advance(self, events: Sequence[TailEvent]) -> None:
        """Project the next events of the log; not on an engine's thread."""
        if self._in_lockstep:
            for event in events:
                for projector in self._projectors:
                    self._project(projector, self._of(projector, [event]))
        else:
            for projector in self._projectors:
                self._project(projector, self._of(projector, events))

    def _of(self, projector: ComponentDefinition, events: Sequence[TailEvent]) -> list[TailEvent]:
        """The events it has a handler for, once for each of its consumers they concern."""
        handled = projector.handlers_of(HandlerKind.EVENT)
        return [
            event
            for event in events
            if event.stored.record.event_name in handled
            and (projector.name, event.stored.sequence_number) not in self._failures.by_place
            for context in projector.declaration.contexts
            if is_of_context(event.stored.record.context, context)
        ]

    def _project(self, projector: ComponentDefinition, events: Sequence[TailEvent], attempts: int = 1) -> None:
        if not events:
            return
        work, progress = self._works[projector.name], Progress(projector.name, projector.fingerprint)
        try:
            failure = self._runtime.run(lambda: work.handle(events, progress), "time travel")
        except Exception as error:  # noqa: BLE001  border: the handler call; what its SQL left behind fails the commit
            failure = Failure(0, error)
            if len(events) > 1:
                for event in events:
                    self._project(projector, [event])
                return
        if failure is None:
            return
        before, failed, after = events[: failure.place], events[failure.place], events[failure.place + 1 :]
        if before:  # nothing of the batch was kept
            self._project(projector, before)
            self._project(projector, events[failure.place :])
        elif is_transient(failure.error) and attempts < _ATTEMPTS:
            self._project(projector, events, attempts + 1)
        else:
            number = failed.stored.sequence_number
            self._failures.by_place[(projector.name, number)] = ReplayFailure(projector.name, number, failure.error)
            self._project(projector, after)


def _may_see_each_other(projectors: Sequence[ComponentDefinition]) -> bool:
    wanted = {p.injection for one in projectors for handler in one.handlers for p in handler.parameters}
    return Injection.QUERY_GATEWAY in wanted or (Injection.CONNECTION in wanted and len(projectors) > 1)
