"""Sagas: the one instance an event finds, what its handler does to it, and when it ends."""

# Annotations are evaluated at once in this module, so that components may be defined inside tests.

import enum
import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from pydantic import Field

from recq_nb import (
    CommandScheduler,
    ComponentDefinitionError,
    SagaState,
    ServiceCommand,
    ServiceEvent,
    Session,
    command_handler,
    reject,
    saga,
    saga_event_handler,
    service,
)
from tests.waiting import HastyClock


class Colour(enum.StrEnum):
    RED = "red"


class TellCommand(ServiceCommand):
    order_id: str | None = None
    ticket: int | None = None
    colour: Colour | None = None
    text: str = ""
    context: str = "default"


class ToldEvent(ServiceEvent):
    order_id: str | None
    ticket: int | None
    colour: Colour | None
    text: str


class EndCommand(ServiceCommand):
    order_id: str


class EndedEvent(ServiceEvent):
    order_id: str


@service
class Teller:
    @command_handler
    def tell(self, command: TellCommand) -> ToldEvent:
        return ToldEvent(
            order_id=command.order_id,
            ticket=command.ticket,
            colour=command.colour,
            text=command.text,
            context=command.context,
        )

    @command_handler
    def end(self, command: EndCommand) -> EndedEvent:
        if not command.order_id:
            reject("order.none", "which one?")
        return EndedEvent(order_id=command.order_id)


class TicketCallCommand(ServiceCommand):
    ticket: int


class TicketCalledEvent(ServiceEvent):
    ticket: int


class ColourSeeCommand(ServiceCommand):
    colour: Colour


class ColourSeenEvent(ServiceEvent):
    colour: Colour


@service
class Crier:
    @command_handler
    def call(self, command: TicketCallCommand) -> TicketCalledEvent:
        return TicketCalledEvent(ticket=command.ticket)

    @command_handler
    def see(self, command: ColourSeeCommand) -> ColourSeenEvent:
        return ColourSeenEvent(colour=command.colour)


class StoryState(SagaState):
    texts: list[str] = Field(default_factory=list)


@saga(start="first")
class Story:
    @saga_event_handler(init=True, association_property="order_id", retry=0)
    def told(self, event: ToldEvent, state: StoryState | None) -> StoryState:
        kept = state or StoryState()
        if event.order_id is not None:
            kept.associate("order_id", event.order_id)
        kept.texts.append(event.text)
        if event.text == "bug":
            raise ValueError("bug")
        return kept

    @saga_event_handler(association_property="order_id", retry=0)
    def ended(self, event: EndedEvent, state: StoryState) -> None:
        state.ended = True


@pytest.fixture
def session() -> Iterator[Session]:
    with Session(clock=HastyClock()) as session:
        session.register(Teller, Crier)
        yield session


def tell(session: Session, *told: TellCommand) -> None:
    for command in told:
        session.send(command).result()
    session.settled().result()


def sagas(session: Session) -> list[tuple[object, dict[str, object]]]:
    frame = session.sagas_df()
    states = [json.loads(state) for state in frame["state"]]
    return [
        (associations, {name: kept for name, kept in state.items() if name not in ("associations", "ended")})
        for associations, state in zip(frame["associations"], states, strict=True)
    ]


def exceptions(session: Session) -> list[str]:
    return list(session.dead_events_df()["exception"])


def test_an_event_moves_the_one_instance_it_is_associated_with(session: Session) -> None:
    session.register(Story)

    tell(
        session,
        TellCommand(order_id="A", text="one"),
        TellCommand(order_id="B", text="two"),
        TellCommand(order_id="A", text="three"),
    )

    assert sagas(session) == [({"order_id": "A"}, {"texts": ["one", "three"]}), ({"order_id": "B"}, {"texts": ["two"]})]


def test_an_ended_saga_is_gone_and_its_association_free_again(session: Session) -> None:
    session.register(Story)
    tell(session, TellCommand(order_id="A", text="one"))

    session.send(EndCommand(order_id="A")).result()
    session.settled().result()
    after_its_end = sagas(session)
    tell(session, TellCommand(order_id="A", text="again"))

    assert after_its_end == []
    assert sagas(session) == [({"order_id": "A"}, {"texts": ["again"]})]


def test_an_event_that_finds_no_saga_and_may_start_none_is_passed_over(session: Session) -> None:
    session.register(Story)

    session.send(EndCommand(order_id="nobody")).result()
    session.settled().result()

    assert (sagas(session), exceptions(session)) == ([], [])


def test_a_handler_that_fails_leaves_the_state_as_it_was(session: Session) -> None:
    session.register(Story)

    tell(session, TellCommand(order_id="A", text="one"), TellCommand(order_id="A", text="bug"))

    assert sagas(session) == [({"order_id": "A"}, {"texts": ["one"]})]
    assert exceptions(session) == ["ValueError: bug"]


