"""Frames and Intents: the envelopes of everything a widget's two halves tell each other."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

Body = dict[str, object]
"""What a frame or an intent says: a JSON object with a ``kind``, described by its part's module."""


class Frame(TypedDict):
    """From the kernel to the page.

    Attributes:
        frame: Number, from 1; a page acknowledges the newest it has shown.
        part: The picture it belongs to, e.g. ``"flow"``.
        to: The one page it is meant for; all of them when None.
        answers: The intent it answers; None for news.
    """

    frame: int
    part: str
    to: str | None
    answers: int | None
    body: Body


class Intent(TypedDict):
    """From a page to the kernel: what its reader wants.

    Attributes:
        intent: Number, from 1, counted by the page.
        page: Name of the page; several may show one widget.
    """

    intent: int
    part: str
    page: str
    body: Body


class Hello(TypedDict):
    """A page looks at this part from now on; the answer is a snapshot."""

    kind: Literal["hello"]


class Bye(TypedDict):
    """A page looks no longer."""

    kind: Literal["bye"]


class Ack(TypedDict):
    """A page has shown everything up to this frame."""

    kind: Literal["ack"]
    frame: int


class AskCode(TypedDict):
    """A page needs the module that draws; asked once for each build."""

    kind: Literal["code"]
    bundle: str


class Code(TypedDict):
    """The module's text."""

    kind: Literal["code"]
    text: str


class Again(TypedDict):
    """The kernel had given this page up; it should say hello again."""

    kind: Literal["again"]


class Problem(TypedDict):
    """Something went wrong in the kernel; shown in the widget.

    Attributes:
        remedy: What to do next; ``""`` where nothing is known.
    """

    kind: Literal["problem"]
    text: str
    remedy: str


class Closed(TypedDict):
    """The session this widget showed is closed; nothing more will come."""

    kind: Literal["closed"]
    call: str
