"""Journals whose projectors do everything a projector may: tables, SQL, tables of their own, deletes, failures."""

# Annotations are evaluated at once in this module: a raw connection is annotated with DuckDB's own class.

from decimal import Decimal

import duckdb
from pydantic import Field

from recq_nb import (
    AggregateId,
    AggregateState,
    DomainCommand,
    DomainEvent,
    Key,
    Query,
    QueryGateway,
    ReadModel,
    Table,
    View,
    aggregate,
    aggregate_command_handler,
    event_handler,
    event_sourcing_handler,
    projection,
    projector,
    query_handler,
)

UNSPEAKABLE = "voldemort"
"""A word that no projector of words takes."""


class JournalOpenCommand(DomainCommand):
    identifier: AggregateId


class JournalWriteCommand(DomainCommand):
    identifier: AggregateId
    word: str
    region: str = "EU"


class JournalEraseCommand(DomainCommand):
    identifier: AggregateId


class JournalOpenedEvent(DomainEvent):
    identifier: str


class JournalWrittenEvent(DomainEvent):
    identifier: str
    word: str


class JournalErasedEvent(DomainEvent):
    identifier: str


class JournalState(AggregateState):
    words: list[str] = Field(default_factory=list)
    counts: dict[str, int] = Field(default_factory=dict)


@aggregate
class JournalAggregate:
    @aggregate_command_handler(init=True)
    def open(self, command: JournalOpenCommand) -> JournalOpenedEvent:
        return JournalOpenedEvent(identifier=command.identifier)

    @aggregate_command_handler
    def write(self, command: JournalWriteCommand) -> JournalWrittenEvent:
        return JournalWrittenEvent(identifier=command.identifier, word=command.word, context=command.region)

    @aggregate_command_handler
    def erase(self, command: JournalEraseCommand) -> JournalErasedEvent:
        return JournalErasedEvent(identifier=command.identifier)

    @event_sourcing_handler
    def opened(self, event: JournalOpenedEvent) -> JournalState:
        return JournalState()

    @event_sourcing_handler
    def written(self, event: JournalWrittenEvent, state: JournalState) -> None:
        state.words.append(event.word)
        state.counts[event.word] = state.counts.get(event.word, 0) + 1

    @event_sourcing_handler
    def erased(self, event: JournalErasedEvent, state: JournalState) -> JournalState:
        return JournalState(counts=state.counts)


class JournalRow(ReadModel):
    identifier: Key[str]
    words: list[str] = Field(default_factory=list)
    weight: Decimal = Decimal(0)


class WordRow(ReadModel):
    word: Key[str]
    region: Key[str]
    times: int = 0


class WordView(View):
    times: int


class WordTimesQuery(Query[WordView]):
    word: str


@projector
class JournalProjector:
    """Upserts, updates and deletes through its table."""

    @event_handler
    def opened(self, event: JournalOpenedEvent, rows: Table[JournalRow]) -> None:
        rows.upsert(JournalRow(identifier=event.identifier))

    @event_handler
    def written(self, event: JournalWrittenEvent, rows: Table[JournalRow]) -> None:
        row = rows.get(event.identifier)
        words = [*(row.words if row is not None else []), event.word]
        rows.upsert(JournalRow(identifier=event.identifier, words=words, weight=Decimal(len(words)) / 4))

    @event_handler
    def erased(self, event: JournalErasedEvent, rows: Table[JournalRow]) -> None:
        rows.delete(event.identifier)


@projector(contexts=["EU*", "US"])
class WordProjector:
    """Counts words of some contexts; one of them it cannot bear."""

    @event_handler(retry=0)
    def written(self, event: JournalWrittenEvent, rows: Table[WordRow]) -> None:
        row = rows.get(event.word, event.context)
        rows.upsert(WordRow(word=event.word, region=event.context, times=1 + (row.times if row is not None else 0)))
        if event.word == UNSPEAKABLE:
            raise ValueError(f"not {event.word}!")

    @event_handler
    def erased(self, event: JournalErasedEvent, rows: Table[WordRow]) -> None:
        rows.clear()


@projector
class SqlProjector:
    """Keeps a table, an index and a view of its own, by SQL; the table has no key."""

    @event_handler
    def opened(self, event: JournalOpenedEvent, sql: duckdb.DuckDBPyConnection) -> None:
        sql.execute("CREATE TABLE IF NOT EXISTS lines (number HUGEINT, journal VARCHAR, word VARCHAR, tags VARCHAR[])")
        sql.execute("CREATE INDEX IF NOT EXISTS lines_journal ON lines (journal)")
        sql.execute("CREATE VIEW IF NOT EXISTS long_lines AS SELECT * FROM lines WHERE length(word) > 3")

    @event_handler
    def written(self, event: JournalWrittenEvent, sql: duckdb.DuckDBPyConnection) -> None:
        sql.execute(
            "INSERT INTO lines SELECT 1 + count(*) + 170141183460469231731687303715884105000, $1, $2, [$3] FROM lines",
            [event.identifier, event.word, event.context],
        )

    @event_handler
    def erased(self, event: JournalErasedEvent, sql: duckdb.DuckDBPyConnection) -> None:
        sql.execute("DELETE FROM lines WHERE journal = $1", [event.identifier])


@projection
class WordProjection:
    @query_handler
    def times(self, query: WordTimesQuery, rows: Table[WordRow]) -> WordView:
        return WordView(times=sum(row.times for row in rows.find(word=query.word)))


class EchoRow(ReadModel):
    word: Key[str]
    heard: int = 0


@projector
class EchoProjector:
    """Asks a query, and so sees what another projector has made."""

    @event_handler
    async def written(self, event: JournalWrittenEvent, rows: Table[EchoRow], queries: QueryGateway) -> None:
        view = await queries.query(WordTimesQuery(word=event.word))
        rows.upsert(EchoRow(word=event.word, heard=view.times))
