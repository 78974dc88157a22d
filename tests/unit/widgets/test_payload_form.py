"""Forms: every construct of a payload's schema has a control, and pydantic's problems are shown where they belong."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Annotated, Any, Literal, NamedTuple
from uuid import UUID

import pytest
from pydantic import BaseModel, Field, Json, SecretStr, StringConstraints, TypeAdapter, model_validator
from pydantic.types import AwareDatetime
from typing_extensions import TypedDict

from recq_nb import AggregateId, DomainCommand, LockId, Query, ServiceCommand, View
from recq_nb.modeling.payload import Payload
from recq_nb.modeling.payload_definition import is_payload_class
from recq_nb.widgets.form_check import check_input
from recq_nb.widgets.payload_form import form_of
from recq_nb.widgets.protocol.console import FormNode
from tests.domains import order_ledger, order_stock_payment, reminders, tally, tally_readers, todo_list


class Colour(Enum):
    RED = "red"
    TWO = 2


class Level(IntEnum):
    LOW = 1
    HIGH = 2


class Only(Enum):
    ONE = "one"


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int


class Dog(BaseModel):
    kind: Literal["dog"]
    name: str


class Node(BaseModel):
    name: str
    children: list[Node] = Field(default_factory=list)


class Place(TypedDict):
    street: str
    number: int


class Pair(NamedTuple):
    left: int
    right: str


class EveryCommand(ServiceCommand):
    """All of it.

    In two paragraphs.
    """

    text: Annotated[str, StringConstraints(min_length=2, max_length=9, pattern="^h")] = Field(description="a greeting")
    integer: int = Field(gt=0, le=10, multiple_of=2)
    number: float = 0.5
    decimal: Decimal = Field(ge=0, max_digits=6, decimal_places=2)
    loose: float | str
    yes: bool = True
    colour: Colour
    level: Level = Level.LOW
    only: Only
    literal: Literal["a", 1]
    day: date
    moment: datetime
    aware: AwareDatetime
    hour: time
    wait: timedelta = timedelta(hours=1)
    ident: UUID
    raw: bytes = b"x"
    secret: SecretStr
    json_text: Json[int]
    items: list[int] = Field(min_length=1, max_length=3)
    odd: set[int]
    pair: tuple[int, str]
    many: tuple[int, ...]
    nothing: tuple[()]
    named: Pair
    table: dict[int, list[str]]
    patterned: dict[Annotated[str, StringConstraints(pattern="^k")], int]
    place: Place
    pet: Annotated[Cat | Dog, Field(discriminator="kind")]
    either: Cat | Dog
    maybe: int | str | None
    optional: str | None = None
    made: list[str] = Field(default_factory=list)
    tree: Node
    whatever: Any
    aliased: int = Field(alias="class")
    lock: LockId


CONTROLS = {
    "text": "text",
    "integer": "integer",
    "number": "number",
    "decimal": "decimal",
    "loose": "union",
    "yes": "bool",
    "colour": "choice",
    "level": "choice",
    "only": "const",
    "literal": "choice",
    "day": "date",
    "moment": "datetime",
    "aware": "datetime",
    "hour": "time",
    "wait": "duration",
    "ident": "uuid",
    "raw": "bytes",
    "secret": "secret",
    "json_text": "long_text",
    "items": "list",
    "odd": "list",
    "pair": "tuple",
    "many": "list",
    "nothing": "tuple",
    "named": "tuple",
    "table": "map",
    "patterned": "map",
    "place": "object",
    "pet": "union",
    "either": "union",
    "maybe": "optional",
    "optional": "optional",
    "made": "list",
    "tree": "object",
    "whatever": "json",
    "class": "integer",
    "lock": "text",
}


def node_of(name: str, payload_type: type[Payload] = EveryCommand) -> FormNode:
    return next(node for node in form_of(payload_type)["nodes"] if node["name"] == name)


def everything(node: FormNode) -> Iterator[FormNode]:
    yield node
    for inner in node["nodes"]:
        yield from everything(inner)


def test_every_construct_has_its_control() -> None:
    assert {node["name"]: node["control"] for node in form_of(EveryCommand)["nodes"]} == CONTROLS


def test_constraints_and_descriptions_are_told_in_words() -> None:
    text, integer, decimal = node_of("text"), node_of("integer"), node_of("decimal")

    assert text["description"] == "a greeting"
    assert text["hint"] == "at least 2 characters, at most 9 characters, matches ^h"
    assert integer["hint"] == "> 0, ≤ 10, a multiple of 2"
    assert decimal["hint"] == "≥ 0, at most 6 digits, at most 2 decimal places"
    assert node_of("odd")["hint"] == "no item twice"
    assert (node_of("items")["least"], node_of("items")["most"]) == (1, 3)
    assert form_of(EveryCommand)["description"] == "All of it.\n\nIn two paragraphs."


def test_defaults_are_there_and_what_has_one_may_be_left_out() -> None:
    nodes = {node["name"]: node for node in form_of(EveryCommand)["nodes"]}

    assert {name: node["default"] for name, node in nodes.items() if node["has_default"]} == {
        "number": 0.5,
        "yes": True,
        "level": 1,
        "wait": "PT1H",
        "raw": "eA==",
        "optional": None,
        "made": None,
    }
    assert all(node["required"] != node["has_default"] for node in nodes.values())


def test_branches_are_called_by_their_class_and_none_is_an_option() -> None:
    assert [node["label"] for node in node_of("pet")["nodes"]] == ["Cat", "Dog"]
    assert [node["label"] for node in node_of("loose")["nodes"]] == ["number", "text"]
    (inner,) = node_of("maybe")["nodes"]
    assert [node["control"] for node in inner["nodes"]] == ["integer", "text"]


def test_a_model_that_contains_itself_ends_as_json() -> None:
    children = node_of("tree")["nodes"][1]

    assert children["control"] == "list"
    assert [node["control"] for node in children["nodes"]] == ["json"]
    assert children["nodes"][0]["label"] == "Node"


def test_ids_are_known_by_their_role() -> None:
    assert node_of("identifier", todo_list.TodoListCreateCommand)["role"] == "aggregate_id"
    assert node_of("lock")["role"] == "lock_id"


@pytest.mark.parametrize(
    "module", [todo_list, order_stock_payment, order_ledger, reminders, tally, tally_readers], ids=lambda m: m.__name__
)
def test_the_example_domains_need_no_json_editor(module: object) -> None:
    payloads = [one for _, one in inspect.getmembers(module) if is_payload_class(one)]
    sendable = [one for one in payloads if issubclass(one, DomainCommand | ServiceCommand | Query)]

    forms = [form_of(one) for one in sendable]

    assert not [node["name"] for form in forms for node in everything(form) if node["control"] == "json"]


def test_a_form_is_what_the_wire_says() -> None:
    adapter = TypeAdapter(FormNode)

    assert adapter.validate_python(form_of(EveryCommand), strict=True) == form_of(EveryCommand)


class RangeCommand(ServiceCommand):
    low: int
    high: int

    @model_validator(mode="after")
    def ordered(self) -> RangeCommand:
        if self.low > self.high:
            raise ValueError("low is above high")
        return self


class BrokenCommand(ServiceCommand):
    low: int

    @model_validator(mode="after")
    def broken(self) -> BrokenCommand:
        raise ZeroDivisionError("oh")


class SmallCommand(ServiceCommand):
    pets: list[Annotated[Cat | Dog, Field(discriminator="kind")]] = Field(default_factory=list)
    either: Cat | Dog | None = None
    loose: int | list[int] = 0
    table: dict[int, int] = Field(default_factory=dict)
    pair: tuple[int, int] = (0, 0)
    tree: Node | None = None


@pytest.mark.parametrize(
    ("text", "branches", "problems"),
    [
        ('{"pets": [{"kind": "cat", "lives": "x"}]}', [], [["pets", 0, "lives"]]),
        ('{"either": {"kind": "cat"}}', [(["either"], 0)], [["either", "lives"]]),
        ('{"either": {"kind": "cat"}}', [(["either"], 1)], [["either", "kind"], ["either", "name"]]),
        ('{"loose": "x"}', [(["loose"], 0)], [["loose"]]),
        ('{"loose": ["x"]}', [(["loose"], 1)], [["loose", 0]]),
        ('{"table": {"a": 1, "2": "b"}}', [], [["table", "a", "[key]"], ["table", "2"]]),
        ('{"pair": [1, "b"]}', [], [["pair", 1]]),
        ('{"tree": {"name": "x", "children": [{}]}}', [], [["tree", "children", 0]]),
        ('{"nope": 1}', [], [[]]),
        ("{", [], [[]]),
    ],
)
def test_a_problem_is_shown_at_its_field(
    text: str, branches: list[tuple[list[str | int], int]], problems: list[list[str | int]]
) -> None:
    form = form_of(SmallCommand)
    chosen = [{"path": path, "branch": branch} for path, branch in branches]

    checked = check_input(SmallCommand, form, text, TypeAdapter(list[Any]).validate_python(chosen))

    assert checked.payload is None
    assert [one["path"] for one in checked.problems] == problems
    assert all(one["text"] for one in checked.problems)


def test_what_a_validator_of_the_class_says_is_said_of_the_whole() -> None:
    refused = check_input(RangeCommand, form_of(RangeCommand), '{"low": 2, "high": 1}')
    failed = check_input(BrokenCommand, form_of(BrokenCommand), '{"low": 2}')

    assert refused.problems == [{"path": [], "text": "low is above high"}]
    assert failed.problems == [{"path": [], "text": "ZeroDivisionError: oh"}]


def test_numbers_keep_every_digit() -> None:
    checked = check_input(RangeCommand, form_of(RangeCommand), '{"low": 9007199254740993, "high": 9007199254740994}')

    assert checked.payload == RangeCommand(low=9007199254740993, high=9007199254740994)
    assert checked.problems == []


class PageView(View):
    text: str


class PageQuery(Query[PageView]):
    identifier: str


class RenameCommand(DomainCommand):
    identifier: AggregateId


def test_a_query_and_a_command_without_more_than_an_id_have_forms() -> None:
    assert [node["control"] for node in form_of(PageQuery)["nodes"]] == ["text"]
    assert node_of("identifier", RenameCommand)["label"] == "AggregateId"


class BigCommand(ServiceCommand):
    most: int = 2**63 - 1
    odds: list[int] = Field(default=[7, -(2**53)])
    share: float = 0.5


def test_a_default_that_a_page_would_round_is_its_numeral() -> None:
    assert {node["name"]: node["default"] for node in form_of(BigCommand)["nodes"]} == {
        "most": "9223372036854775807",
        "odds": [7, "-9007199254740992"],
        "share": 0.5,
    }
