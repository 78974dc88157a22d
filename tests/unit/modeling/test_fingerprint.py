"""A fingerprint changes when code does something else, and only then."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import pytest

from recq_nb.modeling.fingerprint import fingerprint

PREAMBLE = """
import functools
from pydantic import BaseModel, Field

class Row(BaseModel):
    name: str
    size: int = 1

LIMIT = 5

def helper(text):
    return inner(text).upper()

def inner(text):
    return text.strip()

def traced(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)
    return wrapper
"""

COMPONENT = """
class Projector:
    kind = "rows"

    def handle(self, event):
        if len(event) > LIMIT:
            return None
        return helper(event)

    @traced
    def wrapped(self, event, *, factor=2):
        return event * factor

    @staticmethod
    def fixed(event):
        return {"a", "b", "c"} & set(event)

    @property
    def double(self):
        return 2
"""


def of(preamble: str = PREAMBLE, component: str = COMPONENT) -> str:
    namespace: dict[str, object] = {"__name__": "cell"}
    exec(textwrap.dedent(preamble) + textwrap.dedent(component), namespace)
    projector, row = namespace["Projector"], namespace["Row"]
    assert isinstance(projector, type)
    assert isinstance(row, type)
    return fingerprint(projector, [row])


def test_the_same_source_has_the_same_fingerprint() -> None:
    assert of() == of()


@pytest.mark.parametrize(
    "component",
    [
        COMPONENT.replace("return None", "return None  # nothing to do"),
        COMPONENT.replace('    kind = "rows"\n', '    kind = "rows"\n\n\n'),
        "\n\n\n" + COMPONENT,
    ],
    ids=["a comment", "empty lines", "another place"],
)
def test_layout_and_comments_do_not_count(component: str) -> None:
    assert of(component=component) == of()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("> LIMIT", ">= LIMIT"),
        ('kind = "rows"', 'kind = "columns"'),
        ("event * factor", "event + factor"),
        ("factor=2", "factor=3"),
        ('{"a", "b", "c"}', '{"a", "b", "d"}'),
        ("return 2", "return 3"),
        ("return helper(event)", "return inner(event)"),
        ("def fixed(event)", "def other(event)"),
    ],
    ids=lambda text: text,
)
def test_an_edited_class_has_another_fingerprint(old: str, new: str) -> None:
    assert old in COMPONENT

    assert of(component=COMPONENT.replace(old, new)) != of()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("LIMIT = 5", "LIMIT = 6"),
        ("text.strip()", "text.lstrip()"),
        (".upper()", ".lower()"),
        ("size: int = 1", "size: int = 2"),
        ("size: int = 1", "size: float = 1"),
        ("    size: int = 1\n", "    size: int = 1\n    note: str = ''\n"),
        ("return function(*args, **kwargs)", "return function(*args)"),
    ],
    ids=lambda text: text,
)
def test_what_a_class_uses_of_its_module_counts(old: str, new: str) -> None:
    assert old in PREAMBLE

    assert of(preamble=PREAMBLE.replace(old, new)) != of()


def test_recursion_ends() -> None:
    component = COMPONENT.replace("return helper(event)", "return again(event)")
    preamble = PREAMBLE + "\ndef again(text):\n    return again(text) and helper(text)\n"

    assert of(preamble, component) == of(preamble, component)


def test_a_fingerprint_is_the_same_in_every_process() -> None:
    """Hash seeds, addresses and the order of sets differ between processes; a read model must not be rebuilt for it."""
    source = PREAMBLE.replace(
        "size: int = 1\n",
        'size: int = 1\n    tags: set[str] = {"x", "y", "z"}\n    made: dict[str, frozenset[str]] = '
        '{"k": frozenset({"p", "q", "r"})}\n',
    ) + COMPONENT.replace("def fixed(event)", 'def fixed(event, known=frozenset({"u", "v", "w"}), mark=BaseModel)')
    program = (
        f"namespace = {{'__name__': 'cell'}}\nexec({source!r}, namespace)\n"
        "from recq_nb.modeling.fingerprint import fingerprint\n"
        "print(fingerprint(namespace['Projector'], [namespace['Row']]))"
    )

    found = {
        subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | {"PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("1", "2", "3")
    }

    assert len(found) == 1
