"""The consumers part: how far every consumer is, what it could not handle, and acting on it."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Sequence
from html import escape
from typing import cast

from pydantic import TypeAdapter, ValidationError

from recq_nb.errors import RecqError
from recq_nb.modeling.capability import ComponentKind
from recq_nb.widgets.consumer_tables import read_tables
from recq_nb.widgets.consumers_host import ConsumersHost, Status, Tried
from recq_nb.widgets.errand import Errands, problem_of
from recq_nb.widgets.part import BURST_REST_SECONDS, Answer, Picture
from recq_nb.widgets.protocol.consumers import Act, Action, ActOnScheduled, ConsumerRow, ConsumersBody, Tables
from recq_nb.widgets.protocol.envelope import Body

_INTENT: TypeAdapter[Act | ActOnScheduled] = TypeAdapter(Act | ActOnScheduled)
LOOK_SECONDS = 0.1
"""Between two looks at the consumers."""
BURST = 500
"""Events between two frames; more of them are a burst, which is looked at less often."""
READ_SECONDS = 1.0
"""Between two reads of the tables, which are three queries at most, and none while nothing has changed."""
IDLE_READ_SECONDS = 5.0
"""The same while there are scheduled commands, whose attempts nothing announces."""
TREND = 60
RATE_SECONDS = 3.0
MOST_CONSUMERS = 300
_BUSY = {"pause": "pausing", "resume": "resuming", "replay": "replaying", "redrive": "re-driving", "delete": "deleting"}


def part_for(session: object) -> ConsumersPart:
    """The part for a session."""
    return ConsumersPart(cast("ConsumersHost", session))


def _head_of(statuses: Sequence[Status]) -> int:
    return max((status.head for status in statuses), default=0)


class _Course:
    """How a consumer has moved in the last seconds."""

    def __init__(self) -> None:
        self.places: deque[tuple[float, int]] = deque()
        self.trend: deque[int] = deque(maxlen=TREND)
        self._drawn = 0.0

    def note(self, now: float, status: Status) -> None:
        """Take note of where it is."""
        if self.places and status.position < self.places[-1][1]:  # a replay began
            self.places.clear()
        self.places.append((now, status.position))
        while len(self.places) > 1 and now - self.places[1][0] >= RATE_SECONDS:
            self.places.popleft()
        if now - self._drawn >= 1.0:
            self._drawn = now
            self.trend.append(status.lag)

    @property
    def rate(self) -> float:
        """Events a second over the last seconds."""
        (start, first), (end, last) = self.places[0], self.places[-1]
        return round((last - first) / (end - start), 1) if end > start else 0.0


class ConsumersPart:
    """Every consumer, the dead event queue, saga instances and scheduled commands.

    Consumers are looked at in memory; the tables are read at most once a second, on a thread of their own.

    Args:
        host: The session.
    """

    name = "consumers"
    rest_seconds = 0.0

    def __init__(self, host: ConsumersHost) -> None:
        self._host = host
        self._errands = Errands()
        self._courses: dict[str, _Course] = {}
        self._busy: dict[str, str] = {}
        self._changing = threading.Lock()
        self._tables: Tables | None = None
        self._fresh: Tables | None = None
        self._problem = ""
        self._looked = self._read_at = 0.0
        self._read_of: object = None
        self._reading = False
        self._sent: object = None
        self._told_head = 0

    # -- frames --------------------------------------------------------------------------------------------------

    def snapshot(self) -> Body:
        """See ``Part.snapshot``."""
        now = time.monotonic()
        statuses = self._look(now)
        self._read_if_due(now, statuses)
        return self._body(statuses, self._tables)

    def delta(self) -> Body | None:
        """See ``Part.delta``."""
        now = time.monotonic()
        if now - self._looked < LOOK_SECONDS and self._fresh is None:
            return None
        statuses = self._look(now)
        self._read_if_due(now, statuses)
        with self._changing:
            tables, self._fresh = self._fresh, None
        body = self._body(statuses, tables)
        said = (body["head"], body["consumers"], body["problem"])
        if tables is None and said == self._sent:
            return None
        head = _head_of(statuses)
        self.rest_seconds = BURST_REST_SECONDS if head - self._told_head > BURST else 0.0
        self._sent, self._told_head = said, head
        return body

    def _look(self, now: float) -> Sequence[Status]:
        self._looked = now
        statuses = self._host.consumer_statuses()[:MOST_CONSUMERS]
        known = {status.consumer_id for status in statuses}
        self._courses = {name: course for name, course in self._courses.items() if name in known}
        for status in statuses:
            self._courses.setdefault(status.consumer_id, _Course()).note(now, status)
        return statuses

    def _body(self, statuses: Sequence[Status], tables: Tables | None) -> Body:
        body: ConsumersBody = {
            "kind": "consumers",
            "head": _head_of(statuses),
            "consumers": [self._row(status) for status in statuses],
            "tables": tables,
            "problem": self._problem,
        }
        return cast("Body", body)

    def _row(self, status: Status) -> ConsumerRow:
        course = self._courses[status.consumer_id]
        return {
            "consumer_id": status.consumer_id,
            "component": status.component,
            "kind": status.kind,
            "version": status.version,
            "context": status.context,
            "position": status.position,
            "head": status.head,
            "lag": status.lag,
            "rate": course.rate,
            "health": str(status.health),
            "reason": status.reason[:2_000],
            "attempts": status.attempts,
            "dead_events": status.dead_events,
            "last_error": status.last_error[:2_000],
            "busy": self._busy.get(status.consumer_id, ""),
            "trend": list(course.trend),
        }

    # -- the tables ----------------------------------------------------------------------------------------------

    def _read_if_due(self, now: float, statuses: Sequence[Status]) -> None:
        found = tuple((one.consumer_id, one.position, one.dead_events, one.last_error) for one in statuses)
        waiting = self._tables is not None and self._tables["scheduled_total"] > 0
        due = READ_SECONDS if found != self._read_of else IDLE_READ_SECONDS if waiting else None
        if due is None or now - self._read_at < due or self._reading:
            return
        self._reading, self._read_at, self._read_of = True, now, found
        sagas = any(one.kind is ComponentKind.SAGA for one in self._host.bundle.components.values())
        before = self._tables
        seeks_dead = before is None or before["dead_total"] > 0 or any(one.dead_events for one in statuses)
        threading.Thread(target=self._read, args=(sagas, seeks_dead), name="recq-widgets-tables", daemon=True).start()

    def _read(self, sagas: bool, dead: bool) -> None:  # noqa: FBT001  what there is to read
        try:
            tables = read_tables(self._host, sagas=sagas or self._tables is None, dead=dead)
        except Exception as error:  # noqa: BLE001  border: the pump's, continued on this thread
            self._problem = f"the tables cannot be read: {problem_of(error)['text']}"
        else:
            self._problem = ""
            with self._changing:
                if tables != self._tables:
                    self._tables = self._fresh = tables
        finally:
            self._reading = False

    # -- intents -------------------------------------------------------------------------------------------------

    def receive(self, intent: Body, answer: Answer) -> None:
        """See ``Part.receive``."""
        try:
            act = _INTENT.validate_python(intent, strict=True)
        except ValidationError as error:
            raise RecqError(f"the consumers widget knows no such intent: {error.errors()[0]['msg']}.") from None
        if act["kind"] == "scheduled":
            self._decide(act, answer)
            return
        _must_be_confirmed(act)
        acted_on = [one.consumer_id for one in self._host.consumer_statuses() if _concerns(act, one)]
        if act["action"] == "replay":
            component = next((one.component for one in self._host.consumer_statuses() if _concerns(act, one)), "")
            acted_on = [one.consumer_id for one in self._host.consumer_statuses() if one.component == component]
        for consumer_id in acted_on:
            self._busy[consumer_id] = _BUSY[act["action"]]

        def work() -> Body:
            try:
                text, failed = self._do(act["action"], act["consumer"], act["sequence_number"])
            finally:
                for consumer_id in acted_on:
                    self._busy.pop(consumer_id, None)
                self._read_of = None
            return {"kind": "acted", "text": text, "failed": failed}

        self._errands.run(work, answer)

    def _decide(self, act: ActOnScheduled, answer: Answer) -> None:
        schedule_id = act["schedule_id"]
        if act["action"] == "cancel" and not act["confirmed"]:
            raise RecqError("a cancelled command is never sent, and that was not confirmed.", remedy="Confirm it.")

        def work() -> Body:
            if act["action"] == "cancel":
                self._host.cancel_scheduled(schedule_id)
                text = "The scheduled command is cancelled."
            else:
                self._host.retry_scheduled(schedule_id)
                text = "The command is sent once more."
            self._read_of = None
            return {"kind": "acted", "text": text, "failed": False}

        self._errands.run(work, answer)

    def _do(self, action: Action, consumer: str, number: int | None) -> tuple[str, bool]:
        match action:
            case "pause":
                self._host.pause(consumer)
                return f"{consumer} is paused.", False
            case "resume":
                self._host.resume(consumer)
                return f"{consumer} goes on.", False
            case "replay":
                self._host.replay(consumer)
                return f"{consumer} reads the log again from the first event.", False
            case "redrive":
                return _redriven(self._host.redrive(consumer or None, number))
            case "delete":
                owners = [one.consumer_id for one in self._host.consumer_statuses() if one.dead_events]
                chosen = [consumer] if consumer else owners
                deleted = sum(self._host.delete_dead_events(one, number) for one in chosen)
                return f"{_count(deleted, 'dead event')} deleted.", False

    # -- the static twin -----------------------------------------------------------------------------------------

    def picture(self) -> Picture:
        """See ``Part.picture``."""
        statuses = self._host.consumer_statuses()
        if not statuses:
            text = "No consumer yet: a projector, observer or saga appears here once it is defined."
            return Picture(f"<p>{escape(text)}</p>", text)
        names = ("consumer", "kind", "health", "checkpoint", "head", "lag", "dead events", "why")
        rows = [
            (one.consumer_id, one.kind, str(one.health), one.position, one.head, one.lag, one.dead_events, one.reason)
            for one in statuses
        ]
        head = "".join(f"<th>{name}</th>" for name in names)
        cells = "".join(f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in row)}</tr>" for row in rows)
        text = "\n".join(
            f"{one.consumer_id}: {one.health} at {one.position} of {one.head}"
            + (f", {_count(one.dead_events, 'dead event')}" if one.dead_events else "")
            + (f" ({one.reason})" if one.reason else "")
            for one in statuses
        )
        return Picture(f"<table><thead><tr>{head}</tr></thead><tbody>{cells}</tbody></table>", text)

    def close(self) -> None:
        """See ``Part.close``."""


def _concerns(act: Act, status: Status) -> bool:
    return act["consumer"] in ("", status.consumer_id, status.component)


def _must_be_confirmed(act: Act) -> None:
    if act["consumer"] == "" and act["action"] not in ("redrive", "delete"):
        raise RecqError(f"{act['action']} needs a consumer.", remedy="Choose one of them.")
    if act["action"] in ("replay", "delete") and not act["confirmed"]:
        what = "does again what it did" if act["action"] == "replay" else "loses dead events for good"
        raise RecqError(f"{act['action']} {what}, and was not confirmed.", remedy="Confirm it.")


def _redriven(tried: Sequence[Tried]) -> tuple[str, bool]:
    if not tried:
        return "There was no dead event to handle.", False
    failed = [one for one in tried if one.error]
    text = f"{len(tried) - len(failed)} of {_count(len(tried), 'dead event')} handled."
    if failed:
        text += f" Event {failed[0].sequence_number} failed again: {failed[0].error}"
    return text[:2_000], bool(failed)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