def test_an_event_without_a_value_for_its_association_is_an_error_that_says_so(session: Session) -> None:
    session.register(Story)

    tell(session, TellCommand(order_id=None, text="lost"), TellCommand(order_id="", text="lost, too"))

    problem = "a ToldEvent, has no order_id; Story.told cannot find its saga."
    assert [text.split("\n")[0] for text in exceptions(session)] == [
        f"SagaAssociationError: event 1, {problem}",
        f"SagaAssociationError: event 2, {problem}",
    ]


def test_a_saga_that_starts_without_associations_is_refused(session: Session) -> None:
    @saga(start="first")
    class Forgetful:
        @saga_event_handler(init=True, association_property="order_id", retry=0)
        def told(self, event: ToldEvent) -> StoryState:
            return StoryState()

    session.register(Forgetful)

    tell(session, TellCommand(order_id="A"))

    (text,) = exceptions(session)
    assert text.startswith("SagaAssociationError: Forgetful.told starts a saga without associations")
    assert sagas(session) == []


@pytest.mark.parametrize("returned", [None, "state", 5])
def test_a_handler_that_starts_a_saga_must_return_its_state(session: Session, returned: object) -> None:
    @saga(start="first")
    class Wordless:
        @saga_event_handler(init=True, association_property="order_id", retry=0)
        def told(self, event: ToldEvent) -> StoryState:
            return returned  # type: ignore[return-value]  # the mistake

    session.register(Wordless)

    tell(session, TellCommand(order_id="A"))

    (text,) = exceptions(session)
    assert "Wordless.told returned" in text
    assert "a handler that starts a saga returns its state" in text


def test_a_state_of_another_class_is_refused(session: Session) -> None:
    class OtherState(SagaState): ...

    @saga(start="first")
    class Mixed:
        @saga_event_handler(init=True, association_property="order_id", retry=0)
        def told(self, event: ToldEvent) -> StoryState:
            return OtherState(associations={"order_id": "A"})  # type: ignore[return-value]  # the mistake

    session.register(Mixed)

    tell(session, TellCommand(order_id="A"))

    (text,) = exceptions(session)
    assert text.startswith("HandlerResultError: Mixed.told returned a OtherState")
    assert sagas(session) == []


def test_a_saga_is_found_by_each_of_several_associations_of_any_plain_type(session: Session) -> None:
    @saga(start="first")
    class Manifold:
        @saga_event_handler(init=True, association_property="order_id", retry=0)
        def told(self, event: ToldEvent) -> StoryState:
            kept = StoryState(texts=[event.text])
            kept.associate("order_id", event.order_id)
            kept.associate("ticket", event.ticket)
            kept.associate("colour", event.colour)
            return kept

        @saga_event_handler(association_property="ticket", retry=0)
        def called(self, event: TicketCalledEvent, state: StoryState) -> None:
            state.texts.append(f"ticket {event.ticket}")

        @saga_event_handler(association_property="colour", retry=0)
        def seen(self, event: ColourSeenEvent, state: StoryState) -> None:
            state.texts.append(f"colour {event.colour}")

    session.register(Manifold)
    tell(session, TellCommand(order_id="A", ticket=7, colour=Colour.RED, text="told"))
    session.send(TicketCallCommand(ticket=7)).result()
    session.send(ColourSeeCommand(colour=Colour.RED)).result()
    session.send(TicketCallCommand(ticket=8)).result()
    session.settled().result()

    assert exceptions(session) == []
    assert sagas(session) == [
        ({"order_id": "A", "ticket": "7", "colour": "red"}, {"texts": ["told", "ticket 7", "colour red"]})
    ]


def test_an_association_that_the_event_does_not_have_is_refused_at_registration(session: Session) -> None:
    @saga
    class Wrong:
        @saga_event_handler(init=True, association_property="ticket")
        def ended(self, event: EndedEvent) -> StoryState:
            return StoryState()

    with pytest.raises(ComponentDefinitionError, match="ticket"):
        session.register(Wrong)


def test_nothing_is_scheduled_by_a_handler_that_fails(session: Session) -> None:
    @saga(start="first")
    class Planner:
        @saga_event_handler(init=True, association_property="order_id", retry=0)
        def told(self, event: ToldEvent, scheduler: CommandScheduler) -> StoryState:
            scheduler.schedule(EndCommand(order_id="A"), after=timedelta(days=1))
            raise ValueError("bug")

    session.register(Planner)

    tell(session, TellCommand(order_id="A"))

    assert len(session.scheduled_df()) == 0


def test_an_event_property_that_was_renamed_away_is_a_clear_error(session: Session) -> None:
    session.register(Story)
    tell(session, TellCommand(order_id="A", text="one"))

    def renamed() -> type:
        class ToldEvent(ServiceEvent):
            number: str = "A"
            text: str = ""

        return ToldEvent

    session.unregister("Teller")
    session.register(renamed())
    session.replay("Story")
    session.settled().result()

    (text,) = exceptions(session)
    assert text.startswith("ComponentDefinitionError: Story.told finds its saga by 'order_id', which ToldEvent no")
