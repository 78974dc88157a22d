"""The session: one model running on one store. The composition root, and what a notebook calls ``recq``."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from recq_nb.adapters.duckdb.database import CONNECTION_TYPE, DuckDbDatabase
from recq_nb.adapters.duckdb.failures import translated
from recq_nb.adapters.duckdb.guarded_connection import GuardedConnection
from recq_nb.adapters.duckdb.store_copy import copy_store
from recq_nb.adapters.duckdb.store_reset import empty_store
from recq_nb.errors import RecqError, RoutingError, SessionClosedError
from recq_nb.flow.lint.registered import refuse_unconfined
from recq_nb.flow.recorder import FlowRecorder
from recq_nb.modeling.bundle import Bundle
from recq_nb.modeling.capability import ComponentKind
from recq_nb.modeling.executor import ExecutorDefinition
from recq_nb.modeling.gateway import Confirmation, Reply
from recq_nb.modeling.injection import InjectionSources, Injector
from recq_nb.modeling.metadata import JsonValue, Metadata
from recq_nb.modeling.payload import Command, Query
from recq_nb.modeling.registration import Definitions, Registration, changes, define
from recq_nb.ports.clock import Clock, IdSource
from recq_nb.runtime.cause import Cause
from recq_nb.runtime.gateways import sequence_number_after
from recq_nb.runtime.invoker_manager import InvokerProxy
from recq_nb.runtime.reply import PendingReply
from recq_nb.runtime.runtime import Limits
from recq_nb.session.composition import abandon, compose, warn
from recq_nb.session.pictures import Pictures
from recq_nb.session.settings import check_settings
from recq_nb.session.status import counted
from recq_nb.session.time_travel import TimeTravel

V = TypeVar("V")
MEMORY = "memory"
DUCKDB_MEMORY = ":memory:"
"""What DuckDB calls memory; nobody means a file of that name."""


class Session(Pictures, TimeTravel):
    """A running RECQ system: register payloads and components, send commands, query, look.

    Everything runs on a thread of its own, so the system goes on while a cell computes or sleeps. Methods may be
    called from any thread. Use it as a context manager, or call ``close``.

    Args:
        store: ``"memory"``, or the path of a DuckDB file, made where it does not exist.
        injector: Objects handlers may ask for by type: a mapping, or a function from a type to its object or None.
        executors: Named executors for parallel consumers: ``{"mail": pooled(8)}``.
        metadata: Carried by every command and query sent from outside, e.g. ``{"user": "ada"}``.
        timeout: Seconds until a reply fails as *outcome unknown*, by default; above 0.
        max_in_flight: Requests from outside handled at once; one more is refused with ``TooManyRequestsError``.
        max_payload_bytes: Largest event, as JSON.
        record: Remember what every message does, bounded, for ``recorded`` and ``recq.messages``.
        strict: Refuse definitions whose messages cannot be read from their source, see ``lint``; may be set later.
        clock: Where timestamps and delays come from; the machine's clock when None.
        ids: Where message ids come from; unique ones when None.

    Attributes:
        store: ``"memory"`` or the path, as given.
        metadata: Carried by every command and query sent from outside.
        strict: Whether definitions are refused whose messages cannot be read from their source.
        recorder: What remembers the newest flow steps.
        carried_over: Events that ``moved_to`` brought along from memory.

    Raises:
        SettingError: An argument that no session could work with.
        StoreError: The store cannot be opened.
    """

    def __init__(  # noqa: PLR0913  each is a collaborator or a setting of its own
        self,
        store: str | Path = MEMORY,
        *,
        injector: Injector | None = None,
        executors: Mapping[str, ExecutorDefinition] | None = None,
        metadata: Mapping[str, JsonValue] | None = None,
        timeout: float = 30.0,
        max_in_flight: int = 4096,
        max_payload_bytes: int = 4 * 1024 * 1024,
        record: bool = True,
        strict: bool = False,
        clock: Clock | None = None,
        ids: IdSource | None = None,
    ) -> None:
        check_settings(store=store, timeout=timeout, max_in_flight=max_in_flight, max_payload_bytes=max_payload_bytes)
        check_settings(injector=injector, executors=executors, record=record, strict=strict, clock=clock, ids=ids)
        self.store = MEMORY if str(store) == DUCKDB_MEMORY else str(store)
        self.metadata = Metadata(metadata)
        self.strict = strict
        self.carried_over = 0
        self._sources = InjectionSources(injector if injector is not None else {}, (CONNECTION_TYPE, GuardedConnection))
        self._clock, self._ids = clock, ids
        self._registering = threading.Lock()
        self._origins: dict[str, frozenset[str]] = {}
        self._bundle = Bundle()
        self._begin_time_travel()
        self._closed = False
        self._limits = Limits(timeout, max_in_flight, max_payload_bytes)
        self._executors: dict[str, ExecutorDefinition] = {}
        self._database = DuckDbDatabase(None if self.store == MEMORY else store)
        try:
            self._log, self._runtime = compose(self._database, self._limits, clock, ids)
        except BaseException:
            self._database.close()
            raise
        self.recorder = FlowRecorder()
        if record:
            self._runtime.flow_steps.listen(self.recorder)
        # A weak reference, so that this does not keep a forgotten session alive.
        self._at_exit = weakref.finalize(self, abandon, self._runtime.engine, self._database)
        try:
            self._runtime.run(self._runtime.start, "start")
            for name, executor in (executors or {}).items():
                self.define_executor(name, executor)
        except BaseException:
            self.close()
            raise

    # -- the model -----------------------------------------------------------------------------------------------

    @property
    def bundle(self) -> Bundle:
        """The registered model, as one immutable value."""
        return self._bundle

    def register(self, *definitions: object, origin: str | None = None) -> Registration:
        """Register payload and component classes, or all those of modules; replace by name.

        All or nothing: if one definition breaks a rule, none is registered. Requests in flight finish on the old code,
        later ones use the new.

        Args:
            *definitions: Classes and modules.
            origin: Where they come from, e.g. a cell; what was registered from there before and is missing now is
                removed.

        Raises:
            ModelingError: A definition breaks a rule.
            SessionClosedError: The session is closed.
        """
        self._must_be_open()
        with self._registering:
            given = define(definitions, self._sources)
            removed: list[str] = []
            if origin is not None:
                elsewhere = {name for other, names in self._origins.items() if other != origin for name in names}
                gone = self._origins.get(origin, frozenset()) - set(given.names) - elsewhere
                removed = sorted(gone & (self._bundle.payloads.keys() | self._bundle.components.keys()))
            registration = self._redefine(given, removed)
            names = frozenset(given.names)
            self._origins = {other: kept - names for other, kept in self._origins.items() if other != origin}
            if origin is not None:
                self._origins[origin] = names
            return registration

    def define_executor(self, name: str, executor: ExecutorDefinition) -> None:
        """Make an executor known, for ``@event_handler(executor=name)``; handlers registered later use it.

        Args:
            name: What handlers call it.
            executor: ``pooled(width)`` or ``partitioned(lanes)``.
        """
        self._must_be_open()
        with self._registering:
            self._executors[name] = executor
            self._sources = replace(self._sources, executors=self._sources.executors | {name})
            self._runtime.engine.post(lambda: self._runtime.executors.define({name: executor}))

    def unregister(self, *names: str) -> Registration:
        """Remove payloads and components by name; the log and read models stay.

        Raises:
            RoutingError: No such name is registered.
        """
        self._must_be_open()
        with self._registering:
            known = self._bundle.payloads.keys() | self._bundle.components.keys()
            missing = [name for name in names if name not in known]
            if missing:
                raise RoutingError(
                    f"{missing[0]} is not registered.", remedy=f"Registered: {', '.join(sorted(known))}."
                )
            return self._redefine(Definitions((), ()), list(names))

    def _redefine(self, given: Definitions, removed: list[str]) -> Registration:
        before = self._bundle
        after = before.redefine(given.payloads, given.components, removed)
        if self.strict:
            refuse_unconfined(after, given.names, label=self.source_label)
        rebuilt = {component.name: self._runtime.consumers.would_rebuild(component) for component in given.components}
        registration = changes(before, after, given, removed, rebuilt)
        self._runtime.run(lambda: self._runtime.serve(after), "register")
        self._bundle = after
        return registration

    # -- messages ------------------------------------------------------------------------------------------------

    def send(
        self,
        command: Command,
        *,
        metadata: Mapping[str, JsonValue] | None = None,
        timeout: float | None = None,
        command_id: str | None = None,
    ) -> PendingReply[Confirmation]:
        """Send a command; the reply confirms that its event is stored, before any projector has run.

        Args:
            command: What to do.
            metadata: Laid over the session's own.
            timeout: Seconds until the reply fails as *outcome unknown*.
            command_id: A name for this command. Sending it again under the same id returns the first outcome.

        Returns:
            A reply: ``await`` it, or call ``.result()``.

        Raises:
            PayloadError: It is no command.
            SessionClosedError: The session is closed.
        """
        return self._runtime.gateway.send(command, Cause(metadata=self.metadata), metadata, timeout, command_id)

    def query(
        self,
        query: Query[V],
        *,
        after: Confirmation | Reply[Confirmation] | int | None = None,
        metadata: Mapping[str, JsonValue] | None = None,
        timeout: float | None = None,
    ) -> PendingReply[V]:
        """Ask a query. Without ``after`` the answer may be stale: it shows what has been projected so far.

        Args:
            query: What to know.
            after: A confirmation (or sequence number) the answer must include.
            metadata: Laid over the session's own.
            timeout: Seconds until the reply fails.

        Returns:
            A reply: ``await`` it, or call ``.result()``.

        Raises:
            PayloadError: It is no query, or ``after`` names no position.
            SessionClosedError: The session is closed.
        """
        cause = Cause(metadata=self.metadata)
        return self._runtime.gateway.query(query, cause, sequence_number_after(after), metadata, timeout)

    def invoker(self, invoker: type | str, *, metadata: Mapping[str, JsonValue] | None = None) -> InvokerProxy:
        """An invoker to call: each of its invocation handlers is a method that returns a reply.

        Raises:
            RoutingError: No such invoker is registered.
        """
        self._must_be_open()
        name = invoker if isinstance(invoker, str) else invoker.__name__
        component = self._bundle.components.get(name)
        if component is None or component.kind is not ComponentKind.INVOKER:
            known = [c.name for c in self._bundle.components.values() if c.kind is ComponentKind.INVOKER]
            raise RoutingError(
                f"{name} is no registered invoker.",
                remedy=f"Registered invokers: {', '.join(known)}." if known else "Mark a class with @invoker.",
            )
        return self._runtime.invoker(component, self.metadata.merged(metadata))

    def settled(self, timeout: float = 30.0) -> PendingReply[None]:
        """A reply that comes once nothing is in flight and every consumer has passed every event.

        Raises:
            ConsumerError: From the reply: that did not come about within ``timeout`` seconds, and why.
        """
        return self._runtime.engine.submit(lambda: self._runtime.settled(timeout), "settled")

    # -- life ----------------------------------------------------------------------------------------------------

    def moved_to(self, store: str | Path) -> Session:
        """A new session on another store, set up like this one and with the same definitions.

        Where this one keeps its events in memory and the other store is empty, they are carried over, with saga
        instances, schedules and dead events; read models are rebuilt there. This one is left as it is, open or closed.

        Raises:
            StoreError: The other store cannot be opened.
            ModelingError: A definition no longer fits the names it mentions.
        """
        moved = Session(
            store,
            injector=self._sources.injector,
            executors=self._executors,
            metadata=self.metadata,
            timeout=self._limits.timeout,
            max_in_flight=self._limits.max_in_flight,
            max_payload_bytes=self._limits.max_payload_bytes,
            strict=self.strict,
            clock=self._clock,
            ids=self._ids,
        )
        try:
            with self._registering:
                if self.store == MEMORY and self._runtime.head and not self._closed and not moved._runtime.head:
                    self._carry_over(moved)
                bundle = self._bundle
                payloads = [kept.payload_type for name, kept in bundle.payloads.items() if name in bundle.explicit]
                components = [component.component_type for component in bundle.components.values()]
                moved.register(*payloads, *components)
                moved._origins = dict(self._origins)
        except BaseException:
            moved.close()
            raise
        return moved

    def _carry_over(self, moved: Session) -> None:
        self._log.flush()
        with translated(f"carrying {self._runtime.head} events over to {moved.store}"):
            copy_store(self._database.cursor(), moved._database.cursor())
        moved._log.reload()
        moved._runtime.run(moved._runtime.reload, "carry over")
        moved.carried_over = self._runtime.head

    def reset(self) -> None:
        """Empty the log, every read model, snapshot and checkpoint; the registered model stays and starts afresh."""
        self._must_be_open()
        with self._registering:
            bundle = self._bundle
            self._runtime.run(lambda: self._runtime.forget(bundle, self._empty), "reset")
            self._end_time_travel()

    def _empty(self) -> None:
        self._log.flush()
        with translated("emptying the store"):
            empty_store(self._database.cursor())
        self._log.reload()

    @property
    def closed(self) -> bool:
        """Whether it has been closed."""
        return self._closed

    def close(self) -> None:
        """Store what is decided, stop everything, give the file up. Idempotent."""
        if self._closed:
            return
        engine = self._runtime.engine
        if engine.is_current_thread():
            raise RoutingError(
                "close() was called by a handler on the engine thread, which cannot stop itself.",
                remedy="Close the session from outside of its handlers.",
            )
        self._closed = True
        self._at_exit.detach()
        self._close_pictures()
        if engine.forked:  # everything in here belongs to the parent process, the open file first of all
            return
        self._end_time_travel()
        try:
            self._runtime.run(self._runtime.stop, "close")
        except RecqError as error:
            warn(f"while closing: {error}")
        engine.stop()
        try:
            self._log.close()
        finally:
            self._database.close()

    def _must_be_open(self) -> None:
        if self._closed:
            raise SessionClosedError("this session is closed.", remedy="Start a new one: `recq = Session(...)`.")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        if self._closed:
            return f"<Session({self.store!r}), closed>"
        return (
            f"<Session({self.store!r}): {counted(self._runtime.head, 'event')}, "
            f"{counted(len(self._bundle.components), 'component')}, {counted(len(self._bundle.payloads), 'payload')}>"
        )
