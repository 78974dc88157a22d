"""What reading knows of code outside the sources: the names of recq_nb itself, and a few functions it can follow."""

from __future__ import annotations

import builtins
from collections.abc import Iterable
from types import ModuleType

from recq_nb import errors
from recq_nb.flow.reading.values import Library
from recq_nb.modeling import component, executor, gateway, handler, message, metadata, payload, read_model, state
from recq_nb.modeling.capability import ComponentKind, HandlerKind
from recq_nb.modeling.payload_definition import PayloadKind

ROOT = "recq_nb"
SESSION = f"{ROOT}.Session()"
_LONGEST_PATH = 120
_VOCABULARY: tuple[ModuleType, ...] = (
    component,
    errors,
    executor,
    gateway,
    handler,
    message,
    metadata,
    payload,
    read_model,
    state,
)


def _defined_in(modules: Iterable[ModuleType]) -> frozenset[str]:
    aliases = {"AggregateId", "LockId", "Key"}
    return frozenset(aliases) | {
        name
        for module in modules
        for name, member in vars(module).items()
        if not name.startswith("_") and getattr(member, "__module__", None) == module.__name__
    }


LENT_NAMES: frozenset[str] = _defined_in(_VOCABULARY) | {"Session"}
"""Names of recq_nb that a notebook may use without an import."""

PAYLOAD_BASES: dict[str, PayloadKind] = {f"{ROOT}.{kind.value.title().replace(' ', '')}": kind for kind in PayloadKind}
"""Each kind's base class by its path."""

COMPONENT_DECORATORS: dict[str, ComponentKind] = {f"{ROOT}.{kind.value}": kind for kind in ComponentKind}
HANDLER_DECORATORS: dict[str, HandlerKind] = {f"{ROOT}.{kind.value}": kind for kind in HandlerKind}

NEVER_RETURN = frozenset(
    {f"{ROOT}.reject", "sys.exit", "os._exit", "builtins.exit", "builtins.quit", "typing.assert_never"}
)
"""Functions after which nothing runs."""

HARMLESS = frozenset(
    f"builtins.{name}"
    for name in ("print", "isinstance", "issubclass", "len", "repr", "str", "id", "hasattr", "bool", "callable", "type")
)
"""Functions that look at what they are given and keep nothing of it."""


def library(path: str) -> Library:
    """A path in its one spelling: whatever module of recq_nb a name was imported from, it is ``recq_nb.Name``."""
    if path.startswith(f"{ROOT}.") and "(" not in path:
        path = f"{ROOT}.{path.rpartition('.')[2]}"
    return Library(path if len(path) <= _LONGEST_PATH else "…")


def unbound(name: str, *, lends_names: bool) -> Library | None:
    """What a name means that the sources do not define."""
    if lends_names and name == "recq":
        return Library(SESSION)
    if lends_names and name in LENT_NAMES:
        return library(f"{ROOT}.{name}")
    return Library(f"builtins.{name}") if hasattr(builtins, name) else None


def without_call(path: str) -> str:
    """The path of what was called, for the result of a call."""
    return path.removesuffix("()")
