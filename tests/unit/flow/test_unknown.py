"""What cannot be known from the source is reported where it is, never guessed."""

from __future__ import annotations

import pytest

from recq_nb.flow.graph_reading import application_graph
from recq_nb.flow.lint.linting import lint
from recq_nb.flow.sources.source import Source

MODEL = """
import importlib
import json
import shop

class PlacedEvent(DomainEvent):
    order: str

class NotifyCommand(ServiceCommand):
    text: str = ""

class RemindCommand(NotifyCommand):
    pass

REGISTRY = {}

def register(cls):
    REGISTRY[cls.__name__] = cls
    return cls

def first(values):
    return values[0]

@observer
class Watcher:
    @event_handler
    async def placed(self, event: PlacedEvent, commands: CommandGateway) -> None:
        STATEMENT
"""


def _sources(statement: str) -> list[Source]:
    indented = statement.replace("\n", "\n        ")
    return [Source(MODEL.replace("STATEMENT", indented), "n.ipynb", "n", cell=1, has_magics=True)]


@pytest.mark.parametrize(
    ("statement", "rule", "targets"),
    [
        ("await commands.send(json.loads(event.order))", "RECQ010", []),
        ("await commands.send(REGISTRY[event.order]())", "RECQ010", []),
        ("await commands.send(shop.PlaceCommand(order=event.order))", "RECQ010", []),
        ("await commands.send(globals()[event.order]())", "RECQ010", []),
        ("await commands.send(eval(event.order) if event.order else RemindCommand())", "RECQ010", ["RemindCommand"]),
        ("command: ServiceCommand = first(json.loads(event.order))\nawait commands.send(command)", "RECQ010", []),
        ("command: NotifyCommand = first(json.loads(event.order))\nawait commands.send(command)", "RECQ010", []),
        ("await commands.send(getattr(shop, event.order)())", "RECQ010", []),
        ("await commands.send(undefined)", "RECQ010", []),
        ("await commands.send()", "RECQ010", []),
        ("await shop.dispatch(commands)", "RECQ012", []),
        ("await getattr(commands, event.order)(RemindCommand())", "RECQ012", []),
        ("await shop.call(commands.send, RemindCommand())", "RECQ012", []),
        ("await shop.call({'gateway': [commands]})", "RECQ012", []),
    ],
)
def test_what_cannot_be_read_is_reported_and_has_no_edge(statement: str, rule: str, targets: list[str]) -> None:
    sources = _sources(statement)
    line = MODEL.splitlines().index("        STATEMENT") + 1 + statement.count("\n")

    graph = application_graph(sources)

    assert [(one.rule, one.position.line) for one in lint(sources, select=["RECQ01"])] == [(rule, line)]
    assert [edge.target for edge in graph.out_of("Watcher.placed")] == targets
    assert [position.line for position in graph.unresolved] == [line]


@pytest.mark.parametrize(
    ("statement", "targets"),
    [
        ("command: RemindCommand = first(json.loads(event.order))\nawait commands.send(command)", ["RemindCommand"]),
        ("await commands.send(first([RemindCommand(), NotifyCommand()]))", ["NotifyCommand", "RemindCommand"]),
        ("await shop.retry(lambda: commands.send(RemindCommand()))", ["RemindCommand"]),
        ("while True:\n    await commands.send(RemindCommand())\n    break", ["RemindCommand"]),
        ("if event.order:\n    return\nawait commands.send(RemindCommand())", ["RemindCommand"]),
        ("return\nawait commands.send(RemindCommand())", []),
        ("raise ValueError\nawait commands.send(RemindCommand())", []),
        ("reject('no', 'never')\nawait commands.send(RemindCommand())", []),
        ("[commands.send(x) for x in ()]", []),
    ],
)
def test_what_can_be_read_is_read(statement: str, targets: list[str]) -> None:
    graph = application_graph(_sources(statement))

    assert [edge.target for edge in graph.out_of("Watcher.placed")] == targets
    assert graph.unresolved == ()


def test_a_payload_from_outside_the_sources_is_reported_at_its_handler() -> None:
    text = """import shop

@observer
class Watcher:
    @event_handler
    def placed(self, event: shop.PlacedEvent) -> None: ...
"""
    sources = [Source(text, "n.ipynb", "n", cell=1, has_magics=True)]

    assert [(one.rule, one.position.line) for one in lint(sources)] == [("RECQ010", 6)]
    assert [position.line for position in application_graph(sources).unresolved] == [6]
