"""Replies, timeouts, bounds and locks: every request ends settled."""

# Annotations are evaluated at once in this module, so that components may be defined inside tests.

import asyncio
import concurrent.futures
import threading
from collections.abc import Iterator

import pytest

from recq_nb import (
    CommandGateway,
    DeadlockError,
    PayloadError,
    RequestTimeoutError,
    Session,
    TooManyRequestsError,
    aggregate,
    aggregate_command_handler,
    command_handler,
    invocation_handler,
    invoker,
    service,
)
from tests.domains import tally
from tests.domains.tally import TallyFindQuery, TallyOpenCommand
from tests.integration.working_model import (
    Gate,
    LockedWorkCommand,
    StartCommand,
    StartedEvent,
    WorkCommand,
    WorkDoneEvent,
    blocking_service,
    error_of,
    still_works,
)

WAIT = 30.0


@pytest.fixture
def session() -> Iterator[Session]:
    """A session on memory; whatever a test left running is let go before it closes."""
    with Session(timeout=WAIT) as running:
        yield running


# -- replies -----------------------------------------------------------------------------------------------------------


def test_a_reply_is_read_from_threads_and_from_any_event_loop(session: Session) -> None:
    session.register(tally)
    reply = session.send(TallyOpenCommand(identifier="A"))

    async def awaited() -> object:
        return await reply

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda n: reply.result(WAIT) if n % 2 else asyncio.run(awaited()), range(16)))

    assert {id(one) for one in found} == {id(reply.result())}
    assert reply.done()
    assert reply.state == "confirmed"


def test_a_reply_that_is_not_there_in_time_may_still_come(session: Session) -> None:
    gate = Gate()
    session.register(blocking_service(gate), WorkDoneEvent)
    reply = session.send(WorkCommand(name="late"))

    with pytest.raises(TimeoutError, match="no reply to WorkCommand within 0 s; it may still come"):
        reply.result(0)

    gate.open()
    assert reply.result(WAIT).event == WorkDoneEvent(name="late")


def test_a_cancelled_reply_ends_the_waiting_and_not_the_work(session: Session) -> None:
    gate = Gate()
    session.register(blocking_service(gate), WorkDoneEvent)
    reply = session.send(WorkCommand(name="given up"), command_id="w")
    gate.wait_for()

    assert reply.cancel()

    assert reply.state == "cancelled"
    with pytest.raises(asyncio.CancelledError):
        reply.result()
    gate.open()
    assert session.send(WorkCommand(name="again"), command_id="w").result(WAIT).event == WorkDoneEvent(name="given up")


def test_a_callback_that_fails_spoils_nothing_for_others(session: Session, capfd: pytest.CaptureFixture[str]) -> None:
    gate = Gate()
    session.register(blocking_service(gate), WorkDoneEvent)
    replies = [session.send(WorkCommand(name=str(n))) for n in range(3)]
    replies[0].add_done_callback(lambda _: 1 / 0)  # type: ignore[arg-type]  # that is the mistake
    gate.open()

    assert [reply.result(WAIT).event for reply in replies] == [WorkDoneEvent(name=str(n)) for n in range(3)]
    assert "ZeroDivisionError" in capfd.readouterr().err
    assert still_works(session)
    assert session.sql("select sequence_number from recq.events order by all").rows() == [(1,), (2,), (3,), (4,)]


# -- timeouts and bounds -----------------------------------------------------------------------------------------------


def test_a_timeout_says_the_outcome_is_unknown_and_resending_by_id_tells_it(session: Session) -> None:
    gate = Gate()
    session.register(blocking_service(gate), WorkDoneEvent)
    late = session.send(WorkCommand(name="slow"), timeout=0.01)

    with pytest.raises(RequestTimeoutError) as unknown:
        late.result(WAIT)

    message_id = unknown.value.message_id
    assert "the outcome of the command is unknown" in unknown.value.problem
    assert unknown.value.remedy is not None
    assert f'command_id="{message_id}"' in unknown.value.remedy
    again = session.send(WorkCommand(name="slow"), command_id=message_id)
    gate.open()
    first = again.result(WAIT)
    assert (first.command_id, first.sequence_number, first.event) == (message_id, 1, WorkDoneEvent(name="slow"))
    assert session.send(WorkCommand(name="slow"), command_id=message_id).result(WAIT) == first
    assert len(session.sql("from recq.events")) == 1


@pytest.mark.parametrize("timeout", ["soon", float("nan"), -1, object(), True], ids=str)
def test_a_timeout_that_is_no_time_is_refused_at_the_door(session: Session, timeout: float) -> None:
    session.register(tally)

    with pytest.raises(PayloadError, match="timeout="):
        session.send(TallyOpenCommand(identifier="A"), timeout=timeout)

    with pytest.raises(PayloadError, match="timeout="):
        session.query(TallyFindQuery(identifier="A"), timeout=timeout)
    assert still_works(session)
    session.settled(timeout=WAIT).result(WAIT)


