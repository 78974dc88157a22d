"""Stories: what was given, what happens then, how the world around answers; and running them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from recq_nb.errors import Rejection
from recq_nb.modeling.capability import ComponentKind
from recq_nb.modeling.injection import Injector
from recq_nb.modeling.metadata import EMPTY_METADATA, Metadata
from recq_nb.modeling.payload import Command, Event, Query
from recq_nb.modeling.payload_definition import define_payload
from recq_nb.modeling.read_model import ReadModel
from recq_nb.modeling.serialization import decode_model
from recq_nb.ports.scheduled_command_store import ScheduledCommandRecord
from recq_nb.runtime.timestamps import microseconds_of
from recq_nb.testing.outcome import Outcome, Scheduled
from recq_nb.testing.stub_transport import StubTransport
from recq_nb.testing.system import IsolatedSystem

AGGREGATE_ID = "aggregate"
"""Aggregate id of given events where neither they nor a command say which aggregate they are of."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A given event, or an event that happens, with its metadata; of the story's own aggregate where it names none."""

    event: Event
    metadata: Metadata = EMPTY_METADATA
    aggregate_id: str = ""


@dataclass(frozen=True, slots=True)
class TimePasses:
    """So much time passes; what is due meanwhile is sent at its moment."""

    by: timedelta


@dataclass(frozen=True, slots=True)
class Story:
    """Everything a specification says up to its expectations.

    Attributes:
        components: The one under specification, then the projectors that feed it.
        given: Events that have happened, and time that has passed, in order.
        rows: Rows that are in read models.
        when: The command, query, event or time it is about; None where the given events are all.
        metadata: Of a command or query.
        failures: What commands of a type fail with.
        answers: Queries with their answers.
    """

    components: tuple[type, ...]
    injector: Injector = field(default_factory=dict)
    given: tuple[Fact | TimePasses, ...] = ()
    rows: tuple[ReadModel, ...] = ()
    when: Command | Query[object] | Fact | TimePasses | None = None
    metadata: Metadata = EMPTY_METADATA
    failures: Mapping[str, Exception] = field(default_factory=dict)
    answers: tuple[tuple[object, object], ...] = ()

    def run(self) -> Outcome:
        """Let it happen on a system of its own, with a manual clock and counted ids."""
        transport = StubTransport(self.failures, self.answers)
        steps = [*self.given, *([self.when] if isinstance(self.when, Fact | TimePasses) else [])]
        payloads: list[type] = [type(step.event) for step in steps if isinstance(step, Fact)]
        if isinstance(self.when, Command | Query):
            payloads.append(type(self.when))
        with IsolatedSystem(self.components, self.injector, transport, payloads) as system:
            return _Run(self, system, transport).run(steps)


class _Run:
    def __init__(self, story: Story, system: IsolatedSystem, transport: StubTransport) -> None:
        self._story = story
        self._system = system
        self._transport = transport
        self._is_saga = system.component.kind is ComponentKind.SAGA
        self._started = False

    def run(self, steps: Sequence[Fact | TimePasses]) -> Outcome:
        story, system = self._story, self._system
        aggregate_id = self._aggregate_id()
        system.insert(story.rows)
        sent_before = 0
        scheduled_before: set[str] = set()
        error: BaseException | None = None
        for step in steps:
            if step is story.when:
                sent_before = len(self._transport.sent)
                scheduled_before = {record.schedule_id for record in self._schedules()}
            error = self._consume(step, aggregate_id) if isinstance(step, Fact) else self._pass(step.by)
            if error is not None:
                break
        results: tuple[object, ...] = ()
        if error is None and isinstance(story.when, Command | Query):
            try:
                results = self._answered(story.when)
            except Exception as raised:  # noqa: BLE001  border: whatever the handler raises is the outcome
                error = raised
        is_aggregate = system.component.kind is ComponentKind.AGGREGATE
        return Outcome(
            results,
            error,
            tuple(self._transport.sent[sent_before:]),
            tuple(self._scheduled(one) for one in self._schedules() if one.schedule_id not in scheduled_before),
            tuple(system.sagas()) if self._is_saga else (),
            self._started,
            system.aggregate_state(self._about(steps, aggregate_id)) if is_aggregate else None,
            {name: system.rows(model.row_type) for name, (_, model) in system.bundle.owners.items()},
        )

    def _consume(self, fact: Fact, aggregate_id: str) -> BaseException | None:
        stored = self._system.publish(fact.event, fact.aggregate_id or aggregate_id, fact.metadata)
        error = self._system.consume(stored)
        if self._is_saga and not self._started:
            self._started = bool(self._system.sagas())
        return error

    def _pass(self, by: timedelta) -> BaseException | None:
        """Let time pass, from one due command to the next; what one of them failed with, if it was not rejected."""
        clock = self._system.clock
        end = clock.now() + by
        while due := [record for record in self._schedules() if record.due_at <= microseconds_of(end)]:
            record = due[0]
            late = timedelta(microseconds=record.due_at - microseconds_of(clock.now()))
            clock.advance(max(late, timedelta()))
            command = decode_model(self._command_type(record.command_name), record.payload)
            try:
                self._system.fire(record, command)
            except Rejection:
                continue  # an outcome as good as any: it is not sent again
            except Exception as error:  # noqa: BLE001  border: whatever the command fails with is the outcome
                return error
        clock.advance(end - clock.now())
        return None

    def _answered(self, message: Command | Query[object]) -> tuple[object, ...]:
        if isinstance(message, Command):
            event = self._system.command(message, self._story.metadata)
            return () if event is None else (event,)
        answer = self._system.query(message, self._story.metadata)
        return tuple(answer) if isinstance(answer, list) else (answer,)

    def _aggregate_id(self) -> str:
        if isinstance(self._story.when, Command):
            name = define_payload(type(self._story.when)).aggregate_id_field
            if name is not None:
                return str(getattr(self._story.when, name))
        return AGGREGATE_ID

    def _about(self, steps: Sequence[Fact | TimePasses], aggregate_id: str) -> str:
        """The aggregate whose state is asked for: the command's, or that of the last event."""
        named = [step.aggregate_id for step in steps if isinstance(step, Fact) and step.aggregate_id]
        return aggregate_id if isinstance(self._story.when, Command) or not named else named[-1]

    def _schedules(self) -> list[ScheduledCommandRecord]:
        return self._system.schedules() if self._is_saga else []

    def _scheduled(self, record: ScheduledCommandRecord) -> Scheduled:
        command_type = self._command_type(record.command_name)
        delay = timedelta(microseconds=record.due_at - microseconds_of(self._system.clock.now()))
        return Scheduled(decode_model(command_type, record.payload), delay)

    def _command_type(self, name: str) -> type[Command]:
        """The class of a scheduled command, which nothing but the saga's own code names."""
        return next(cls for cls in _below(Command) if cls.__name__ == name)


def _below(cls: type[Command]) -> list[type[Command]]:
    """Classes derived from one, newest first."""
    found: list[type[Command]] = []
    for derived in reversed(cls.__subclasses__()):
        found += [derived, *_below(derived)]
    return found
