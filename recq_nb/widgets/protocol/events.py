"""What the events widget and its part tell each other."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict


class EventRow(TypedDict):
    """One event of the log; ``at`` is an ISO time in UTC, ``brief`` the beginning of the payload."""

    number: int
    name: str
    kind: str
    aggregate: str
    version: int
    context: str
    at: str
    brief: str


class Counted(TypedDict):
    """A value to filter by, and how many events have it."""

    value: str
    kind: str
    count: int


class EventsSnapshot(TypedDict):
    """What a page needs to begin."""

    kind: Literal["events"]
    head: int
    names: list[Counted]
    contexts: list[Counted]


class Grown(TypedDict):
    """The log has grown (or was emptied)."""

    kind: Literal["grown"]
    head: int


class FilterBody(TypedDict):
    """What to show; ``""`` filters nothing. ``since`` and ``until`` are ISO times, ``name`` one event name."""

    name: str
    aggregate: str
    context: str
    since: str
    until: str
    text: str
    correlation: str


class Find(TypedDict):
    """A reader filters; the same filter asked again takes in what is new."""

    kind: Literal["find"]
    filter: FilterBody


class Found(TypedDict):
    """The events that pass: ``query`` names them, ranks go from 0 (the oldest) to ``total - 1``; ``took`` in ms."""

    kind: Literal["found"]
    query: int
    total: int
    head: int
    took: float


class AskFacets(TypedDict):
    """Which names and contexts there are by now; the answer is an ``EventsSnapshot``."""

    kind: Literal["facets"]


class AskPage(TypedDict):
    """The rows from a rank on."""

    kind: Literal["page"]
    query: int
    first: int
    count: int


class EventPage(TypedDict):
    """Rows in order of rank, oldest first."""

    kind: Literal["page"]
    query: int
    first: int
    events: list[EventRow]
    took: float


class AskEvent(TypedDict):
    """A reader opens an event."""

    kind: Literal["event"]
    number: int
    query: int


class Related(TypedDict):
    """An event of the same flow: ``cause``, ``effect`` or ``same flow``."""

    number: int
    name: str
    kind: str
    aggregate: str
    relation: str
    via: str


class EventDetails(TypedDict):
    """All about one event; payload and metadata as indented JSON, ``rank`` its place in the query."""

    kind: Literal["event"]
    event: EventRow
    rank: int
    payload: str
    cut: bool
    metadata: str
    event_id: str
    correlation: str
    causation: str
    command: str
    sender: str
    related: list[Related]
    related_more: int


class AskPast(TypedDict):
    """Everything as of an event; ``aggregate`` and ``table`` choose what to show in full."""

    kind: Literal["as_of"]
    number: int
    aggregate: str
    table: str


class Changed(TypedDict):
    """A field the event changed; values as text."""

    of: str
    name: str
    key: str
    field: str
    before: str
    after: str
    what: str


class AggregateEntry(TypedDict):
    """An aggregate one can choose."""

    aggregate_id: str
    name: str
    version: int


class TableEntry(TypedDict):
    """A read model one can choose; ``changed`` rows by this event."""

    name: str
    rows: int
    changed: int


class FailureEntry(TypedDict):
    """An event that a projector could not project."""

    component: str
    number: int
    error: str


class PastBody(TypedDict):
    """The model as of an event; what is long is cut, and the totals say how much there is."""

    kind: Literal["past"]
    number: int
    changes: list[Changed]
    changes_total: int
    aggregates: list[AggregateEntry]
    aggregates_total: int
    aggregate: str
    state: str
    problem: str
    tables: list[TableEntry]
    table: str
    columns: list[str]
    rows: list[list[str]]
    fresh: list[bool]
    failures: list[FailureEntry]
    failures_total: int
    took: float


class Preparing(TypedDict):
    """The replay has not come that far yet; ask again."""

    kind: Literal["preparing"]
    position: int
    head: int


class Superseded(TypedDict):
    """A later question of the same kind was asked meanwhile."""

    kind: Literal["superseded"]


EventsIntent = Find | AskFacets | AskPage | AskEvent | AskPast
