"""The application graph of a session, ready to be shown, drawn, and handed to other tools."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from recq_nb.flow.application_graph import ApplicationGraph
from recq_nb.flow.graph_mermaid import application_mermaid
from recq_nb.flow.graph_picture import NOTEBOOK_ROOM, application_svg
from recq_nb.flow.graph_tables import edges_frame

if TYPE_CHECKING:
    import pandas as pd

    from recq_nb.flow.graph_network import Network


class DrawnGraph(ApplicationGraph):
    """An application graph that can be drawn. As a cell's last expression it is its picture.

    The live picture of a running system is ``recq.graph()``.
    """

    @classmethod
    def of(cls, graph: ApplicationGraph) -> Self:
        """The same graph, ready to be drawn."""
        return cls(graph.payloads, graph.components, graph.edges, graph.unresolved)

    def mermaid(self, *, event_sourcing: bool = False) -> str:
        """As a Mermaid flowchart, which GitHub and many others draw.

        Args:
            event_sourcing: Draw event-sourcing handlers too.
        """
        return application_mermaid(self, event_sourcing=event_sourcing)

    def svg(self, *, event_sourcing: bool = False) -> str:
        """As a picture, laid out without a browser.

        Args:
            event_sourcing: Draw event-sourcing handlers too.
        """
        return application_svg(self, event_sourcing=event_sourcing)

    def network(self) -> Network:
        """As a networkx graph, for questions a picture does not answer: paths, cycles, centrality."""
        from recq_nb.flow.graph_network import application_network  # noqa: PLC0415  networkx only where it is asked for

        return application_network(self)

    def edges_df(self) -> pd.DataFrame:
        """Who handles, sends, asks and publishes what: one row for each place that says so."""
        return edges_frame(self)

    def _repr_svg_(self) -> str:
        return application_svg(self, room=NOTEBOOK_ROOM)

    def __repr__(self) -> str:
        parts = ((self.components, "component"), (self.payloads, "payload"), (self.edges, "edge"))
        counts = [f"{len(those)} {name}{'s' * (len(those) != 1)}" for those, name in parts]
        hidden = f", {len(self.unresolved)} unresolved" if self.unresolved else ""
        return f"<application graph: {', '.join(counts)}{hidden}; .mermaid(), .svg(), .network(), .edges_df()>"
