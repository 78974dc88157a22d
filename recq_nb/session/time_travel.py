"""Time travel: what a session was as of any event, without touching what it is."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from recq_nb.adapters.duckdb.event_search import DuckDbEventSearch
from recq_nb.errors import PayloadError
from recq_nb.flow.event_causes import related_events
from recq_nb.modeling.bundle import Bundle
from recq_nb.modeling.injection import InjectionSources
from recq_nb.ports.event_search import EventFilter
from recq_nb.session.inspection import Inspection
from recq_nb.session.past import Past
from recq_nb.session.shadow import replayed_part
from recq_nb.session.timeline import Preparation, Timeline

if TYPE_CHECKING:
    import pandas as pd

PATIENCE_SECONDS = 60.0


class TimeTravel(Inspection):
    """The part of a session that looks back.

    Projectors and event-sourcing handlers are replayed into tables in memory, with component objects of their own. No
    command is sent, no saga or observer runs, no live read model is touched. What ``injector`` gives to projectors is
    shared with the live ones.
    """

    _sources: InjectionSources
    _travelling: threading.Lock
    _timeline: Timeline | None
    _timeline_bundle: Bundle | None

    def _begin_time_travel(self) -> None:
        self._travelling = threading.Lock()
        self._timeline = self._timeline_bundle = None

    def prepare_time_travel(self) -> Preparation:
        """Replay the log in the background, so that ``as_of`` answers at once; tells how far that is.

        It begins by itself with the first ``as_of``, as far as that asks and some way beyond. Call it again to see it
        proceed.
        """
        timeline = self._current_timeline()
        timeline.prepare()
        return timeline.preparation

    def time_travel_progress(self) -> Preparation:
        """How far the replay is, without asking for more of it."""
        return self._current_timeline().preparation

    def as_of(self, sequence_number: int, *, timeout: float = PATIENCE_SECONDS) -> Past:
        """Every aggregate and every read model as of an event, and what that event changed field by field.

        Equal to what a fresh session would make of the log up to there with the model as it is now. The first call
        replays the log; later ones start from copies made on the way.

        Args:
            sequence_number: The event; 0 for before the first one.
            timeout: Seconds to wait for the replay to come that far.

        Raises:
            PayloadError: There is no such event.
            StaleReadError: The replay has not come that far in time; it goes on.
        """
        head = self._runtime.head
        if not isinstance(sequence_number, int) or isinstance(sequence_number, bool):  # type: ignore[redundant-expr]  # notebooks are untyped
            sequence_number = -1
        if not 0 <= sequence_number <= head:
            raise PayloadError(
                f"there is no such event; the log goes from 1 to {head}.",
                remedy=f"Pass a sequence number up to {head}, or 0 for before the first event.",
            )
        return self._current_timeline().visit(sequence_number, timeout)

    @property
    def head(self) -> int:
        """Sequence number of the newest event."""
        return self._runtime.head

    def related_events_df(self, sequence_number: int) -> pd.DataFrame:
        """The other events of an event's flow: which led to it and which came of it, and by which command.

        Raises:
            PayloadError: There is no such event.
        """
        import pandas as pd  # noqa: PLC0415  a third of a second that a session without dataframes does not wait for

        self._must_be_open()
        search = self.event_search()
        found = search.after(sequence_number - 1, 1) if sequence_number > 0 else []
        if not found:
            raise PayloadError(
                f"there is no event {sequence_number}.", remedy=f"The log goes from 1 to {self._runtime.head}."
            )
        correlation_id = found[0].record.correlation_id
        index = search.index(EventFilter(correlation_id=correlation_id))
        self._hear_everything()
        related = related_events(sequence_number, search.page(index, 0, len(index)), self.recorder.flow(correlation_id))
        rows = [
            (one.event.sequence_number, one.event.record.event_name, one.event.record.aggregate_id, *one[1:])
            for one in related
        ]
        names = ["sequence_number", "event_name", "aggregate_id", "relation", "steps", "via"]
        return pd.DataFrame(rows, columns=names)

    def event_search(self) -> DuckDbEventSearch:
        """The event store by filter and rank, a page at a time; people use ``recq.sql`` on ``recq.events``."""
        self._must_be_open()
        return DuckDbEventSearch(self._database, self._log.flush)

    def _current_timeline(self) -> Timeline:
        self._must_be_open()
        with self._travelling:
            bundle = self._bundle
            if self._timeline is None or self._timeline_bundle is not bundle or self._timeline.ended:
                stale, self._timeline = self._timeline, None
                if stale is not None:
                    stale.close()
                pages, runtime = self.event_search(), self._runtime  # not self: a forgotten session is let go
                timeline = Timeline(replayed_part(bundle, self._sources), pages.after, lambda: runtime.head)
                self._timeline, self._timeline_bundle = timeline, bundle
            return self._timeline

    def _end_time_travel(self) -> None:
        """Forget what was replayed: the log was emptied, or the session closes."""
        with self._travelling:
            timeline, self._timeline = self._timeline, None
            if timeline is not None:
                timeline.close()
