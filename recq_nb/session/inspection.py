"""Looking at a session: SQL, dataframes, recorded flows, and what it is doing now."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING

from recq_nb.adapters.duckdb.database import DuckDbDatabase
from recq_nb.adapters.duckdb.failures import translated
from recq_nb.adapters.duckdb.message_log import replace_messages
from recq_nb.adapters.duckdb.sql_result import SqlResult, run_sql
from recq_nb.adapters.duckdb.system_state_store import DuckDbSystemStateStore
from recq_nb.flow.drawn_graph import DrawnGraph
from recq_nb.flow.finding import Finding
from recq_nb.flow.flow_graph import message_rows
from recq_nb.flow.graph_reading import application_graph
from recq_nb.flow.graph_tables import catalog_frame
from recq_nb.flow.interactions import InteractionEdge, interactions, interactions_frame
from recq_nb.flow.lint.linting import lint
from recq_nb.flow.lint.registered import definition_findings
from recq_nb.flow.recorded_flow import RecordedFlow
from recq_nb.flow.recorder import FlowRecorder
from recq_nb.flow.sources.live import registered_sources
from recq_nb.modeling.bundle import Bundle
from recq_nb.modeling.gateway import Confirmation
from recq_nb.runtime.consumer_status import ConsumerStatus
from recq_nb.runtime.runtime import Runtime
from recq_nb.session.status import SessionStatus

if TYPE_CHECKING:
    import pandas as pd


class Inspection(ABC):
    """The part of a session that only looks.

    Attributes:
        store: ``"memory"`` or the path, as given.
        recorder: What remembers the newest flow steps.
        source_label: How a source file or cell is called in positions; a notebook names its cells.
    """

    store: str
    recorder: FlowRecorder
    source_label: Callable[[str], str] = staticmethod(str)
    _runtime: Runtime
    _database: DuckDbDatabase
    _log: DuckDbSystemStateStore
    _bundle: Bundle

    @abstractmethod
    def _must_be_open(self) -> None: ...

    def sql(self, text: str, /, *parameters: object, write: bool = False, **named: object) -> SqlResult:
        """Run SQL over read models (schema ``main``) and the log (schema ``recq``) and return the rows.

        It sees one consistent picture in which every confirmed event is present. It reads only, unless ``write`` lets
        it change tables of your own; the log cannot be changed either way.

        Args:
            text: SQL; the last statement's rows are returned.
            *parameters: Values for ``$1``, ``$2``, …
            write: Allow changes outside schema ``recq``.
            **named: Values for ``$name``; not together with positional ones.

        Raises:
            ReadOnlySqlError: It would change what it may not.
            SqlError: DuckDB could not run it.
        """
        self._must_be_open()
        if isinstance(text, str) and "messages" in text.lower():  # type: ignore[redundant-expr]  # notebooks are untyped
            self._fill_messages()
        values: object = list(parameters) if parameters else (named or None)
        return run_sql(self._database.cursor(), text, values, write=write, flush_log=self._log.flush)

    def _hear_everything(self) -> None:
        """Have the recorder hear of everything that has happened so far."""
        if not self._runtime.engine.closed:
            self._runtime.run(self._runtime.show_steps, "show steps")

    def _fill_messages(self) -> None:
        self._hear_everything()
        first, steps = self.recorder.since(0)
        with translated("writing recq.messages"):
            replace_messages(self._database.cursor(), message_rows(first, steps))

    def recorded(self, flow: Confirmation | str | None = None) -> RecordedFlow:
        """What one message caused, as recorded: a tree when printed, a diagram when shown, ``.mermaid()``, ``.svg()``.

        Args:
            flow: A confirmation, or a correlation id; the newest flow when None.
        """
        self._hear_everything()
        if flow is None:
            known = self.recorder.correlation_ids()
            flow = known[-1] if known else ""
        correlation_id = flow.correlation_id if isinstance(flow, Confirmation) else flow
        kinds = {name: component.kind for name, component in self._bundle.components.items()}
        return RecordedFlow(self.recorder.flow(correlation_id), kinds)

    def application_graph(self) -> DrawnGraph:
        """The registered model as read from its source: who handles, sends, queries and publishes what.

        A picture when shown; ``.mermaid()``, ``.svg()``, ``.network()`` for networkx, ``.edges_df()``.
        """
        bundle = self._bundle
        graph = application_graph(registered_sources(bundle, label=self.source_label))
        return DrawnGraph.of(graph.restricted_to(bundle.payloads.keys() | bundle.components.keys()))

    def interactions(self) -> tuple[InteractionEdge, ...]:
        """What components were seen to do, laid over what their source declares; see ``interactions_df``."""
        self._hear_everything()
        return interactions(self.application_graph(), self.recorder.routes)

    def interactions_df(self) -> pd.DataFrame:
        """Who sends, asks, publishes, consumes and handles what: declared by the source, seen in this session, or both.

        ``declared and not seen`` has not been tried yet; ``seen and not declared`` is a message its source hides.
        """
        return interactions_frame(self.interactions())

    def catalog_df(self) -> pd.DataFrame:
        """Every payload, component and handler of the registered model, one row each."""
        return catalog_frame(self.application_graph())

    def lint(self, *names: str) -> tuple[Finding, ...]:
        """Where the registered model breaks a rule, with the reason and the remedy.

        Args:
            *names: Payloads and components: findings in the cells and modules that define them, by the rules that need
                not see the whole model. All rules on everything when none is given.
        """
        if not names:
            return tuple(lint(registered_sources(self._bundle, label=self.source_label)))
        return tuple(definition_findings(self._bundle, frozenset(names), label=self.source_label))

    def status(self) -> SessionStatus:
        """What the session is doing now."""
        payloads: dict[str, tuple[str, ...]] = {}
        for payload in self._bundle.payloads.values():
            payloads[str(payload.kind)] = (*payloads.get(str(payload.kind), ()), payload.name)
        components: dict[str, tuple[str, ...]] = {}
        for component in self._bundle.components.values():
            components[str(component.kind)] = (*components.get(str(component.kind), ()), component.name)
        return SessionStatus(
            self.store,
            self._runtime.head,
            payloads,
            components,
            self._runtime.statuses(),
            self._runtime.gateway.in_flight,
        )

    def consumer_statuses(self) -> tuple[ConsumerStatus, ...]:
        """How every consumer is doing now."""
        return self._runtime.statuses()

    def consumers_df(self) -> pd.DataFrame:
        """Every consumer with position, lag, health and the reason it is stalled for; one row each."""
        import pandas as pd  # noqa: PLC0415  a third of a second that a session without dataframes does not wait for

        rows = [{**asdict(status), "health": str(status.health)} for status in self._runtime.statuses()]
        return pd.DataFrame(rows, columns=list(ConsumerStatus.__dataclass_fields__))

    def dead_events_df(self) -> pd.DataFrame:
        """The dead event queue: one row per consumer and event, with exception and traceback."""
        return self.sql("SELECT * FROM recq.dead_events ORDER BY consumer_id, sequence_number").df()

    def sagas_df(self) -> pd.DataFrame:
        """The saga instances that have not ended, with state (JSON text) and associations (a dictionary each)."""
        frame = self.sql("SELECT saga_id, saga_name, associations, state FROM recq.sagas ORDER BY saga_id").df()
        return frame.assign(associations=frame["associations"].map(dict))  # pandas makes pairs of a map

    def scheduled_df(self) -> pd.DataFrame:
        """The commands that are scheduled, earliest first, and those that were given up."""
        return self.sql("SELECT * FROM recq.scheduled_commands ORDER BY due_at, schedule_id").df()
