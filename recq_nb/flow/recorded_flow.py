"""A recorded flow of a session, ready to be drawn."""

from __future__ import annotations

from recq_nb.flow.flow_graph import FlowGraph
from recq_nb.flow.sequence import to_mermaid
from recq_nb.flow.sequence_picture import to_svg


class RecordedFlow(FlowGraph):
    """A flow that can be drawn. Printed it is a tree, as a cell's last expression its sequence diagram."""

    def mermaid(self) -> str:
        """As Mermaid sequence text."""
        return to_mermaid(self)

    def svg(self) -> str:
        """As a sequence diagram."""
        return to_svg(self)
