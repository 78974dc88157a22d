"""A saga must never mistake an outage, a timeout or a bug for a decision of the model."""

# Annotations are evaluated at once in this module, so that components may be defined inside tests.

import asyncio
from collections import deque
from collections.abc import Callable, Iterator

import pytest

from recq_nb import (
    CommandGateway,
    CommandMessage,
    DeadlockError,
    Rejection,
    SagaState,
    ServiceCommand,
    ServiceEvent,
    Session,
    TransientError,
    command_handler,
    event_handler,
    observer,
    reject,
    saga,
    saga_event_handler,
    service,
)
from recq_nb.errors import StoreUnavailableError
from recq_nb.runtime.consumer_status import ConsumerHealth
from recq_nb.testing.clock import ManualClock
from tests.waiting import HastyClock, status_of, wait_for_health


class AskCommand(ServiceCommand):
    name: str


class AskedEvent(ServiceEvent):
    name: str


class PayCommand(ServiceCommand):
    name: str


@service
class Counter:
    @command_handler
    def ask(self, command: AskCommand) -> AskedEvent:
        return AskedEvent(name=command.name)


class Bank:
    """What happens when somebody pays, and who has tried."""

    def __init__(self) -> None:
        self.on_pay: Callable[[], object] = lambda: None
        self.messages: deque[CommandMessage] = deque()
        self.caught: deque[Rejection] = deque()


@service
class Payments:
    def __init__(self, bank: Bank) -> None:
        self._bank = bank

    @command_handler
    async def pay(self, command: PayCommand, message: CommandMessage) -> None:
        self._bank.messages.append(message)
        happening = self._bank.on_pay()
        if asyncio.iscoroutine(happening):
            await happening


class PurchaseState(SagaState): ...


@saga(start="first")
class Purchase:
    def __init__(self, bank: Bank) -> None:
        self._bank = bank

    @saga_event_handler(init=True, association_property="name", retry=0)
    async def asked(self, event: AskedEvent, commands: CommandGateway) -> PurchaseState:
        try:
            await commands.send(PayCommand(name=event.name), timeout=0.05)
        except Rejection as no:
            self._bank.caught.append(no)
        return PurchaseState(associations={"name": event.name})


@pytest.fixture
def bank() -> Bank:
    return Bank()


@pytest.fixture
def session(bank: Bank) -> Iterator[Session]:
    with Session(clock=ManualClock(), injector={Bank: bank}) as session:
        session.register(Counter, Payments, Purchase)
        yield session


def fail(error: BaseException) -> Callable[[], object]:
    def handler_fails() -> None:
        raise error

    return handler_fails


def refuse() -> None:
    reject("account.insufficient", "not enough")


def test_a_rejection_is_caught_with_its_code_and_text(session: Session, bank: Bank) -> None:
    bank.on_pay = refuse

    session.send(AskCommand(name="ada")).result()
    session.settled().result()

    (caught,) = bank.caught
    assert (caught.code, caught.text) == ("account.insufficient", "not enough")
    assert len(session.sagas_df()) == 1


@pytest.mark.parametrize(
    "outage",
    [ConnectionError("refused"), TimeoutError("slow"), TransientError("closed"), StoreUnavailableError("disk full")],
    ids=repr,
)
def test_an_outage_is_not_caught_and_stalls_the_saga_until_it_is_over(
    session: Session, bank: Bank, outage: Exception
) -> None:
    bank.on_pay = fail(outage)

    session.send(AskCommand(name="ada")).result()
    status = wait_for_health(session, "Purchase", ConsumerHealth.STALLED)
    assert (list(bank.caught), len(session.sagas_df()), len(session.dead_events_df())) == ([], 0, 0)
    assert status.reason == f"{type(outage).__name__}: {outage}"

    bank.on_pay = lambda: None
    session.register(Counter)
    session.settled().result()
    assert len(session.sagas_df()) == 1


def test_nobody_there_to_decide_is_not_caught(session: Session, bank: Bank) -> None:
    session.unregister("Payments")

    session.send(AskCommand(name="ada")).result()
    status = wait_for_health(session, "Purchase", ConsumerHealth.STALLED)

    assert status.reason.startswith("NoHandlerError: ")
    assert not bank.caught


