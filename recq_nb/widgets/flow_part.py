"""The flow part: what messages do, hop by hop, as the flow widget draws it."""

from __future__ import annotations

import inspect
import json
import textwrap
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Protocol, cast

from recq_nb.errors import RecqError
from recq_nb.flow.flow_graph import FlowGraph
from recq_nb.flow.flow_reader import FlowReader
from recq_nb.flow.recorder import CAPACITY, FlowRecorder, Route, route_of
from recq_nb.flow.sequence import GATEWAY, OUTSIDE, STORE, to_mermaid
from recq_nb.flow.sequence_picture import to_html
from recq_nb.modeling.bundle import Bundle
from recq_nb.modeling.legible_text import beginning
from recq_nb.modeling.message import CommandMessage, EventMessage, Message, QueryMessage
from recq_nb.modeling.payload import Payload
from recq_nb.ports.flow_listener import FlowStep, FlowStepKind
from recq_nb.widgets.part import BURST_REST_SECONDS, Answer, Picture
from recq_nb.widgets.protocol.envelope import Body
from recq_nb.widgets.protocol.flow import FlowNews, FlowSnapshot, Hop, HopDetails, Lifeline, Skipped, Source

REMEMBERED = 1_000
"""Hops a page that just came is given."""
REMEMBERED_OF_SOME = 10_000
"""Hops of chosen flows that their static picture is made from."""
DETAILED = 300
"""Hops of one frame; more of them are a burst."""
DETAILED_OF_BURST = 60
"""Of a burst the newest are shown, more than a page has room for, and the others counted."""
MOST_LINES = 1_000
"""Of the static picture as text, which a notebook keeps."""
LONGEST_PAYLOAD = 20_000
"""Characters of a payload that are shown."""
LONGEST_METADATA = 4_000
_BEGINNINGS = {FlowStepKind.SENT, FlowStepKind.PUBLISHED}
_REPLIES = {FlowStepKind.REPLIED, FlowStepKind.REJECTED, FlowStepKind.FAILED, FlowStepKind.TIMED_OUT}


class FlowHost(Protocol):
    """What the part needs of a session."""

    recorder: FlowRecorder
    source_label: Callable[[str], str]

    @property
    def bundle(self) -> Bundle:
        """The registered model."""


def part_for(session: object) -> FlowPart:
    """The part for a session."""
    return FlowPart(cast("FlowHost", session))


