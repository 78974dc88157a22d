"""Sources of what is registered: the text that classes were made from, as Python itself remembers it."""

from __future__ import annotations

import inspect
import linecache
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from types import CodeType, FunctionType

from recq_nb.flow.sources.source import Source
from recq_nb.modeling.bundle import Bundle

MAIN = "__main__"
_ENTRY = 4
_CLASS = re.compile(r"class\s+(\w+)")


def live_sources(
    classes: Iterable[type], *, label: Callable[[str], str] = lambda filename: filename
) -> tuple[Source, ...]:
    """The cells and modules that define some classes, and the cells their names come from.

    Args:
        classes: Payload and component classes of a session.
        label: How to show the file name Python knows a cell by, e.g. as ``In[3]``.

    Returns:
        Modules first, cells in the order they were last run. What has no text, such as a class made in ``exec``, is
        left out.
    """
    modules: dict[str, Source] = {}
    cells: dict[str, None] = {}
    wanted = _with_mentioned(classes)
    for cls in wanted:
        module = sys.modules.get(cls.__module__)
        path = getattr(module, "__file__", None)
        if cls.__module__ != MAIN and isinstance(path, str):
            text = "".join(linecache.getlines(path))
            modules[cls.__module__] = Source(text, path, cls.__module__, is_package=path.endswith("__init__.py"))
        else:
            cells.update(dict.fromkeys(_files_of(cls)))
    loose = {cls.__name__ for cls in wanted if cls.__module__ == MAIN and not any(_files_of(cls))}
    cells.update(dict.fromkeys(_cells_defining(loose)))
    order = {name: place for place, name in enumerate(linecache.cache)}
    named = sorted(cells, key=lambda name: order.get(name, -1))
    return (*modules.values(), *(_cell(name, label) for name in named))


def registered_sources(bundle: Bundle, *, label: Callable[[str], str] = str) -> tuple[Source, ...]:
    """The sources of everything a bundle holds; see ``live_sources``."""
    payloads = [payload.payload_type for payload in bundle.payloads.values()]
    components = [component.component_type for component in bundle.components.values()]
    return live_sources([*payloads, *components], label=label)


def _with_mentioned(classes: Iterable[type]) -> list[type]:
    """The classes, and what they derive from or mention of the same notebook: states, rows, helpers."""
    found: dict[type, None] = {}
    waiting = list(classes)
    while waiting:
        cls = waiting.pop(0)
        if cls in found:
            continue
        found[cls] = None
        if cls.__module__ == MAIN:
            mentioned = [value for function in _functions_of(cls) for value in _globals_used(function)]
            waiting += [one for one in (*cls.__mro__, *mentioned) if isinstance(one, type) and one.__module__ == MAIN]
    return list(found)


def _globals_used(function: FunctionType) -> Iterator[object]:
    names = {*_names(function.__code__)}
    for annotation in function.__annotations__.values():
        names.update(re.findall(r"\w+", annotation if isinstance(annotation, str) else repr(annotation)))
    return (function.__globals__[name] for name in names if name in function.__globals__)


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _cell(filename: str, label: Callable[[str], str]) -> Source:
    """A cell as it ran; its label says which it is, as its place in the notebook is not known."""
    return Source("".join(linecache.getlines(filename)), label(filename), MAIN, has_magics=True)


def _functions_of(cls: type) -> Iterator[FunctionType]:
    for member in vars(cls).values():
        function = inspect.unwrap(member) if callable(member) else member
        if isinstance(function, FunctionType) and function.__module__ == cls.__module__:
            yield function


def _files_of(cls: type) -> Iterator[str]:
    """The texts its functions, and the functions of the notebook that they call, were compiled from."""
    for function in _functions_of(cls):
        called = [value for value in _globals_used(function) if isinstance(value, FunctionType)]
        for one in (function, *called):
            if one.__module__ == cls.__module__ and linecache.getlines(one.__code__.co_filename):
                yield one.__code__.co_filename


def _cells_defining(names: set[str]) -> Iterator[str]:
    """Cells that have a class statement of one of these names; the last one of a name counts."""
    found: dict[str, str] = {}
    for filename, entry in list(linecache.cache.items()):
        parts: tuple[object, ...] = tuple(entry)
        if len(parts) != _ENTRY or parts[1] is not None:  # text that no file backs is a cell
            continue
        for line in linecache.getlines(filename):
            statement = _CLASS.match(line)
            if statement is not None and statement.group(1) in names:
                found[statement.group(1)] = filename
    yield from found.values()