def test_no_answer_in_time_is_not_caught_and_the_outcome_comes_back_later(session: Session, bank: Bank) -> None:
    answer = asyncio.Event()
    bank.on_pay = answer.wait

    session.send(AskCommand(name="ada")).result()
    status = wait_for_health(session, "Purchase", ConsumerHealth.STALLED)
    assert status.reason.startswith("RequestTimeoutError: no reply to PayCommand in time")
    assert not bank.caught

    session._runtime.engine.post(answer.set)
    session.register(Counter)
    session.settled().result()
    assert (len(bank.messages), len(session.sagas_df())) == (1, 1)


@pytest.mark.parametrize(
    "bug",
    [ValueError("bug"), KeyError("bug"), DeadlockError("circle"), SystemExit(1), asyncio.CancelledError()],
    ids=repr,
)
def test_a_bug_in_whoever_decides_is_not_caught_and_sets_the_event_aside(
    session: Session, bank: Bank, bug: BaseException
) -> None:
    bank.on_pay = fail(bug)

    session.send(AskCommand(name="ada")).result()
    session.settled().result()

    assert not bank.caught
    assert len(session.dead_events_df()) == 1
    assert len(session.sagas_df()) == 0


def test_a_rejection_that_is_not_caught_sets_the_event_aside(bank: Bank) -> None:
    bank.on_pay = refuse

    @observer(start="first")
    class Careless:
        @event_handler(retry=1)
        async def asked(self, event: AskedEvent, commands: CommandGateway) -> None:
            await commands.send(PayCommand(name=event.name))

    with Session(clock=HastyClock(), injector={Bank: bank}) as session:
        session.register(Counter, Payments, Careless)
        session.send(AskCommand(name="ada")).result()
        session.settled().result()

        (exception,) = session.dead_events_df()["exception"]
        assert exception == "Rejection: [account.insufficient] not enough"
        assert status_of(session, "Careless").lag == 0


def test_commands_have_ids_derived_from_consumer_event_and_position(session: Session, bank: Bank) -> None:
    @observer(start="first")
    class Twice:
        @event_handler
        async def asked(self, event: AskedEvent, commands: CommandGateway) -> None:
            await asyncio.gather(*(commands.send(PayCommand(name=f"{event.name} {n}")) for n in (1, 2)))

    session.unregister("Purchase")
    session.register(Twice)
    confirmations = [session.send(AskCommand(name=name)).result() for name in ("ada", "bob")]
    session.settled().result()

    assert {(message.payload.name, message.message_id) for message in bank.messages} == {  # type: ignore[attr-defined]  # a PayCommand
        (f"{name} {n}", f"Twice_1_*:{confirmation.event_id}:{n}:PayCommand")
        for name, confirmation in zip(("ada", "bob"), confirmations, strict=True)
        for n in (1, 2)
    }


def test_an_event_handled_again_sends_nothing_again(session: Session, bank: Bank) -> None:
    session.send(AskCommand(name="ada")).result()
    session.settled().result()

    session.replay("Purchase")
    session.settled().result()

    assert len(bank.messages) == 1


def test_an_id_the_handler_gives_is_the_commands_own(session: Session, bank: Bank) -> None:
    @observer(start="first")
    class Naming:
        @event_handler
        async def asked(self, event: AskedEvent, commands: CommandGateway) -> None:
            await commands.send(PayCommand(name=event.name), command_id=f"pay {event.name}")

    session.unregister("Purchase")
    session.register(Naming)
    for _ in range(2):
        session.send(AskCommand(name="ada")).result()
    session.settled().result()

    assert [message.message_id for message in bank.messages] == ["pay ada"]


def test_another_path_the_second_time_never_gets_anothers_outcome(session: Session, bank: Bank) -> None:
    class ThankCommand(ServiceCommand):
        name: str

    thanked: deque[str] = deque()
    first = deque([True])

    @service
    class Thanks:
        @command_handler
        def thank(self, command: ThankCommand) -> None:
            thanked.append(command.name)

    @observer(start="first")
    class Fickle:
        @event_handler(retry=1, retry_delay=0)
        async def asked(self, event: AskedEvent, commands: CommandGateway) -> None:
            if first:
                first.clear()
                await commands.send(PayCommand(name=event.name))
                raise ValueError("after the first command")
            await commands.send(ThankCommand(name=event.name))

    session.unregister("Purchase")
    session.register(Thanks, Fickle)
    session.send(AskCommand(name="ada")).result()
    session.settled().result()

    assert (len(bank.messages), list(thanked)) == (1, ["ada"])