class FlowPart:
    """Hops as the recorder has them, bounded: a burst is counted, not listed.

    Args:
        host: The session.
        wanted: Correlation ids of the flows it shows; all when None.
    """

    name = "flow"
    rest_seconds = 0.0

    def __init__(self, host: FlowHost, wanted: Collection[str] | None = None) -> None:
        self._host = host
        self._wanted = wanted
        self._reader = FlowReader(host.recorder)
        self._pictured = 0
        self._picture: Picture | None = None

    def snapshot(self) -> Body:
        """See ``Part.snapshot``."""
        self._reader = FlowReader(self._host.recorder)
        unlisted, shown = self._news(REMEMBERED, REMEMBERED)
        body: FlowSnapshot = {
            "kind": "snapshot",
            "forgotten": unlisted.total(),
            "chosen": self._wanted is not None,
            "lifelines": self._lifelines(),
            "hops": [self._hop(*one) for one in shown],
        }
        return cast("Body", body)

    def delta(self) -> Body | None:
        """See ``Part.delta``."""
        unlisted, shown = self._news(DETAILED, DETAILED_OF_BURST)
        self.rest_seconds = BURST_REST_SECONDS if unlisted else 0.0
        if not shown:
            return None
        body: FlowNews = {
            "kind": "news",
            "lifelines": self._lifelines(),
            "skipped": _counted(unlisted),
            "hops": [self._hop(*one) for one in shown],
        }
        return cast("Body", body)

    def _news(self, most: int, of_more: int) -> tuple[Counter[Route], list[tuple[int, FlowStep]]]:
        """How many new steps are not listed, and those that are, with numbers: all if no more than ``most``."""
        news = self._reader.look(most if self._wanted is None else CAPACITY)
        listed = list(enumerate(news.steps, start=news.first))
        if self._wanted is None:
            shown = listed if news.routes.total() <= most else listed[-of_more:]
            return news.routes - Counter(route_of(step) for _, step in shown), shown
        chosen = [one for one in listed if one[1].message.correlation_id in self._wanted]
        cut = len(chosen) - of_more if len(chosen) > most else 0
        return Counter(route_of(step) for _, step in chosen[:cut]), chosen[cut:]

    def _hop(self, number: int, step: FlowStep) -> Hop:
        message = step.message
        source, target = _ends(step)
        took, began = step.handler_ns, step.time_ns
        if isinstance(message, EventMessage):
            began -= step.handler_ns  # before what its handler sent meanwhile
        elif step.kind in _REPLIES:
            took = step.lock_wait_ns + step.retrieve_ns + step.handler_ns
        return {
            "step": number,
            "hop": str(step.kind),
            "kind": self._kind(message),
            "name": message.name,
            "message": message.message_id,
            "correlation": message.correlation_id,
            "cause": message.causation_id,
            "source": source,
            "target": target,
            "component": step.component,
            "handler": step.handler,
            "at": began / 1e6,
            "took": took / 1e6,
            "outcome": step.outcome[:400],
            "view": self._view(message) if step.kind is FlowStepKind.REPLIED else "",
        }

    def _view(self, message: Message) -> str:
        query = self._host.bundle.payloads.get(message.name)
        if query is None or query.view_name is None:
            return ""
        return f"list of {query.view_name}" if query.view_is_many else query.view_name

    def _kind(self, message: Message) -> str:
        payload = self._host.bundle.payloads.get(message.name)
        if payload is not None:
            return str(payload.kind)
        if isinstance(message, CommandMessage):
            return "domain command"
        if isinstance(message, QueryMessage):
            return "query"
        return "domain event" if isinstance(message, EventMessage) else "invocation"

    def _lifelines(self) -> list[Lifeline]:
        components = self._host.bundle.components.values()
        return [{"name": component.name, "kind": str(component.kind)} for component in components]

    # -- intents -------------------------------------------------------------------------------------------------

    def receive(self, intent: Body, answer: Answer) -> None:
        """See ``Part.receive``."""
        match intent:
            case {"kind": "hop", "step": int(number)}:
                answer(cast("Body", self._details(number)))
            case {"kind": "mermaid", "correlation": str(correlation_id)}:
                answer({"kind": "mermaid", "text": to_mermaid(self._graph(correlation_id))})
            case _:
                raise RecqError(f"the flow widget knows no intent {intent.get('kind')!r}.")

    def _details(self, number: int) -> HopDetails:
        first, steps = self._host.recorder.since(number - 1)
        if first != number or not steps:
            raise RecqError(
                f"hop {number} has been forgotten; the recorder keeps the newest only.",
                remedy="Look at recq.events() for what was stored.",
            )
        step = steps[0]
        payload = _json_of(step.message)
        return {
            "kind": "hop",
            "step": number,
            "payload": payload[:LONGEST_PAYLOAD],
            "cut": len(payload) > LONGEST_PAYLOAD,
            "metadata": beginning(
                json.dumps(dict(step.message.metadata), indent=2, ensure_ascii=False, default=str), LONGEST_METADATA
            ),
            "lock_wait": step.lock_wait_ns / 1e6,
            "retrieve": step.retrieve_ns / 1e6,
            "handler": step.handler_ns / 1e6,
            "store": step.store_ns / 1e6,
            "source": self._source(step),
        }

    def _source(self, step: FlowStep) -> Source | None:
        component = self._host.bundle.components.get(step.component)
        for handler in component.handlers if component is not None else ():
            if handler.name == step.handler:
                try:
                    lines, line = inspect.getsourcelines(handler.function)
                except (OSError, TypeError):
                    return None
                filename = inspect.unwrap(handler.function).__code__.co_filename
                place = self._host.source_label(filename).rsplit("/", 1)[-1]
                return {"place": place, "line": line, "text": textwrap.dedent("".join(lines))[:6_000]}
        return None

    # -- the static twin -----------------------------------------------------------------------------------------

    def picture(self) -> Picture:
        """See ``Part.picture``. Chosen flows keep theirs, also when the recorder has forgotten them."""
        if self._wanted is None:
            return _pictured(self._graph())
        first, steps = self._host.recorder.since(self._pictured)
        if self._picture is None or any(step.message.correlation_id in self._wanted for step in steps):
            self._picture = _pictured(self._graph())
        self._pictured = first + len(steps) - 1
        return self._picture

    def _graph(self, correlation_id: str = "") -> FlowGraph:
        """What it shows, or one flow, as messages: of all traffic those of the newest hops, with their beginnings."""
        wanted = {correlation_id} if correlation_id else self._wanted
        steps = self._host.recorder.since(0)[1]
        if wanted is not None:
            steps = [step for step in steps if step.message.correlation_id in wanted]
        kinds = {name: component.kind for name, component in self._host.bundle.components.items()}
        return FlowGraph(_whole(steps, REMEMBERED if wanted is None else REMEMBERED_OF_SOME), kinds)

    def close(self) -> None:
        """See ``Part.close``."""


