"""What every read-model table promises: it is a dictionary of rows by key, whatever has been written through so far."""

from __future__ import annotations

import contextlib
import enum
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Literal
from uuid import UUID

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from pydantic import BaseModel, Field

from recq_nb.errors import ReadModelError
from recq_nb.modeling.read_model import Key, ReadModel, Table, define_read_model
from recq_nb.ports.consumer_state_store import ConsumerTransaction
from tests.contracts.adapters import STORE_ADAPTERS, OpenStores, Stores


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Part(BaseModel):
    name: str
    weight: float


class EveryRow(ReadModel):
    text: Key[str]
    number: Key[int]
    flag: bool = False
    ratio: float = 0.0
    exact: Decimal = Decimal(0)
    raw: bytes = b""
    moment: datetime = datetime(2030, 1, 1, tzinfo=UTC)
    day: date = date(2030, 1, 1)
    clock: time = time(0)
    span: timedelta = timedelta()
    key: UUID = UUID(int=0)
    colour: Colour = Colour.RED
    level: Level = Level.LOW
    side: Literal["left", "right"] = "left"
    maybe: str | None = None
    parts: list[Part] = Field(default_factory=list)
    counts: dict[str, int] = Field(default_factory=dict)


EVERY = define_read_model(EveryRow)


class PlainRow(ReadModel):
    identifier: Key[str]
    group: str = ""
    size: int = 0


PLAIN = define_read_model(PlainRow)


@contextmanager
def fresh(stores: Stores) -> Iterator[ConsumerTransaction]:
    """A transaction with both tables, empty."""
    transaction = stores.consumer_states.begin("Tables")
    transaction.reset([EVERY, PLAIN])
    try:
        yield transaction
    finally:
        transaction.rollback()


def full(table: Table[ReadModel]) -> Table[ReadModel]:
    table.upsert(*[PlainRow(identifier=name, group="ab"[n % 2], size=n) for n, name in enumerate("edcba")])
    return table


FULL = EveryRow(
    text="it's",
    number=-(2**63),
    flag=True,
    ratio=1e-300,
    exact=Decimal("12345678901234567890.0123456789"),
    raw=b"\x00\xff",
    moment=datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    day=date(9999, 12, 31),
    clock=time(23, 59, 59, 999999),
    span=timedelta(days=-3, microseconds=7),
    key=UUID(int=2**128 - 1),
    colour=Colour.BLUE,
    level=Level.HIGH,
    side="right",
    maybe="nul\0nul 🦆",
    parts=[Part(name="x", weight=0.1)],
    counts={"a": 2**70},
)


@pytest.mark.parametrize("copies", [1, 20], ids=["alone", "in a batch"])
def test_every_type_is_read_back_as_it_was_written(open_stores: OpenStores, copies: int) -> None:
    rows = [FULL.model_copy(update={"number": number}) for number in range(copies)]
    with open_stores() as stores:
        transaction = stores.consumer_states.begin("Tables")
        transaction.reset([EVERY])
        transaction.table(EVERY).upsert(*rows)
        transaction.commit()
        reader = stores.consumer_states.reader()

        found = (reader.table(EVERY).where(), [reader.table(EVERY).get(row.text, row.number) for row in rows])
        reader.close()

    assert found == (rows, rows)


def test_rows_are_found_by_any_field_in_the_order_of_their_keys(stores: Stores) -> None:
    with fresh(stores) as transaction:
        table = full(transaction.table(PLAIN))

        assert [PlainRow.model_validate(row).identifier for row in table] == list("abcde")
        assert table.find(group="b") == [
            PlainRow(identifier="b", group="b", size=3),
            PlainRow(identifier="d", group="b", size=1),
        ]
        assert table.find(group="a", size=4) == [PlainRow(identifier="a", group="a", size=4)]
        assert table.find(group="'; drop table plain_row; --") == []
        assert (len(table), "c" in table, "z" in table) == (5, True, False)


def test_null_is_found_as_none(stores: Stores) -> None:
    with fresh(stores) as transaction:
        table = transaction.table(EVERY)
        table.upsert(EveryRow(text="a", number=1), EveryRow(text="b", number=1, maybe="x"))

        assert [row.text for row in table.find(maybe=None)] == ["a"]  # type: ignore[attr-defined]  # an EveryRow


def test_a_condition_pages_and_orders(stores: Stores) -> None:
    with fresh(stores) as transaction:
        table = full(transaction.table(PLAIN))

        assert [r.identifier for r in table.where(order_by="size", limit=2)] == ["e", "d"]  # type: ignore[attr-defined]
        assert [r.identifier for r in table.where(limit=2, offset=2)] == ["c", "d"]  # type: ignore[attr-defined]
        assert [r.identifier for r in table.where("size > $least", least=3)] == ["a"]  # type: ignore[attr-defined]
        assert table.count("size > $least", least=1) == 3


def test_an_update_replaces_fields_and_returns_the_row(stores: Stores) -> None:
    with fresh(stores) as transaction:
        table = full(transaction.table(PLAIN))

        assert table.update("c", size=50) == PlainRow(identifier="c", group="a", size=50)
        assert table.get("c") == PlainRow(identifier="c", group="a", size=50)


