"""Calls: commands and queries sent from the console, and what became of each."""

from __future__ import annotations

import json
import time
from asyncio import CancelledError
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import uuid4

from pydantic import BaseModel

from recq_nb.errors import RecqError, Rejection, RequestTimeoutError
from recq_nb.modeling.gateway import Confirmation
from recq_nb.modeling.message import EventMessage
from recq_nb.modeling.payload import Command, Payload, Query
from recq_nb.ports.flow_listener import FlowStep, FlowStepKind
from recq_nb.widgets.console_host import ConsoleHost, SettledLater
from recq_nb.widgets.protocol.console import Call, Caused
from recq_nb.widgets.wire_body import sendable

REMEMBERED = 30
"""Calls that are shown; the oldest go first."""
MOST_CAUSED = 60
MOST_ROWS = 200
LONGEST_TEXT = 2_000
LONGEST_INPUT = 20_000
"""Of what was sent, as JSON and as source; what is longer is not offered to be filled in or copied again."""
LONGEST_LIST = 50
WATCHED_SECONDS = 30.0
"""After its reply, what a call has caused is still added to it for so long."""


@dataclass
class SentCall:
    """One call; written by the thread that sends and by the one that settles, read by the pump's."""

    number: int
    payload: Payload
    kind: str
    source: str
    sent_at: datetime
    started: float
    flow: str = ""
    reply: SettledLater | None = None
    ended: float = 0.0
    error: Exception | None = None
    shown: str = ""
    caused: list[Caused] = field(default_factory=list)
    more: int = 0
    outcome: Call | None = None


class Calls:
    """Sends, remembers the newest calls, and says which of them have changed."""

    def __init__(self, host: ConsoleHost) -> None:
        self._host = host
        self._calls: dict[int, SentCall] = {}
        self._sent = 0
        self._seen = 0
        self._changed: set[int] = set()

    def send(self, payload: Payload, kind: str, source: str) -> int:
        """Send a command or query; returns at once with the number of the call."""
        self._sent += 1
        call = SentCall(self._sent, payload, kind, source, datetime.now(UTC), time.perf_counter())
        if not self._watched():
            self._seen = self._host.recorder.recorded
        self._calls[call.number] = call
        for number in sorted(self._calls)[:-REMEMBERED]:
            del self._calls[number]

        def settled(_reply: object) -> None:  # on the engine thread
            call.ended = time.perf_counter()
            self._changed.add(call.number)

        try:
            if isinstance(payload, Command):
                call.flow = str(uuid4())
                call.reply = self._host.send(payload, command_id=call.flow)
            else:
                assert isinstance(payload, Query)
                call.reply = self._host.query(payload)
            call.reply.add_done_callback(settled)
        except RecqError as error:
            call.error, call.ended = error, time.perf_counter()
        self._changed.add(call.number)
        return call.number

    def give_up(self, number: int) -> None:
        """Stop waiting for a call's reply; what was sent goes on."""
        call = self._calls.get(number)
        if call is not None and call.reply is not None:
            call.reply.cancel()

    def all(self) -> list[Call]:
        """Every call that is remembered, oldest first."""
        self._look_for_effects()
        self._changed.clear()
        return [_shown(call) for call in list(self._calls.values())]

    def news(self) -> list[Call]:
        """The calls that have changed since they were last asked for."""
        self._look_for_effects()
        changed = set()
        while self._changed:
            changed.add(self._changed.pop())
        return [_shown(call) for number, call in sorted(self._calls.items()) if number in changed]

    def _watched(self) -> dict[str, SentCall]:
        now = time.perf_counter()
        calls = list(self._calls.values())
        return {
            call.flow: call for call in calls if call.flow and (not call.ended or now - call.ended < WATCHED_SECONDS)
        }

    def _look_for_effects(self) -> None:
        watched = self._watched()
        if not watched:
            return
        first, steps = self._host.recorder.since(self._seen)
        self._seen = first + len(steps) - 1
        for step in steps:
            call = watched.get(step.message.correlation_id)
            if call is not None and step.message.message_id != call.flow:
                self._changed.add(call.number)
                if len(call.caused) < MOST_CAUSED:
                    call.caused.append(_caused(step))
                else:
                    call.more += 1


