"""The events part: what the events widget is told of a real session, and what it answers."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import cast

import pytest

from recq_nb import Session
from recq_nb.errors import RecqError
from recq_nb.widgets.events_part import A_FEW, FLOOD_SECONDS, EventsPart, part_for
from recq_nb.widgets.protocol.envelope import Body
from tests.domains import tally
from tests.domains.order_stock_payment import (
    Account,
    AccountOpenCommand,
    Checkout,
    Order,
    OrderPlaceCommand,
    Stock,
    StockOpenCommand,
)
from tests.domains.tally import TallyAddCommand, TallyAddedEvent, TallyOpenCommand

NOTHING = {"name": "", "aggregate": "", "context": "", "since": "", "until": "", "text": "", "correlation": ""}
HOSTILE = "</td><script>alert('x')</script>"
WAIT = 30.0


@pytest.fixture
def session() -> Iterator[Session]:
    with Session() as made:
        made.register(tally)
        yield made


@pytest.fixture
def part(session: Session) -> Iterator[EventsPart]:
    made = part_for(session)
    yield made
    made.close()


def ask(part: EventsPart, **intent: object) -> Body:
    """The answer to an intent, however long it takes."""
    answered = threading.Event()
    answers: list[Body] = []

    def answer(body: Body) -> None:
        answers.append(body)
        answered.set()

    part.receive(intent, answer)
    assert answered.wait(WAIT)
    return answers[0]


def past(part: EventsPart, number: int, aggregate: str = "", table: str = "") -> Body:
    """The model as of an event, once the replay has come there."""
    while (body := ask(part, kind="as_of", number=number, aggregate=aggregate, table=table))["kind"] == "preparing":
        assert isinstance(body["position"], int)
    return body


def sent(session: Session, *amounts: int) -> None:
    session.send(TallyOpenCommand(identifier="T")).result()
    for amount in amounts:
        session.send(TallyAddCommand(identifier="T", amount=amount)).result()


def test_it_tells_that_the_log_has_grown_and_nothing_otherwise(session: Session, part: EventsPart) -> None:
    assert part.snapshot() == {"kind": "events", "head": 0, "names": [], "contexts": []}
    assert part.delta() is None

    sent(session, 5)

    assert part.delta() == {"kind": "grown", "head": 2}
    assert part.delta() is None
    assert part.snapshot()["names"] == [
        {"value": "TallyAddedEvent", "kind": "domain event", "count": 1},
        {"value": "TallyOpenedEvent", "kind": "domain event", "count": 1},
    ]


def test_of_a_flood_it_tells_once_a_second_and_of_the_few_events_afterwards_at_once(
    session: Session, part: EventsPart, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr("recq_nb.widgets.events_part.time.monotonic", lambda: now[0])
    sent(session, *[1] * A_FEW)
    assert part.delta() == {"kind": "grown", "head": A_FEW + 1}

    session.send(TallyAddCommand(identifier="T", amount=1)).result()
    assert part.delta() == {"kind": "grown", "head": A_FEW + 2}
    for _ in range(A_FEW + 1):
        session.send(TallyAddCommand(identifier="T", amount=1)).result()
    assert part.delta() is None
    now[0] += FLOOD_SECONDS
    assert part.delta() == {"kind": "grown", "head": 2 * A_FEW + 3}


def test_rows_are_found_and_paged_by_rank_and_the_same_filter_goes_on(session: Session, part: EventsPart) -> None:
    sent(session, 1, 2)
    found = ask(part, kind="find", filter=NOTHING | {"name": "TallyAddedEvent"})
    session.send(TallyAddCommand(identifier="T", amount=3)).result()
    again = ask(part, kind="find", filter=NOTHING | {"name": "TallyAddedEvent"})
    page = ask(part, kind="page", query=again["query"], first=1, count=10)

    assert (found["total"], again["total"], again["head"]) == (2, 3, 4)
    assert found["query"] == again["query"]
    rows = cast("list[dict[str, object]]", page["events"])
    assert [(row["number"], row["aggregate"], row["version"], row["brief"]) for row in rows] == [
        (3, "T", 3, '{"identifier":"T","amount":2}'),
        (4, "T", 4, '{"identifier":"T","amount":3}'),
    ]


def test_after_a_reset_a_filter_starts_anew(session: Session, part: EventsPart) -> None:
    sent(session, 1, 2)
    before = ask(part, kind="find", filter=NOTHING)
    session.reset()
    session.send(TallyOpenCommand(identifier="T")).result()

    after = ask(part, kind="find", filter=NOTHING)

    assert (before["total"], after["total"]) == (3, 1)
    assert before["query"] != after["query"]


def test_an_event_is_told_with_its_causes_and_effects() -> None:
    with Session() as session:
        session.register(Order, Stock, Account, Checkout)
        session.send(StockOpenCommand(item_id="I", units=5)).result()
        session.send(AccountOpenCommand(account_id="A", money=50)).result()
        place = OrderPlaceCommand(order_id="O", item_id="I", account_id="A", units=1, price=5)
        reference = session.send(place).result().sequence_number
        session.settled().result()
        frame = session.related_events_df(reference)
        part = part_for(session)
        query = ask(part, kind="find", filter=NOTHING)["query"]

        first = ask(part, kind="event", number=reference, query=query)
        effects = [one for one in cast("list[dict[str, object]]", first["related"]) if one["relation"] == "effect"]
        later = ask(part, kind="event", number=effects[0]["number"], query=query)
        part.close()

    assert {str(one["name"]) for one in effects} >= {"StockReservedEvent", "AccountChargedEvent", "OrderConfirmedEvent"}
    assert list(frame[frame.relation == "effect"].sequence_number) == [one["number"] for one in effects]
    assert all(one["via"] for one in effects)
    causes = [one["number"] for one in cast("list[dict[str, object]]", later["related"]) if one["relation"] == "cause"]
    assert reference in causes


def test_the_past_is_told_with_the_aggregate_and_read_model_one_chose(session: Session, part: EventsPart) -> None:
    sent(session, 5)
    session.send(TallyOpenCommand(identifier="U")).result()

    own, chosen = past(part, 2), past(part, 3, "T", "tally_row")

    assert (own["aggregate"], own["table"], own["rows"], own["fresh"]) == ("T", "tally_row", [["T", "5"]], [True])
    assert '"total": 5' in str(own["state"])
    assert {"field": "total", "before": "0", "after": "5", "what": "changed"}.items() <= cast(
        "list[dict[str, object]]", own["changes"]
    )[0].items()
    assert (chosen["aggregate"], chosen["rows"]) == ("T", [["U", "0"], ["T", "5"]])
    assert past(part, 0)["aggregates"] == []


def test_what_cannot_be_told_is_a_problem_and_an_unknown_intent_an_error(session: Session, part: EventsPart) -> None:
    sent(session, 1)
    query = ask(part, kind="find", filter=NOTHING)["query"]

    assert ask(part, kind="event", number=9, query=query)["text"] == "there is no event 9."
    assert ask(part, kind="page", query=99, first=0, count=1)["remedy"] == "Filter again."
    assert ask(part, kind="as_of", number=9, aggregate="", table="")["kind"] == "problem"
    wrongs: list[Body] = [{"kind": "fly"}, {"kind": "page", "query": "1"}, {"kind": "find", "filter": {"since": "?"}}]
    for wrong in wrongs:
        with pytest.raises(RecqError):
            part.receive(wrong, lambda _: None)


def test_the_static_twin_is_an_escaped_table_of_the_newest_events(session: Session, part: EventsPart) -> None:
    assert "No event yet" in part.picture().text
    session.send(TallyOpenCommand(identifier=HOSTILE)).result()

    shown = part.picture()
    session.close()

    assert "<script>" not in shown.html
    assert "&lt;script&gt;" in shown.html
    assert "The newest 1 of 1 events" in shown.text
    assert part.picture() == shown


def test_a_later_question_about_the_past_replaces_those_that_wait(
    session: Session, part: EventsPart, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent(session, *range(5))
    past(part, 1)
    gate, answers, done = threading.Event(), dict[int, Body](), threading.Event()
    as_of = session.as_of

    def slow(number: int, *, timeout: float = WAIT) -> object:
        assert gate.wait(WAIT)
        return as_of(number, timeout=timeout)

    monkeypatch.setattr(session, "as_of", slow)

    def answer(number: int, body: Body) -> None:
        answers[number] = body
        if len(answers) == 3:
            done.set()

    for number in (2, 3, 4):
        part.receive(
            {"kind": "as_of", "number": number, "aggregate": "", "table": ""},
            lambda body, number=number: answer(number, body),  # type: ignore[misc]  # bound at once
        )
    gate.set()

    assert done.wait(WAIT)
    assert answers[3]["kind"] == "superseded"
    assert answers[4]["kind"] == "past"


def test_an_event_without_a_registered_class_is_shown_as_well(session: Session, part: EventsPart) -> None:
    sent(session, 1)
    session.unregister("TallyAggregate", "TallyProjector", "TallyAddedEvent")
    query = ask(part, kind="find", filter=NOTHING)["query"]

    details = ask(part, kind="event", number=2, query=query)

    assert TallyAddedEvent.__name__ == cast("dict[str, object]", details["event"])["name"]
    assert past(part, 2)["state"] == ""
