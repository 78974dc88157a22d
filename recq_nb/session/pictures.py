"""Looking with the eyes: the widgets of a session."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from recq_nb.modeling.bundle import Bundle
from recq_nb.modeling.gateway import Confirmation
from recq_nb.session.consumer_control import ConsumerControl

if TYPE_CHECKING:
    import pandas as pd

    from recq_nb.widgets.gallery import Gallery
    from recq_nb.widgets.performance_part import PerformancePart
    from recq_nb.widgets.widget import RecqWidget


class Pictures(ConsumerControl):
    """The part of a session that shows itself. Every picture has a dataframe or object with the same facts."""

    _gallery: Gallery | None = None
    _measured: PerformancePart | None = None

    @property
    @abstractmethod
    def bundle(self) -> Bundle:
        """The registered model."""

    def _shown(self, name: str) -> RecqWidget:
        return self._gallery_of_mine().show(name)

    def _gallery_of_mine(self) -> Gallery:
        self._must_be_open()
        if self._gallery is None:
            from recq_nb.widgets.gallery import Gallery  # noqa: PLC0415  a session without pictures never loads them

            self._gallery = Gallery(self)
        return self._gallery

    def flow(self, *flows: Confirmation | str) -> RecqWidget:
        """What messages do, live, as a sequence diagram; ``recorded`` and ``recq.messages`` have the same facts.

        Args:
            *flows: Confirmations or correlation ids; only what belongs to their flows is shown. All when none is given.
        """
        if not flows:
            return self._shown("flow")
        from recq_nb.widgets.flow_part import FlowPart  # noqa: PLC0415  as above

        wanted = frozenset(flow if isinstance(flow, str) else flow.correlation_id for flow in flows)
        self._hear_everything()
        return self._gallery_of_mine().show("flow", [FlowPart(self, wanted)])

    def console(self) -> RecqWidget:
        """A form for every command and query, to send them and see what becomes of them; see ``send`` and ``query``."""
        return self._shown("console")

    def consumers(self) -> RecqWidget:
        """How far every consumer is, its dead events, sagas and schedules, and acting on them; see ``consumers_df``."""
        return self._shown("consumers")

    def events(self) -> RecqWidget:
        """The event store, newest first, and the model as of any event; ``recq.events`` in SQL, ``as_of`` likewise."""
        return self._shown("events")

    def catalog(self) -> RecqWidget:
        """Every payload and component: documentation, schema, who makes and handles it; see ``catalog_df``."""
        return self._shown("catalog")

    def graph(self) -> RecqWidget:
        """Who sends, handles and consumes what, as declared, with live traffic on it; see ``interactions_df``."""
        return self._shown("graph")

    def performance(self) -> RecqWidget:
        """How often each handler runs, how long it takes and how often it fails; see ``performance_df``."""
        return self._shown("performance")

    def performance_df(self) -> pd.DataFrame:
        """One row for each handler that has run: calls, failures, median, 95th percentile and longest in milliseconds.

        Counts are those since the session began. Percentiles are those of a handler's newest 512 calls; of a burst
        between two looks, a sample.
        """
        import pandas as pd  # noqa: PLC0415  a third of a second that nobody else waits for

        from recq_nb.widgets.performance_part import PerformancePart  # noqa: PLC0415  as above

        self._hear_everything()
        if self._measured is None:
            self._measured = PerformancePart(self)
        self._measured.snapshot()
        names = ["handler", "kind", "count", "failed", "rate", "p50", "p95", "longest"]
        return pd.DataFrame(self._measured.rows(), columns=names)

    def dashboard(self) -> RecqWidget:
        """All pictures as tabs of one widget, made for a side panel (right-click: Create New View for Cell Output)."""
        return self._gallery_of_mine().dashboard()

    def _close_pictures(self) -> None:
        if self._gallery is not None:
            self._gallery.close()
