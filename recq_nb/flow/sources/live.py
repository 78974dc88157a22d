"""Sources of what is registered: the text that classes were made from, as Python itself remembers it."""

from __future__ import annotations

import inspect
import linecache
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from types import FunctionType

from recq_nb.flow.sources.source import Source

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
    wanted: list[type] = list(classes)
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
    return (*modules.values(), *(_cell(number, name, label) for number, name in enumerate(named, start=1)))


def _cell(number: int, filename: str, label: Callable[[str], str]) -> Source:
    text = "".join(linecache.getlines(filename))
    return Source(text, label(filename), MAIN, cell=number, has_magics=True)


def _files_of(cls: type) -> Iterator[str]:
    for member in vars(cls).values():
        function = inspect.unwrap(member) if callable(member) else member
        if isinstance(function, FunctionType) and function.__module__ == cls.__module__:
            filename = function.__code__.co_filename
            if linecache.getlines(filename):
                yield filename


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
