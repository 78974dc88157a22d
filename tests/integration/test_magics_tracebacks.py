"""A modeller's bug in a handler: its traceback has the cells in it and nothing of what called them."""

from __future__ import annotations

import re

import pytest

from tests.integration.notebook_shell import Notebook

MODEL = """%%recq_component
class DoCommand(ServiceCommand): ...
class DoLaterCommand(ServiceCommand): ...
class DecideCommand(DomainCommand):
    identifier: AggregateId
class DecidedEvent(DomainEvent):
    identifier: str
class BoomView(View): ...
class BoomQuery(Query[BoomView]): ...
class DeciderState(AggregateState): ...

@aggregate
class Decider:
    @aggregate_command_handler(init=True)
    def decide(self, command: DecideCommand) -> DecidedEvent:
        helper()
    @event_sourcing_handler
    def decided(self, event: DecidedEvent) -> DeciderState:
        return DeciderState()

@service
class Doer:
    @command_handler
    def do(self, command: DoCommand) -> None:
        helper()
    @command_handler
    async def later(self, command: DoLaterCommand) -> None:
        helper()

@projection
class Answering:
    @query_handler
    def find(self, query: BoomQuery) -> BoomView:
        helper()

@invoker
class Calling:
    @invocation_handler
    def go(self, commands: CommandGateway) -> None:
        commands.send(DoCommand()).result()
"""
CALLS = {
    "aggregate": ("recq.send(DecideCommand(identifier='D'))", ["Decider.decide"]),
    "service": ("recq.send(DoCommand())", ["Doer.do"]),
    "asynchronous service": ("recq.send(DoLaterCommand())", ["Doer.later"]),
    "projection": ("recq.query(BoomQuery())", ["Answering.find"]),
    "invoker": ("recq.invoker(Calling).go()", ["Calling.go", "Doer.do"]),
}


@pytest.mark.parametrize(("call", "handlers"), CALLS.values(), ids=CALLS.keys())
@pytest.mark.parametrize("way", ["await {}", "{}.result()"])
def test_a_bug_in_a_handler_shows_cells_and_no_machinery(
    way: str, call: str, handlers: list[str], notebook: Notebook
) -> None:
    notebook.run("def helper():\n    raise KeyError('a bug')")
    assert notebook.run(MODEL).error is None

    outcome = notebook.run(way.format(call))

    assert isinstance(outcome.error, KeyError)
    assert re.findall(r"Cell In\[\d+\], line \d+(?:, in ([\w.]+))?", outcome.printed) == ["", *handlers, "helper"]
    assert "File " not in outcome.printed
    assert f"raised by {handlers[-1]} while handling" in outcome.printed
