"""What the flow widget and its part tell each other."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict


class Hop(TypedDict):
    """One hop of a message.

    Attributes:
        step: Number of the flow step.
        hop: What happened: ``sent``, ``published``, ``consumed``, ``replied``, ``rejected``, ``failed``, ``timed_out``.
        kind: Kind of the payload, e.g. ``"domain command"``, or ``"invocation"``.
        source: Lifeline it leaves.
        target: Lifeline it reaches.
        component: Of the handler it was routed to; ``""`` where that is not known yet.
        at: When it began, in milliseconds of the kernel's monotonic clock; of an event, when its handler did.
        took: What it took, in milliseconds: to the reply, or in the handler; 0 where nothing was measured.
        view: Reply to a query: the view it carries, ``"list of …"`` where that is many; ``""`` otherwise.
    """

    step: int
    hop: str
    kind: str
    name: str
    message: str
    correlation: str
    cause: str
    source: str
    target: str
    component: str
    handler: str
    at: float
    took: float
    outcome: str
    view: str


class Lifeline(TypedDict):
    """A component; ``kind`` gives its place: senders left, the store in the middle, consumers right."""

    name: str
    kind: str


class FlowSnapshot(TypedDict):
    """The newest hops; replaces what was known.

    Attributes:
        forgotten: Hops recorded before the first of these.
        chosen: Whether it shows chosen flows only, of which there will hardly be more.
    """

    kind: Literal["snapshot"]
    forgotten: int
    chosen: bool
    lifelines: list[Lifeline]
    hops: list[Hop]


class Skipped(TypedDict):
    """Hops of a burst that are counted only."""

    source: str
    target: str
    name: str
    hop: str
    count: int


class FlowNews(TypedDict):
    """What came since.

    Attributes:
        skipped: Hops before the listed ones, counted only; also what the recorder has forgotten meanwhile.
    """

    kind: Literal["news"]
    lifelines: list[Lifeline]
    skipped: list[Skipped]
    hops: list[Hop]


class AskHop(TypedDict):
    """A reader wants to know all about one hop."""

    kind: Literal["hop"]
    step: int


class Source(TypedDict):
    """Where the handler is defined: cell or file, line, and the text of the function."""

    place: str
    line: int
    text: str


class HopDetails(TypedDict):
    """All about one hop; durations in milliseconds.

    Attributes:
        payload: As indented JSON, cut where it is long.
    """

    kind: Literal["hop"]
    step: int
    payload: str
    cut: bool
    metadata: str
    lock_wait: float
    retrieve: float
    handler: float
    store: float
    source: Source | None


class AskMermaid(TypedDict):
    """A reader wants a flow (or, with ``""``, everything remembered) as Mermaid text."""

    kind: Literal["mermaid"]
    correlation: str


class MermaidText(TypedDict):
    """The text to be copied."""

    kind: Literal["mermaid"]
    text: str