def _caused(step: FlowStep) -> Caused:
    message = step.message
    return {
        "hop": str(step.kind),
        "kind": "event" if isinstance(message, EventMessage) else "message",
        "name": message.name,
        "component": step.component if step.kind is not FlowStepKind.PUBLISHED else message.sender,
        "number": message.sequence_number if isinstance(message, EventMessage) else 0,
        "outcome": step.outcome[:LONGEST_TEXT],
    }


def _shown(call: SentCall) -> Call:
    if call.outcome is None:
        outcome = _outcome(call)
        if outcome["state"] != "pending":  # the call may have ended since this was made
            call.outcome = outcome
        return outcome
    return {**call.outcome, "caused": list(call.caused), "caused_more": call.more}


def _outcome(call: SentCall) -> Call:
    ended, reply = call.ended, call.reply
    error = call.error or (reply.exception() if reply is not None and ended else None)
    body: Call = {
        "call": call.number,
        "name": type(call.payload).__name__,
        "kind": call.kind,
        "state": "pending",
        "code": "",
        "text": "",
        "remedy": "",
        "input": _whole(_text_of(call.payload)),
        "source": _whole(call.source),
        "sent_at": call.sent_at.isoformat(),
        "took": 0.0,
        "event": "",
        "number": 0,
        "aggregate_id": "",
        "version": 0,
        "view": None,
        "rows": -1,
        "caused": list(call.caused),
        "caused_more": call.more,
    }
    if not ended:
        return body
    body["took"] = (ended - call.started) * 1e3
    if error is not None:
        return _failed(body, error)
    assert reply is not None
    value = reply.result(0)
    if isinstance(value, Confirmation):
        body["state"] = "confirmed"
        body["event"], body["number"] = value.event_name, value.sequence_number
        body["aggregate_id"], body["version"] = value.aggregate_id, value.version
    else:
        body["state"] = "answered"
        body["view"], body["rows"] = _view(value)
    return body


def _failed(body: Call, error: BaseException) -> Call:
    if isinstance(error, Rejection):
        body["state"], body["code"], body["text"] = "rejected", error.code[:LONGEST_TEXT], error.text[:LONGEST_TEXT]
        return body
    if isinstance(error, CancelledError):
        body["state"], body["text"] = "cancelled", str(error)
        return body
    body["state"] = "timed_out" if isinstance(error, RequestTimeoutError) else "failed"
    body["code"] = type(error).__name__
    body["text"] = (error.problem if isinstance(error, RecqError) else str(error))[:LONGEST_TEXT]
    notes: Sequence[str] = getattr(error, "__notes__", ())
    body["remedy"] = (error.remedy or "") if isinstance(error, RecqError) else "\n".join(notes)[:LONGEST_TEXT]
    return body


def _whole(text: str) -> str:
    return text if len(text) <= LONGEST_INPUT else ""


def _view(value: object) -> tuple[object, int]:
    """An answer as JSON, cut where it is long, and how many rows there were."""
    if isinstance(value, list):
        return [_bounded(_json(one)) for one in value[:MOST_ROWS]], len(value)
    return _bounded(_json(value)), -1


def _text_of(payload: BaseModel) -> str:
    """JSON; ``""`` where it has none."""
    try:
        return payload.model_dump_json(by_alias=True)
    except ValueError:  # a text in it has a lone surrogate, or a serializer of the modeller's own fails
        return ""


def _json(value: object) -> object:
    if not isinstance(value, BaseModel):
        return str(value)
    text = _text_of(value)
    return json.loads(text) if text else repr(value)


def _bounded(value: object) -> object:
    match value:
        case str():
            return value if len(value) <= LONGEST_TEXT else f"{value[:LONGEST_TEXT]}…"
        case int() | float():
            return sendable(value)
        case list():
            return [*map(_bounded, value[:LONGEST_LIST]), *_left_out(value)]
        case dict():
            return {name: _bounded(one) for name, one in value.items()}
        case _:
            return value


def _left_out(values: Sequence[object]) -> Iterable[object]:
    return [f"… and {len(values) - LONGEST_LIST} more"] if len(values) > LONGEST_LIST else []
