"""What the catalog and its part tell each other."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict


class CatalogField(TypedDict):
    """A field of a payload; ``default`` is None where it must be given."""

    name: str
    type: str
    default: str | None


class CatalogPayload(TypedDict):
    """A payload of the model.

    Attributes:
        domain: The aggregate it belongs to, without the word; ``""`` where none claims it.
        answer: Queries: the view that answers, e.g. ``list[TodoListView]``.
        producers: Handlers that send, ask, publish or return it.
        handlers: Handlers that handle, apply or consume it.
    """

    name: str
    kind: str
    domain: str
    description: str
    place: str
    fields: list[CatalogField]
    answer: str
    producers: list[str]
    handlers: list[str]


class CatalogRelation(TypedDict):
    """What a handler does with a payload: ``sends``, ``queries``, ``publishes`` and so on."""

    verb: str
    payload: str


class CatalogHandler(TypedDict):
    """A handler; ``id`` is ``Component.method``."""

    id: str
    name: str
    kind: str
    handles: str
    description: str
    place: str
    relations: list[CatalogRelation]


class CatalogComponent(TypedDict):
    """A component with its handlers."""

    name: str
    kind: str
    domain: str
    description: str
    place: str
    state: str
    tables: list[str]
    handlers: list[CatalogHandler]


class CatalogMetric(TypedDict):
    """What was measured of a handler since the widget was made or the recorder's memory began.

    Attributes:
        rate: Calls a second of late.
        p50: Milliseconds; of the newest calls.
        p95: Likewise.
    """

    count: int
    failed: int
    rate: float
    p50: float
    p95: float


class CatalogBody(TypedDict):
    """The whole model; replaces what was known. ``metrics`` by handler id."""

    kind: Literal["catalog"]
    payloads: list[CatalogPayload]
    components: list[CatalogComponent]
    left_out: int
    metrics: dict[str, CatalogMetric]


class MetricsBody(TypedDict):
    """Measurements that have changed."""

    kind: Literal["metrics"]
    metrics: dict[str, CatalogMetric]


class AskSchema(TypedDict):
    """A reader wants to see the JSON Schema of a payload."""

    kind: Literal["schema"]
    name: str


class SchemaText(TypedDict):
    """The schema as indented JSON, cut where it is long."""

    kind: Literal["schema"]
    name: str
    text: str
