"""What the graph widget and its part tell each other; the performance widget shows the same measurements."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

from recq_nb.widgets.protocol.catalog import CatalogMetric


class GraphInteraction(TypedDict):
    """A component and a payload it has to do with; see ``recq.interactions_df()``."""

    component: str
    interaction: str
    payload: str
    declared: bool
    seen: bool


class GraphModel(TypedDict):
    """The model: the picture of what its source declares, and what has happened of it.

    Attributes:
        svg: The picture; its groups carry ``data-node``, ``data-source`` and ``data-target``.
        components: Components that have a box.
    """

    kind: Literal["model"]
    svg: str
    components: list[str]
    payloads: list[str]
    interactions: list[GraphInteraction]
    metrics: dict[str, CatalogMetric]
    lags: dict[str, int]


class Pulse(TypedDict):
    """Messages that passed: a component had to do with a payload so many times since the last frame."""

    component: str
    payload: str
    count: int
    failed: int


class GraphNews(TypedDict):
    """What happened since.

    Attributes:
        interactions: All of them, where one was seen for the first time; else None.
    """

    kind: Literal["news"]
    pulses: list[Pulse]
    interactions: list[GraphInteraction] | None
    metrics: dict[str, CatalogMetric]
    lags: dict[str, int]
