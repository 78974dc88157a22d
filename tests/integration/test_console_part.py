"""The console's part on a running session: what is typed is sent, and what becomes of it is told."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from types import ModuleType

import pytest

from recq_nb import RecqError, ServiceCommand, Session, command_handler, service
from recq_nb.modeling.payload_definition import is_payload_class
from recq_nb.widgets.console_part import ConsolePart, part_for
from recq_nb.widgets.protocol.console import Call
from recq_nb.widgets.protocol.envelope import Body
from tests.domains import order_ledger, order_stock_payment, reminders, tally, todo_list
from tests.waiting import PATIENCE, spin_until


class WaitCommand(ServiceCommand):
    pass


@service
class Waiter:
    begun, ended = threading.Event(), threading.Event()

    @command_handler
    def wait(self, command: WaitCommand) -> None:
        self.begun.set()
        self.ended.wait(PATIENCE)


@pytest.fixture
def session() -> Iterator[Session]:
    with Session() as session:
        session.register(todo_list)
        yield session


def ask(part: ConsolePart, body: Body) -> Body:
    """What the part answers, whenever and on whatever thread."""
    answered = threading.Event()
    answers: list[Body] = []

    def answer(given: Body) -> None:
        answers.append(given)
        answered.set()

    part.receive(body, answer)
    assert answered.wait(PATIENCE)
    return answers[0]


def typed(kind: str, name: str, text: str) -> Body:
    return {"kind": kind, "name": name, "input": text, "branches": [], "draft": {"t": "kept", "text": text}}


def sent(session: Session, part: ConsolePart, name: str, text: str) -> Call:
    answer = ask(part, typed("send", name, text))
    assert answer["kind"] == "sent"
    session.settled().result()
    session.recorded()
    return part.calls()[-1]


def settled(session: Session, part: ConsolePart) -> Call:
    """The newest call, once it is no longer pending."""
    spin_until(session, lambda: part.calls()[-1]["state"] != "pending")
    return part.calls()[-1]


def test_a_command_is_confirmed_with_what_it_caused(session: Session) -> None:
    part = part_for(session)

    call = sent(session, part, "TodoListCreateCommand", '{"identifier": "TDLS_1", "name": "Shopping"}')

    assert (call["state"], call["event"], call["number"]) == ("confirmed", "TodoListCreatedEvent", 1)
    assert [(one["hop"], one["component"]) for one in call["caused"]] == [
        ("published", "TodoListAggregate"),
        ("consumed", "TodoListProjector"),
    ]
    assert call["source"].endswith("recq.send(TodoListCreateCommand(identifier='TDLS_1', name='Shopping'))")


def test_a_refusal_comes_with_its_code_within_300_ms(session: Session) -> None:
    part = part_for(session)
    part.snapshot()
    took = []
    for _ in range(5):  # the middle one, because the machine may do something else during any
        started = time.perf_counter()
        assert ask(part, typed("send", "TodoListCreateCommand", '{"identifier": "T", "name": " "}'))["kind"] == "sent"
        while (call := part.calls()[-1])["state"] == "pending":
            assert time.perf_counter() - started < PATIENCE
        took.append(time.perf_counter() - started)
        assert (call["state"], call["code"], call["text"]) == ("rejected", "todo_list.name", "a list needs a name")

    assert sorted(took)[2] < 0.3


def test_an_outcome_is_never_missed_however_often_one_looks(session: Session) -> None:
    part = part_for(session)
    for number in range(300):
        ask(part, typed("send", "TodoListCreateCommand", f'{{"identifier": "T{number}", "name": "x"}}'))
        started = time.perf_counter()
        while part.calls()[-1]["state"] == "pending":
            assert time.perf_counter() - started < PATIENCE

    assert {call["state"] for call in part.calls()} == {"confirmed"}


def test_what_is_wrong_is_not_sent(session: Session) -> None:
    part = part_for(session)

    answer = ask(part, typed("send", "TodoListCreateCommand", '{"identifier": ""}'))

    assert answer["kind"] == "checked"
    assert answer["source"] == ""
    assert part.calls() == []


def test_a_bug_a_missing_handler_and_a_query_are_told_apart(session: Session) -> None:
    part = part_for(session)
    session.register(tally)
    session.unregister("TallyAggregate")

    missing = sent(session, part, "TallyOpenCommand", '{"identifier": "T"}')
    bug = sent(session, part, "TodoListFindQuery", '{"identifier": "nowhere"}')
    empty = sent(session, part, "TodoListSearchQuery", "{}")

    assert (missing["state"], missing["code"]) == ("failed", "NoHandlerError")
    assert (bug["state"], bug["code"]) == ("failed", "LookupError")
    assert (empty["state"], empty["view"], empty["rows"]) == ("answered", [], 0)


def test_a_reply_that_comes_too_late_or_is_no_longer_waited_for_has_an_unknown_outcome() -> None:
    begun, ended = Waiter.begun, Waiter.ended
    with Session(timeout=0.05) as impatient:
        impatient.register(WaitCommand, Waiter)
        part = part_for(impatient)
        assert ask(part, typed("send", "WaitCommand", "{}"))["kind"] == "sent"
        late = settled(impatient, part)
        ended.set()
    assert (late["state"], late["code"]) == ("timed_out", "RequestTimeoutError")
    assert "WaitCommand" in late["text"]

    begun.clear()
    ended.clear()
    with Session() as patient:
        patient.register(WaitCommand, Waiter)
        part = part_for(patient)
        number = ask(part, typed("send", "WaitCommand", "{}"))["call"]
        assert begun.wait(PATIENCE)
        assert ask(part, {"kind": "give_up", "call": number}) == {"kind": "given_up", "call": number}
        given_up = settled(patient, part)
        ended.set()
        patient.settled().result()
        assert part.calls()[-1]["state"] == "cancelled"
    assert (given_up["state"], given_up["code"]) == ("cancelled", "")
    assert "its outcome is unknown" in given_up["text"]


def test_views_are_rows(session: Session) -> None:
    part = part_for(session)
    for number in range(3):
        session.send(todo_list.TodoListCreateCommand(identifier=f"T{number}", name=f"List {number}")).result()
    session.settled().result()

    call = sent(session, part, "TodoListSearchQuery", '{"name_like": "list", "size": 2}')

    assert call["view"] == [{"identifier": "T0", "name": "List 0"}, {"identifier": "T1", "name": "List 1"}]
    assert call["rows"] == 2


def test_known_ids_are_offered_the_newest_first_and_a_new_one_looks_like_them(session: Session) -> None:
    part = part_for(session)
    for number in range(3):
        session.send(todo_list.TodoListCreateCommand(identifier=f"TDLS_{number}", name="x")).result()

    answer = ask(part, {"kind": "ids", "name": "TodoListAddTodoCommand"})

    assert answer["known"] == ["TDLS_2", "TDLS_1", "TDLS_0"]
    assert str(answer["minted"]).startswith("TDLS_")
    assert answer["minted"] not in ("TDLS_0", "TDLS_1", "TDLS_2")


def test_what_was_filled_in_is_remembered_by_every_console_of_the_session(session: Session) -> None:
    first = part_for(session)
    ask(first, typed("check", "TodoListCreateCommand", '{"identifier": "half'))

    form = ask(part_for(session), {"kind": "open_form", "name": "TodoListCreateCommand"})

    assert form["draft"] == {"t": "kept", "text": '{"identifier": "half'}


def test_a_new_definition_is_news(session: Session) -> None:
    part = part_for(session)
    part.snapshot()
    assert part.delta() is None

    session.register(tally)

    news = part.delta()
    assert news is not None
    assert isinstance(news["payloads"], list)
    assert "TallyOpenCommand" in [one["name"] for one in news["payloads"]]
    assert part.delta() is None


def payloads_of(module: ModuleType) -> list[object]:
    return [one for one in vars(module).values() if is_payload_class(one)]


def test_every_command_and_query_of_the_example_domains_can_be_opened(session: Session) -> None:
    for module in (tally, order_stock_payment, order_ledger, reminders):
        session.register(*payloads_of(module))
    part = part_for(session)
    snapshot = part.snapshot()
    assert isinstance(snapshot["payloads"], list)

    forms = [ask(part, {"kind": "open_form", "name": one["name"]}) for one in snapshot["payloads"]]

    assert len(forms) > 20
    assert {form["kind"] for form in forms} == {"form"}


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "nope"},
        {"kind": "open_form"},
        {"kind": "open_form", "name": "X", "more": 1},
        {"kind": "ids", "name": 3},
    ],
)
def test_an_intent_it_does_not_know_is_refused(session: Session, body: Body) -> None:
    with pytest.raises(RecqError, match="no such intent"):
        part_for(session).receive(body, print)