def test_no_more_requests_are_accepted_than_the_bound_and_the_refused_did_nothing() -> None:
    gate = Gate()
    with Session(max_in_flight=5) as session:
        session.register(blocking_service(gate), WorkDoneEvent)
        replies = [session.send(WorkCommand(name=str(n)), timeout=WAIT) for n in range(8)]
        refused = [reply for reply in replies[5:] if isinstance(error_of(reply.result), TooManyRequestsError)]
        gate.open()
        confirmed = [reply.result(WAIT).event for reply in replies[:5]]
        again = session.send(WorkCommand(name="7")).result(WAIT)

        assert len(refused) == 3
        assert sorted(str(event) for event in confirmed) == sorted(str(WorkDoneEvent(name=str(n))) for n in range(5))
        assert again.event == WorkDoneEvent(name="7")
        assert len(session.sql("from recq.events")) == 6


def test_the_bound_holds_for_what_an_invoker_sends_too() -> None:
    gate = Gate()

    @invoker
    class Caller:
        @invocation_handler
        async def call(self, commands: CommandGateway) -> str:
            await commands.send(WorkCommand())
            return "done"

    with Session(max_in_flight=3) as session:
        session.register(Caller, blocking_service(gate), WorkDoneEvent)
        calls = [session.invoker(Caller).call() for _ in range(5)]
        gate.wait_for(3)
        outcomes = concurrent.futures.ThreadPoolExecutor(5)
        with outcomes:
            found = [outcomes.submit(error_of, call.result) for call in calls]
            assert {type(one.result(WAIT)) for one in found[3:]} == {TooManyRequestsError}
            gate.open()
            assert [one.result(WAIT) for one in found[:3]] == [None] * 3


# -- deadlocks ---------------------------------------------------------------------------------------------------------


@aggregate
class Chain:
    """Handles a start by starting another one first."""

    @aggregate_command_handler(init=True)
    async def start(self, command: StartCommand, commands: CommandGateway) -> StartedEvent:
        head, _, rest = command.then.partition(" ")
        if head:
            await commands.send(StartCommand(identifier=head, then=rest))
        return StartedEvent(identifier=command.identifier)


def test_a_nested_send_that_waits_for_its_own_chain_is_refused_at_once(session: Session) -> None:
    session.register(Chain)

    with pytest.raises(DeadlockError) as refused:
        session.send(StartCommand(identifier="A", then="B C A")).result(WAIT)

    assert refused.value.chain == ("StartCommand",) * 4
    assert "StartCommand(A) → StartCommand(B) → StartCommand(C) → StartCommand(A)" in refused.value.problem
    assert len(session.sql("from recq.events")) == 0
    assert still_works(session)


def test_two_chains_that_wait_for_each_other_do_not_wait_forever(session: Session) -> None:
    both_hold = threading.Barrier(2)

    @aggregate
    class Crossing:
        @aggregate_command_handler(init=True)
        def start(self, command: StartCommand, commands: CommandGateway) -> StartedEvent:
            if command.then:
                both_hold.wait(WAIT)
                commands.send(StartCommand(identifier=command.then)).result(WAIT)
            return StartedEvent(identifier=command.identifier)

    session.register(Crossing)

    replies = [session.send(StartCommand(identifier=one, then=other)) for one, other in ("AB", "BA")]

    outcomes = [error_of(lambda reply=reply: reply.result(WAIT)) for reply in replies]  # type: ignore[misc]  # bound now
    assert sum(isinstance(outcome, DeadlockError) for outcome in outcomes) >= 1
    assert still_works(session)


def test_a_lock_is_free_again_after_every_way_a_handler_can_end(session: Session) -> None:
    @service
    class Locked:
        @command_handler
        async def work(self, command: LockedWorkCommand) -> None:
            if command.name:
                raise {"bug": ValueError, "cancelled": asyncio.CancelledError, "exit": SystemExit}[command.name]

    session.register(Locked)
    for name in ("bug", "cancelled", "exit"):
        assert error_of(session.send(LockedWorkCommand(account="A", name=name)).result) is not None

    session.send(LockedWorkCommand(account="A")).result(WAIT)

    assert still_works(session)


def test_commands_with_one_lock_id_run_one_after_the_other_and_others_at_once(session: Session) -> None:
    running: dict[str, int] = {}
    most: dict[str, int] = {}
    mutex = threading.Lock()
    both = threading.Barrier(2)

    @service
    class Locked:
        @command_handler
        def work(self, command: LockedWorkCommand) -> None:
            account = command.account or "none"
            with mutex:
                running[account] = running.get(account, 0) + 1
                most[account] = max(most.get(account, 0), running[account])
            if command.name == "meet":
                both.wait(WAIT)
            with mutex:
                running[account] -= 1

    session.register(Locked)
    crowd = [session.send(LockedWorkCommand(account="A")) for _ in range(20)]
    pair = [session.send(LockedWorkCommand(account=account, name="meet")) for account in ("B", "C")]
    free = [session.send(LockedWorkCommand(name="meet")) for _ in range(2)] if [r.result(WAIT) for r in pair] else []
    for reply in (*crowd, *free):
        reply.result(WAIT)

    assert most == {"A": 1, "B": 1, "C": 1, "none": 2}