MISTAKES: dict[str, Callable[[Table[ReadModel]], object]] = {
    "no such row": lambda table: table.update("z", size=1),
    "no such field": lambda table: table.update("a", colour="red"),
    "a wrong type": lambda table: table.update("a", size="x"),
    "another key": lambda table: table.update("a", identifier="z"),
    "too few keys": lambda table: table.get(),
    "too many keys": lambda table: table.get("a", "b"),
    "a row of another class": lambda table: table.upsert(FULL),
    "a field that does not exist": lambda table: table.find(colour="red"),
    "two statements": lambda table: table.where("true; delete from plain_row"),
}
WRONG_SQL = ["no sql", "colour = 1", "size = $size", "size = 'x'"]


def test_a_mistake_is_told_and_changes_nothing(stores: Stores) -> None:
    with fresh(stores) as transaction:
        table = full(transaction.table(PLAIN))
        before = table.where()

        for name, make in MISTAKES.items():
            with pytest.raises(ReadModelError) as refused:
                make(table)
            assert refused.value.remedy, name
        assert table.where() == before


@pytest.mark.parametrize("condition", WRONG_SQL)
def test_a_condition_that_is_wrong_is_told_and_hiding_it_helps_nobody(stores: Stores, condition: str) -> None:
    """Where the store gives up a transaction after an error, going on in it is an error too, not an outage."""
    with fresh(stores) as transaction:
        table = full(transaction.table(PLAIN))

        with pytest.raises(ReadModelError, match="a query on PlainRow is not valid") as wrong:
            table.where(condition)

        assert wrong.value.remedy
        with contextlib.suppress(ReadModelError):
            table.upsert(PlainRow(identifier="z"))
            transaction.flush()


# -- against a model ---------------------------------------------------------------------------------------------------

NAMES = st.text(st.characters(codec="utf-8"), max_size=3)
KEYS = st.tuples(st.sampled_from(["a", "b", "'", "🦆", ""]), st.integers(-2, 2))


class TableAgainstDictionary(RuleBasedStateMachine):
    """Any way of writing, reading, flushing and committing leaves what a dictionary would hold."""

    adapter = "duckdb in memory"

    def __init__(self) -> None:
        super().__init__()
        self.opened = STORE_ADAPTERS[self.adapter].open(None)()  # type: ignore[arg-type]  # memory needs no folder
        self.stores = self.opened.__enter__()
        self.rows: dict[tuple[str, int], EveryRow] = {}
        self.committed: dict[tuple[str, int], EveryRow] = {}

    @initialize()
    def prepare(self) -> None:
        transaction = self.stores.consumer_states.begin("Tables")
        transaction.reset([EVERY])
        transaction.commit()
        self._begin()

    def _begin(self) -> None:
        self.transaction = self.stores.consumer_states.begin("Tables")
        self.table = self.transaction.table(EVERY)

    @rule(
        keys=st.lists(KEYS, max_size=12),
        ratio=st.floats(allow_nan=False),
        maybe=st.none() | NAMES,
        raw=st.binary(max_size=3),
    )
    def upsert(self, keys: list[tuple[str, int]], ratio: float, maybe: str | None, raw: bytes) -> None:
        rows = [EveryRow(text=text, number=number, ratio=ratio, maybe=maybe, raw=raw) for text, number in keys]
        self.table.upsert(*rows)
        self.rows |= dict(zip(keys, rows, strict=True))

    @rule(key=KEYS, exact=st.decimals(-1000, 1000, places=10), span=st.timedeltas(timedelta(-5), timedelta(5)))
    def update(self, key: tuple[str, int], exact: Decimal, span: timedelta) -> None:
        if key in self.rows:
            changed = self.table.update(*key, exact=exact, span=span)
            self.rows[key] = self.rows[key].model_copy(update={"exact": exact, "span": span})
            assert changed == self.rows[key]
        else:
            with pytest.raises(ReadModelError):
                self.table.update(*key, exact=exact)

    @rule(key=KEYS)
    def delete(self, key: tuple[str, int]) -> None:
        assert self.table.delete(*key) == (self.rows.pop(key, None) is not None)

    @rule()
    def clear(self) -> None:
        self.table.clear()
        self.rows.clear()

    @rule(key=KEYS)
    def get(self, key: tuple[str, int]) -> None:
        assert self.table.get(*key) == self.rows.get(key)

    @rule(text=st.sampled_from(["a", "'", "🦆"]))
    def find(self, text: str) -> None:
        expected = [row for key, row in sorted(self.rows.items()) if key[0] == text]
        assert self.table.find(text=text) == expected
        assert self.table.where("text = $text and number >= $least", text=text, least=0) == [
            row for row in expected if row.number >= 0
        ]

    @rule()
    def flush(self) -> None:
        self.transaction.flush()

    @rule(sql=st.booleans())
    def count(self, sql: bool) -> None:  # noqa: FBT001  hypothesis passes it
        if sql:
            connection = self.transaction.connection()
            assert connection.execute("select count(*) from every_row").fetchall() == [(len(self.rows),)]  # type: ignore[attr-defined]
        else:
            assert len(self.table) == len(self.rows)

    @rule()
    def commit(self) -> None:
        self.transaction.commit()
        self.committed = dict(self.rows)
        self._begin()

    @rule()
    def roll_back(self) -> None:
        self.transaction.rollback()
        self.rows = dict(self.committed)
        self._begin()

    @invariant()
    def reads_by_key_see_everything(self) -> None:
        if self.rows:
            key = min(self.rows)
            assert self.table.get(*key) == self.rows[key]

    def teardown(self) -> None:
        self.transaction.rollback()
        self.opened.__exit__(None, None, None)


def test_a_table_is_a_dictionary_of_rows() -> None:
    run_state_machine_as_test(
        TableAgainstDictionary, settings=settings(max_examples=40, stateful_step_count=30, deadline=None)
    )
