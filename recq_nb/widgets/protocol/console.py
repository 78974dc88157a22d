"""What the console and its part tell each other."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, with_config
from typing_extensions import TypedDict

_CLOSED = ConfigDict(extra="forbid")

Control = Literal[
    "text",
    "long_text",
    "secret",
    "integer",
    "number",
    "decimal",
    "bool",
    "choice",
    "date",
    "datetime",
    "time",
    "duration",
    "uuid",
    "bytes",
    "const",
    "object",
    "list",
    "tuple",
    "map",
    "union",
    "optional",
    "json",
]
"""What a field is filled in with. ``json``: an editor for whatever no other control fits."""


class Choice(TypedDict):
    """One of the values a field may have."""

    label: str
    value: object


class FormNode(TypedDict):
    """One field of a form, with those inside it.

    Attributes:
        name: Field name; ``""`` for an item, a branch and the like.
        label: Its type in a modeller's words.
        hint: Its constraints in words; ``""`` without any.
        has_default: Whether it may be left out; ``default`` is then what it becomes, None also where only the
            class knows.
        role: ``"aggregate_id"`` and ``"lock_id"`` for fields of these types.
        choices: Of a ``choice``; the one value of a ``const``.
        nodes: Fields of an object; the item of a list; the items of a tuple; key and value of a map; the branches of a
            union; what an optional may be instead of None.
        least: Fewest items; 0 without bound.
        most: Most items; -1 without bound.
    """

    control: Control
    name: str
    label: str
    description: str
    hint: str
    required: bool
    has_default: bool
    default: object
    role: str
    choices: list[Choice]
    nodes: list[FormNode]
    least: int
    most: int


class PayloadEntry(TypedDict):
    """A command or query one can send.

    Attributes:
        component: What handles it; ``""`` while nothing does.
        answer: What a reply shows: ``"TodoListView"``, ``"list[TodoListItemView]"``; an event for a command, or ``""``.
        version: Changes whenever its definition does.
    """

    name: str
    kind: str
    component: str
    answer: str
    description: str
    version: int


class Caused(TypedDict):
    """Something a command sent from here has caused.

    Attributes:
        hop: ``published``, ``consumed``, ``failed``, or ``sent`` and its outcomes for a nested command.
        number: Sequence number of an event; 0 else.
    """

    hop: str
    kind: str
    name: str
    component: str
    number: int
    outcome: str


class Call(TypedDict):
    """A command or query sent from here, and what became of it.

    Attributes:
        state: ``pending``, ``confirmed``, ``answered``, ``rejected``, ``failed``, ``timed_out`` or ``cancelled``.
        code: A rejection's code, or the class of what it failed with.
        text: Why it was refused, or failed.
        input: What was sent, as JSON; ``""`` where it is too long to be told.
        source: The call as a code cell; ``""`` likewise.
        sent_at: ISO time, UTC.
        took: Milliseconds to the reply; 0 while pending.
        event: The stored event; ``""`` without.
        view: What a query was answered with, cut where it is long.
        rows: Views in the answer, those cut off included; -1 for a single one.
    """

    call: int
    name: str
    kind: str
    state: str
    code: str
    text: str
    remedy: str
    input: str
    source: str
    sent_at: str
    took: float
    event: str
    number: int
    aggregate_id: str
    version: int
    view: object
    rows: int
    caused: list[Caused]
    caused_more: int


class ConsoleSnapshot(TypedDict):
    """Everything a page needs to begin: what can be sent, and what was."""

    kind: Literal["console"]
    payloads: list[PayloadEntry]
    calls: list[Call]
    selected: str


class ConsoleNews(TypedDict):
    """What came since: payloads are None where the model is the same; calls replace those of the same number."""

    kind: Literal["console_news"]
    payloads: list[PayloadEntry] | None
    calls: list[Call]


@with_config(_CLOSED)
class OpenForm(TypedDict):
    """A reader wants to fill in this payload's form."""

    kind: Literal["open_form"]
    name: str


class Form(TypedDict):
    """The form of a payload, and what was filled in last (None: nothing yet)."""

    kind: Literal["form"]
    name: str
    version: int
    root: FormNode
    draft: object


@with_config(_CLOSED)
class BranchChoice(TypedDict):
    """Which branch a reader chose for the union at a place of the form."""

    path: list[str | int]
    branch: int


@with_config(_CLOSED)
class CheckInput(TypedDict):
    """Is this right? Asked as a reader types.

    Attributes:
        input: The payload as JSON text, numbers as typed.
        draft: The screen's own form of it, given back by ``open_form``.
    """

    kind: Literal["check"]
    name: str
    input: str
    branches: list[BranchChoice]
    draft: object


class InputProblem(TypedDict):
    """What is wrong at one place of the form: field names, indexes of items, keys of a map."""

    path: list[str | int]
    text: str


class Checked(TypedDict):
    """What pydantic says of it, and the call as a code cell (``""`` while it is wrong)."""

    kind: Literal["checked"]
    name: str
    problems: list[InputProblem]
    source: str


@with_config(_CLOSED)
class SendInput(TypedDict):
    """Send this; the answer is ``sent``, or ``checked`` where it is wrong."""

    kind: Literal["send"]
    name: str
    input: str
    branches: list[BranchChoice]
    draft: object


class Sent(TypedDict):
    """It is on its way; news tell what becomes of the call."""

    kind: Literal["sent"]
    call: int


@with_config(_CLOSED)
class GiveUp(TypedDict):
    """A reader no longer waits for a reply; the command goes on."""

    kind: Literal["give_up"]
    call: int


class GivenUp(TypedDict):
    """Nobody waits for it any more."""

    kind: Literal["given_up"]
    call: int


@with_config(_CLOSED)
class AskIds(TypedDict):
    """Which aggregates are there that this command could address?"""

    kind: Literal["ids"]
    name: str


class Ids(TypedDict):
    """Ids of aggregates, those that changed last first, and a new one."""

    kind: Literal["ids"]
    name: str
    known: list[str]
    minted: str


ConsoleIntent = OpenForm | CheckInput | SendInput | GiveUp | AskIds
