"""The past: a model's state as of one event, and what that event changed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import TYPE_CHECKING

from recq_nb.adapters.duckdb.read_model_picture import RowChange, TablePicture
from recq_nb.errors import RoutingError
from recq_nb.flow.field_change import FieldChange, field_changes
from recq_nb.modeling.metadata import JsonValue
from recq_nb.ports.system_state_store import StoredEvent
from recq_nb.runtime.aggregate_replay import AggregatePicture
from recq_nb.runtime.projector_replay import ReplayFailure

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Past:
    """A model as of one event, by a replay beside the live one; compare ``recq.sql`` for how it is now.

    Attributes:
        sequence_number: The event; 0 for before the first one.
        event: The event itself; None for 0.
        changes: What it changed, field by field: its aggregate and every read model.
        failures: The events up to here that projectors could not project, oldest first.
        pictures: Every read model, by table name.
        states: Every aggregate, by id.
        fresh: Rows of read models that this event changed or added, as places in their pictures.
        seconds: How long this took.
    """

    sequence_number: int
    event: StoredEvent | None
    changes: tuple[FieldChange, ...]
    failures: tuple[ReplayFailure, ...]
    pictures: Mapping[str, TablePicture] = field(repr=False)
    states: Mapping[str, AggregatePicture] = field(repr=False)
    fresh: Mapping[str, Sequence[int]] = field(default_factory=dict, repr=False)
    seconds: float = 0.0

    @property
    def event_aggregate(self) -> str:
        """The aggregate of the event; ``""`` for a service event, and before the first event."""
        return self.event.record.aggregate_id if self.event is not None and self.event.record.version else ""

    @property
    def read_models(self) -> dict[str, pd.DataFrame]:
        """Every read model as a dataframe, by table name."""
        return {name: picture.rows.to_pandas() for name, picture in self.pictures.items()}

    @property
    def aggregates(self) -> dict[str, pd.DataFrame]:
        """Every aggregate as a row (id, version, fields of its state, problem), by aggregate component."""
        import pandas as pd  # noqa: PLC0415  a third of a second that a session without dataframes does not wait for

        rows: dict[str, list[dict[str, JsonValue]]] = {}
        for aggregate_id, picture in self.states.items():
            state = json.loads(picture.state) if picture.state else {}
            row = {"aggregate_id": aggregate_id, "version": picture.version, **state, "problem": picture.problem}
            rows.setdefault(picture.aggregate, []).append(row)
        return {name: pd.DataFrame(found) for name, found in rows.items()}

    def aggregate(self, aggregate_id: str) -> dict[str, JsonValue]:
        """The state of one aggregate, as JSON values.

        Raises:
            RoutingError: It had no event yet, or its state is not known; the error says why.
        """
        picture = self.states.get(aggregate_id)
        if picture is None:
            raise RoutingError(
                f"there was no aggregate {aggregate_id!r} as of event {self.sequence_number}.",
                remedy="Look at recq.events for its first event.",
            )
        if not picture.state:
            why = picture.problem or "no event-sourcing handler of a registered aggregate takes its events"
            raise RoutingError(
                f"the state of {aggregate_id!r} as of event {self.sequence_number} is not known: {why}",
                remedy="Mend the event-sourcing handler and run its cell again.",
            )
        state: dict[str, JsonValue] = json.loads(picture.state)
        return state

    def table_rows(self, table: str, limit: int) -> tuple[list[str], list[list[object]], list[bool]]:
        """Columns and rows of one read model, those this event changed first, and which those are."""
        picture = self.pictures[table]
        fresh = self.fresh.get(table, ())
        known = set(fresh)
        others = (place for place in range(picture.row_count) if place not in known)
        places = list(islice(chain(fresh, others), limit))
        columns = picture.rows.column_names
        rows = picture.rows_at(places)
        values = [[row[column] for column in columns] for row in rows]
        return columns, values, [place < len(fresh) for place in range(len(values))]

    def changes_df(self) -> pd.DataFrame:
        """What the event changed, one field a row."""
        import pandas as pd  # noqa: PLC0415  see above

        names = list(FieldChange.__dataclass_fields__)
        return pd.DataFrame([[getattr(one, name) for name in names] for one in self.changes], columns=names)

    def failures_df(self) -> pd.DataFrame:
        """Events that projectors could not project, one a row."""
        import pandas as pd  # noqa: PLC0415  see above

        rows = [
            (one.component, one.sequence_number, f"{type(one.error).__name__}: {one.error}") for one in self.failures
        ]
        return pd.DataFrame(rows, columns=["component", "sequence_number", "error"])


def aggregate_changes(
    aggregate_id: str, before: AggregatePicture | None, after: AggregatePicture | None
) -> Iterator[FieldChange]:
    """In which fields the state of one aggregate differs."""
    name = after.aggregate if after is not None else before.aggregate if before is not None else ""
    then = json.loads(before.state) if before is not None and before.state else None
    now = json.loads(after.state) if after is not None and after.state else None
    yield from field_changes("aggregate", name, aggregate_id, then, now)


def table_changes(table: str, rows: Sequence[RowChange], json_columns: frozenset[str]) -> Iterator[FieldChange]:
    """In which fields the rows of one table differ."""
    for row in rows:
        key = ", ".join(f"{value}" for value in row.key.values())
        then, now = (_parsed(one, json_columns) for one in (row.before, row.after))
        yield from field_changes("read model", table, key, then, now)


def _parsed(row: Mapping[str, object] | None, json_columns: frozenset[str]) -> dict[str, object] | None:
    if row is None:
        return None
    return {
        name: json.loads(value) if name in json_columns and isinstance(value, str) else value
        for name, value in row.items()
    }
