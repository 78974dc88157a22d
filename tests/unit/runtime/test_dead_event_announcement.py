"""An event a consumer gives up on is announced to whoever caused it; what only has to wait is not."""

from __future__ import annotations

import re

import pytest

from recq_nb import (
    CommandGateway,
    ServiceCommand,
    ServiceEvent,
    Session,
    command_handler,
    event_handler,
    observer,
    service,
)
from recq_nb.runtime.consumer import MOST_ANNOUNCED
from recq_nb.runtime.handler_failure import LONGEST_ANNOUNCED


class RingCommand(ServiceCommand):
    text: str


class RangEvent(ServiceEvent):
    text: str


@service
class Bell:
    @command_handler
    def ring(self, command: RingCommand) -> RangEvent:
        return RangEvent(text=command.text)


@observer
class Listener:
    @event_handler(retry=0)
    async def heard(self, event: RangEvent) -> None:
        int(event.text)


class AnswerCommand(ServiceCommand):
    pass


@service
class Telephone:
    def __init__(self) -> None:
        self._calls = 0

    @command_handler
    def answer(self, _command: AnswerCommand) -> None:
        self._calls += 1
        if self._calls == 1:
            raise ConnectionError("engaged")


@observer
class Caller:
    @event_handler(retry=0)
    async def heard(self, _event: RangEvent, commands: CommandGateway) -> None:
        await commands.send(AnswerCommand())


def test_a_dead_event_is_announced_with_the_modellers_line_and_the_remedy(capfd: pytest.CaptureFixture[str]) -> None:
    with Session() as session:
        session.register(Bell, Listener)
        session.settled().result()

        session.send(RingCommand(text="ding")).result()
        session.settled().result()

    assert re.sub(r"line \d+", "line N", capfd.readouterr().err) == (
        "recq: Listener.heard cannot handle RangEvent (event 1): "
        "ValueError: invalid literal for int() with base 10: 'ding'\n"
        "    line N, in heard: int(event.text)\n"
        "  → It waits in recq.dead_events_df(). "
        'Mend Listener, then call recq.redrive("Listener").\n'
    )


def test_an_error_no_encoding_has_or_nobody_reads_to_its_end_is_printed_so_that_a_notebook_takes_it(
    capfd: pytest.CaptureFixture[str],
) -> None:
    @observer
    class Hostile:
        @event_handler(retry=0)
        async def heard(self, event: RangEvent) -> None:
            raise ValueError("\ud83d" + event.text * LONGEST_ANNOUNCED * 10)

    with Session() as session:
        session.register(Bell, Hostile)
        session.send(RingCommand(text="ding")).result()
        session.settled().result()

    printed = capfd.readouterr().err
    assert "ValueError: \\ud83dding" in printed
    assert "…" in printed
    assert len(printed) < LONGEST_ANNOUNCED + 500


def test_an_outage_is_not_printed(capfd: pytest.CaptureFixture[str]) -> None:
    with Session() as session:
        session.register(Bell, Telephone, Caller)
        session.settled().result()

        session.send(RingCommand(text="ding")).result()
        session.settled().result()

    assert capfd.readouterr().err == ""


def test_a_flood_of_dead_events_is_announced_by_its_first(capfd: pytest.CaptureFixture[str]) -> None:
    with Session() as session:
        session.register(Bell, Listener)
        session.settled().result()

        for _ in range(MOST_ANNOUNCED + 5):
            session.send(RingCommand(text="ding")).result()
        session.settled().result()
        parked = len(session.dead_events_df())

    assert parked == MOST_ANNOUNCED + 5
    assert capfd.readouterr().err.count("cannot handle") == MOST_ANNOUNCED
