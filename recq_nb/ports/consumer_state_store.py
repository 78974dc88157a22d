"""The consumer state store: each consumer's checkpoint, committed together with what its handlers wrote."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from recq_nb.modeling.read_model import ReadModel, ReadModelDefinition, Table
from recq_nb.ports.dead_event_queue import DeadEventRecord, DeadEventTransaction
from recq_nb.ports.saga_state_store import SagaStateTransaction
from recq_nb.ports.scheduled_command_store import ScheduledCommandTransaction

Row = TypeVar("Row", bound=ReadModel)


@dataclass(frozen=True, slots=True)
class ConsumerState:
    """What is kept of a consumer between two runs.

    Attributes:
        consumer_id: ``Component_version_context``.
        checkpoint: Sequence number of the last event it has handled.
        fingerprint: Of the handler source that handled it.
        enabled: False while it is paused.
        component: Whose consumer it is. Saving ``""`` leaves what is kept.
    """

    consumer_id: str
    checkpoint: int
    fingerprint: str
    enabled: bool = True
    component: str = ""


class ConsumerTransaction(Protocol):
    """Everything one consumer changes while handling a batch: committed as one, or not at all.

    Used by one thread at a time; never by two batches.
    """

    def table(self, definition: ReadModelDefinition) -> Table[ReadModel]:
        """A read-model table whose reads see this transaction's writes."""

    def connection(self) -> object:
        """The raw SQL connection of this transaction, guarded: it cannot change the log or end the transaction."""

    def saga_states(self) -> SagaStateTransaction:
        """Saga instances, read and written inside this transaction."""

    def dead_events(self) -> DeadEventTransaction:
        """The dead event queue, written inside this transaction."""

    def scheduled_commands(self) -> ScheduledCommandTransaction:
        """Schedules of saga instances, changed inside this transaction."""

    def complete(self, consumer_id: str, sequence_number: int) -> None:
        """Take note that an event ahead of the checkpoint has been handled (by a parallel consumer)."""

    def reset(self, definitions: Sequence[ReadModelDefinition], consumer_ids: Collection[str] = ()) -> None:
        """Drop every table the component owns in the read model and make its declared ones anew, empty.

        Dead and completed events of these consumers are dropped too: a replay handles those events again.

        Raises:
            ReadModelError: A table of that name exists and belongs to somebody else.
        """

    def prepare(self, definitions: Sequence[ReadModelDefinition]) -> None:
        """Make the declared tables where they do not exist."""

    def flush(self) -> None:
        """Write what has only gathered so far, so that what cannot be written fails here, not at the commit.

        Raises:
            ReadModelError: Something a handler wrote cannot be stored, or its SQL has failed and it went on.
            StoreError: The store could not be written.
        """

    def commit(self, *states: ConsumerState) -> None:
        """Make every change and these checkpoints durable, as one.

        Raises:
            ReadModelError: Something that handlers wrote cannot be stored; nothing was changed.
            StoreError: It could not be written; nothing was changed.
        """

    def rollback(self) -> None:
        """Forget every change."""


class ReadModelReader(Protocol):
    """A consistent, read-only picture of all read models, for one query. Used by one thread at a time."""

    def table(self, definition: ReadModelDefinition) -> Table[ReadModel]:
        """A read-model table that refuses writes.

        Raises:
            ReadModelError: The table does not exist, because no projector that owns it has started.
        """

    def connection(self) -> object:
        """The raw SQL connection, for reading only."""

    def close(self) -> None:
        """Give the picture up."""


class ConsumerStateStore(Protocol):
    """Progress of consumers and the read models they own."""

    async def load_states(self) -> Mapping[str, ConsumerState]:
        """The state of every consumer that has one."""

    async def save_state(self, state: ConsumerState) -> None:
        """Save progress that changed nothing else; completed events up to the checkpoint are forgotten."""

    async def load_completed(self, consumer_id: str) -> frozenset[int]:
        """Events ahead of a parallel consumer's checkpoint that it has handled already."""

    async def dead_events(self, consumer_id: str) -> Sequence[DeadEventRecord]:
        """What is in a consumer's dead event queue, oldest event first."""

    async def forget(self, consumer_ids: Sequence[str]) -> None:
        """Delete the state of these consumers; they start afresh."""

    def begin(self, component: str) -> ConsumerTransaction:
        """Start a transaction for one component's consumers; called on a worker thread."""

    def reader(self) -> ReadModelReader:
        """Open a read-only picture; called on a worker thread."""