def _whole(steps: Sequence[FlowStep], most: int) -> list[FlowStep]:
    """The newest steps, and the older ones of the same messages; nothing of a message whose beginning is forgotten.

    After a burst the newest thousand steps may all be a consumer's, of events published long before.
    """
    newest = steps[-most:]
    begun = {step.message.message_id for step in newest if step.kind in _BEGINNINGS}
    lacking = {step.message.message_id for step in newest} - begun
    older = []
    for step in reversed(steps[:-most]):
        if not lacking:
            break
        if step.message.message_id in lacking:
            older.append(step)
            if step.kind in _BEGINNINGS:
                lacking.discard(step.message.message_id)
    return [step for step in [*reversed(older), *newest] if step.message.message_id not in lacking]


def _pictured(graph: FlowGraph) -> Picture:
    lines = repr(graph).splitlines()
    more = [f"… and {len(lines) - MOST_LINES:,} more lines"] if len(lines) > MOST_LINES else []
    return Picture(to_html(graph), "\n".join([*lines[:MOST_LINES], *more]))


def _ends(step: FlowStep) -> tuple[str, str]:
    message, kind = step.message, step.kind
    if isinstance(message, EventMessage):
        if kind is FlowStepKind.PUBLISHED:
            return message.sender or OUTSIDE, STORE
        return STORE, step.component
    sender = message.sender or OUTSIDE
    if kind is FlowStepKind.TIMED_OUT:  # the gateway says so; whoever handles it goes on
        return GATEWAY, sender
    receiver = step.component or GATEWAY
    return (receiver, sender) if kind in _REPLIES else (sender, receiver)


def _counted(routes: Mapping[Route, int]) -> list[Skipped]:
    counts: Counter[tuple[str, str, str, str]] = Counter()
    for (kind, _message, name, sender, component, _handler), count in routes.items():
        counts[sender or OUTSIDE, component or GATEWAY, name, str(kind)] += count
    return [
        {"source": source, "target": target, "name": name, "hop": hop, "count": count}
        for (source, target, name, hop), count in counts.items()
    ]


def _json_of(message: Message) -> str:
    payload = getattr(message, "payload", None)
    if not isinstance(payload, Payload):
        return "{}"
    try:
        return payload.model_dump_json(indent=2)
    except ValueError:  # what no JSON can hold, a lone surrogate for one, is the reason why a reader looks here
        return repr(payload)
