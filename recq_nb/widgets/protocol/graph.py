"""What the graph widget and its part tell each other."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict


class GraphEdge(TypedDict):
    """An edge between a handler and a payload, or one that was seen though no source declares it.

    Attributes:
        source: Id of a handler, or name of a payload; of what is not declared also a component, where nothing tells
            which of its handlers it was.
        target: The other one.
        kind: ``handles``, ``sends``, ``publishes`` and so on.
        seen: A message has passed it in this session.
    """

    source: str
    target: str
    kind: str
    declared: bool
    seen: bool


class EdgeFacts(TypedDict):
    """What has passed an edge.

    Attributes:
        count: Messages.
        failed: How many of them were refused or failed.
        rate: Messages a second of late.
        p50: Milliseconds in the handler, of the newest calls; 0 for edges that leave a handler.
        p95: Likewise.
        lag: Events its consumer has still to pass, where the edge leads to one.
        label: What stands on the edge.
    """

    source: str
    target: str
    count: int
    failed: int
    rate: float
    p50: float
    p95: float
    lag: int
    label: str


class GraphPicture(TypedDict):
    """The graph in one arrangement.

    Attributes:
        svg: Its groups carry ``data-node``, ``data-source``, ``data-target`` and ``data-label``, the place of what is
            said about an edge.
        width: In pixels.
    """

    svg: str
    width: int


class GraphModel(TypedDict):
    """The model: the picture of what its source declares, and what has happened of it.

    Attributes:
        pictures: Of what is declared, widest first; a page takes the first that can be read there.
        legible: The smallest scale at which one can be read.
        components: Components that have a box.
    """

    kind: Literal["model"]
    pictures: list[GraphPicture]
    legible: float
    components: list[str]
    payloads: list[str]
    edges: list[GraphEdge]
    traffic: list[EdgeFacts]


class GraphNews(TypedDict):
    """What happened since.

    Attributes:
        edges: All of them, where one was seen for the first time; else None.
    """

    kind: Literal["news"]
    edges: list[GraphEdge] | None
    traffic: list[EdgeFacts]
