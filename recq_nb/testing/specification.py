"""Specifications: given what has happened, when this happens, then that is what the model does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Self, TypeVar, cast

from recq_nb.errors import ModelingError, Rejection, TransientError
from recq_nb.modeling.component import component_declaration
from recq_nb.modeling.injection import Injector
from recq_nb.modeling.metadata import JsonValue, Metadata
from recq_nb.modeling.payload import Command, Event, Query, View
from recq_nb.modeling.read_model import ReadModel
from recq_nb.modeling.state import AggregateState, SagaState
from recq_nb.testing.difference import same
from recq_nb.testing.failure import SpecificationFailure
from recq_nb.testing.outcome import Outcome, Scheduled
from recq_nb.testing.story import Fact, Story, TimePasses

V = TypeVar("V")


def specification(component: type, *projectors: type, injector: Injector | None = None) -> Specification:
    """Begin to say how one component behaves.

    Args:
        component: The class under specification.
        *projectors: For a projection: the projectors that fill its read models from given events.
        injector: Dependencies by type, as a session takes them.

    Raises:
        ModelingError: A class is no component.
    """
    for cls in (component, *projectors):
        if component_declaration(cls) is None:
            raise ModelingError(
                f"specification() was given {getattr(cls, '__name__', cls)!r}, which is no component.",
                remedy="Pass the class below @aggregate, @service, @projector, @projection, @saga or @observer.",
            )
    return Specification(Story((component, *projectors), injector if injector is not None else {}))


def scheduled(command: Command, *, after: timedelta) -> Scheduled:
    """A command with its delay, for ``then_scheduled``."""
    return Scheduled(command, after)


class Specification:
    """One story about one component, and what must come of it.

    ``given``, ``when`` and the stubs return a longer story; a story never changes. The first expectation runs it, on a
    system of its own with the runtime's rules; further expectations look at the same outcome.
    """

    def __init__(self, story: Story) -> None:
        self._story = story
        self._outcome: Outcome | None = None

    # -- the story -----------------------------------------------------------------------------------------------

    def given(
        self,
        *facts: Event | ReadModel,
        metadata: Mapping[str, JsonValue] | None = None,
        aggregate_id: str = "",
    ) -> Specification:
        """Events that have happened, in order, or rows that are there.

        Args:
            *facts: The events and rows.
            metadata: What the events carry.
            aggregate_id: Whose events they are; where it is not said, the aggregate's that the command names.
        """
        events = tuple(Fact(fact, Metadata(metadata), aggregate_id) for fact in facts if isinstance(fact, Event))
        rows = tuple(fact for fact in facts if isinstance(fact, ReadModel))
        if len(events) + len(rows) != len(facts):
            raise ModelingError("given() takes events and rows of read models.", remedy="Construct them and pass them.")
        story = self._story
        return Specification(replace(story, given=story.given + events, rows=story.rows + rows))

    def given_time_passed(self, by: timedelta) -> Specification:
        """So much time has passed since what was given before; commands that were due meanwhile have been sent."""
        return Specification(replace(self._story, given=(*self._story.given, _passing(by))))

    def when(
        self,
        message: Command | Query[V] | Event,
        metadata: Mapping[str, JsonValue] | None = None,
        aggregate_id: str = "",
    ) -> Specification:
        """The command, query or event the specification is about.

        Args:
            message: What happens.
            metadata: What it carries.
            aggregate_id: Of an event: whose it is. A command names its aggregate itself.
        """
        self._must_have_no_when()
        if isinstance(message, Event):
            return Specification(replace(self._story, when=Fact(message, Metadata(metadata), aggregate_id)))
        if aggregate_id:
            raise ModelingError(
                f"when({type(message).__name__}) takes no aggregate_id: only events do.",
                remedy="A command names its aggregate in its own field.",
            )
        about = cast("Command | Query[object]", message)
        return Specification(replace(self._story, when=about, metadata=Metadata(metadata)))

    def when_time_passes(self, by: timedelta) -> Specification:
        """What the specification is about is that time passes: commands that become due are sent, earliest first.

        ``then_sent`` says which. They are answered like any other command, see ``rejects`` and ``fails``.
        """
        self._must_have_no_when()
        return Specification(replace(self._story, when=_passing(by)))

    def _must_have_no_when(self) -> None:
        if self._story.when is not None:
            raise ModelingError("a specification has one when().", remedy="Put what happens earlier into given(...).")

    def rejects(self, command: type[Command], code: str, text: str = "") -> Specification:
        """Have commands of this type rejected; without a word about them, sent commands are confirmed."""
        return self.fails(command, Rejection(code, text))

    def fails(self, command: type[Command], error: Exception | None = None) -> Specification:
        """Have commands of this type fail, with an outage where nothing else is given."""
        failure = error if error is not None else TransientError(f"nobody can take {command.__name__} now.")
        return Specification(replace(self._story, failures={**self._story.failures, command.__name__: failure}))

    def answers(self, query: Query[V], answer: V) -> Specification:
        """Have a query the component asks answered."""
        return Specification(replace(self._story, answers=(*self._story.answers, (query, answer))))

    # -- what must come of it --------------------------------------------------------------------------------------

    def then(self, *expected: Event | View | Sequence[View]) -> Self:
        """The command's event (none: ``then()``), or the query's view or views."""
        flat: list[object] = []
        for one in expected:
            flat.extend(one if isinstance(one, list | tuple) else [one])
        return self._must_be(flat, list(self._succeeded(flat).results), "answers")

    def then_rejected(self, code: str, text: str | None = None) -> Self:
        """The command is rejected with this code, and this text where one is given."""
        error = self._run().error
        expected = {"outcome": "rejected", "code": code, **({} if text is None else {"text": text})}
        actual: dict[str, object] = self._told()
        if isinstance(error, Rejection):
            actual = {"outcome": "rejected", "code": error.code, **({} if text is None else {"text": error.text})}
        return self._must_be(expected, actual, "ends", error)

    def then_raises(self, error_type: type[BaseException]) -> Self:
        """It fails with an error of this class."""
        error = self._run().error
        if not isinstance(error, error_type):
            raise self._failure("ends", {"outcome": error_type.__name__}, self._told()) from error
        return self

    def then_state(self, expected: AggregateState | SagaState) -> Self:
        """The aggregate, or the one saga instance, is in this state."""
        outcome = self._succeeded(expected)
        if isinstance(expected, AggregateState):
            return self._must_be(expected, outcome.aggregate_state, "ends in a state that")
        one = outcome.sagas[0] if len(outcome.sagas) == 1 else list(outcome.sagas)
        return self._must_be(expected, one, "ends in a state that")

    def then_rows(self, row_type: type[ReadModel], expected: Iterable[ReadModel]) -> Self:
        """The read model holds exactly these rows, in the order of their keys."""
        wanted = list(expected)
        rows = self._succeeded(wanted).rows
        if row_type.__name__ not in rows:
            raise ModelingError(f"no projector of the specification owns {row_type.__name__}.")
        return self._must_be(wanted, rows[row_type.__name__], f"fills {row_type.__name__} with rows that")

    def then_sent(self, *expected: Command) -> Self:
        """Exactly these commands are sent, in this order, by the step that ``when`` names (or all of them).

        A command that failed was sent, too; so this also holds where the handler gave up in the end.
        """
        return self._must_be(list(expected), list(self._run().sent), "sends commands that", self._run().error)

    def then_scheduled(self, *expected: Command | Scheduled, after: timedelta | None = None) -> Self:
        """Exactly these commands are scheduled by that step, earliest first; none: ``then_scheduled()``.

        The delay counts from the end of the story. ``when_time_passes`` has them sent.
        """
        wanted: list[Scheduled] = []
        for one in expected:
            if isinstance(one, Command):
                if after is None:
                    raise ModelingError(
                        f"then_scheduled({type(one).__name__}) does not say when.", remedy="Add after=timedelta(...)."
                    )
                wanted.append(Scheduled(one, after))
            else:
                wanted.append(one)
        return self._must_be(wanted, list(self._succeeded(wanted).scheduled), "schedules commands that")

    def then_ended(self) -> Self:
        """No saga instance is left; there was one."""
        outcome = self._succeeded({"saga": "ended"})
        told = "ended" if outcome.saga_started else "never started"
        if outcome.sagas:
            told = f"still there: {outcome.sagas[0]!r}"
        return self._must_be({"saga": "ended"}, {"saga": told}, "ends in a way that")

    # -- how it is told --------------------------------------------------------------------------------------------

    def _run(self) -> Outcome:
        if self._outcome is None:
            self._outcome = self._story.run()
        return self._outcome

    def _succeeded(self, expected: object) -> Outcome:
        outcome = self._run()
        if outcome.error is not None:
            wanted = {"outcome": repr(expected)}
            raise self._failure("fails", wanted, self._told()) from outcome.error
        return outcome

    def _told(self) -> dict[str, object]:
        """The end of the story in a word."""
        outcome = self._run()
        error = outcome.error
        if error is None:
            return {"outcome": outcome.results[0] if len(outcome.results) == 1 else list(outcome.results)}
        if isinstance(error, Rejection):
            return {"outcome": f"rejected {error}"}
        return {"outcome": f"{type(error).__name__}: {error}"}

    def _must_be(self, expected: object, actual: object, verb: str, error: BaseException | None = None) -> Self:
        if not same(expected, actual):
            raise self._failure(verb, expected, actual) from error
        return self

    def _failure(self, verb: str, expected: object, actual: object) -> SpecificationFailure:
        story = self._story
        subject = story.components[0].__name__
        about = story.when.event if isinstance(story.when, Fact) else story.when
        what = f"{about.by} of time" if isinstance(about, TimePasses) else type(about).__name__
        to = f", given {what}," if about is not None else ""
        connected = f"{verb} differ" if verb.endswith("that") else f"{verb} differently"
        return SpecificationFailure.between(f"{subject}{to} {connected} from its specification.", expected, actual)

    def __repr__(self) -> str:
        names = ", ".join(cls.__name__ for cls in self._story.components)
        return f"specification({names})" + (": checked" if self._outcome is not None else ": nothing is checked yet")


def _passing(by: timedelta) -> TimePasses:
    if by < timedelta():
        raise ModelingError(f"time passes by {by}, which is backwards.", remedy="Pass a positive timedelta.")
    return TimePasses(by)
