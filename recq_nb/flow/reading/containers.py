"""Reading methods of containers: what they give, and what they put in."""

from __future__ import annotations

from recq_nb.flow.reading.arguments import Arguments
from recq_nb.flow.reading.calls import Calls
from recq_nb.flow.reading.values import (
    NONE,
    NOTHING,
    UNKNOWN,
    Atom,
    Constant,
    ContainerMethod,
    Entries,
    Heap,
    Items,
    Pair,
    Unknown,
    Value,
    join,
    only,
)

_ADDERS = {"append": 0, "add": 0, "appendleft": 0, "insert": 1, "put_nowait": 0}
_EXTENDERS = {"extend", "extendleft", "update"}


class Containers(Calls):
    """Reads methods of lists, sets, dicts and tuples."""

    def call_container(self, method: ContainerMethod, arguments: Arguments) -> Value:
        """What a method of a container gives, and what it does to it."""
        container = method.container
        if isinstance(container, Heap):
            self._change(container, method.name, arguments)
        return join(
            self._result(opened, method.name, arguments, only(container))
            for opened in self.work.opened(only(container))
        )

    def _change(self, container: Heap, name: str, arguments: Arguments) -> None:
        if name in _ADDERS:
            self.work.put(container.site, only(Items(arguments.get(_ADDERS[name], "item") or UNKNOWN)))
        elif name in _EXTENDERS:
            for atom in self.work.opened(arguments.get(0, "other") or NOTHING):
                held = atom if isinstance(atom, Entries | Items) else Items(self.iterate(only(atom)))
                self.work.put(container.site, only(held))
            if arguments.named:
                named = tuple((Constant(key), value) for key, value in arguments.named)
                self.work.put(container.site, only(Entries(named)))
        elif name == "setdefault":
            self.set_item(container, arguments.get(0, "key") or UNKNOWN, arguments.get(1, "default") or NONE)

    def set_item(self, container: Heap, key: Value, value: Value) -> None:
        """``container[key] = value``."""
        held = self.work.contents.get(container.site, NOTHING)
        if any(isinstance(atom, Entries) for atom in held):
            one = next(iter(key)) if len(key) == 1 else None
            known: Atom | None = None if isinstance(one, Unknown) else one
            self.work.put(container.site, only(Entries(((known, value),))))
        else:
            self.work.put(container.site, only(Items(value)))

    def _result(self, opened: Atom, name: str, arguments: Arguments, container: Value) -> Value:
        if name in {"copy", "union", "intersection", "difference", "__iter__", "keys"}:
            more = arguments.everything if name == "union" else NOTHING
            return container | more if name != "keys" else self.work.items(self.iterate(only(opened)))
        if isinstance(opened, Entries):
            return self._of_dict(opened, name, arguments)
        if name in {"pop", "popleft", "__getitem__", "get", "get_nowait"}:
            return self.iterate(only(opened))
        if name in {"append", "add", "extend", "insert", "update", "clear", "remove", "sort", "reverse", "discard"}:
            return NONE
        return UNKNOWN if isinstance(opened, Items | Pair) else NOTHING

    def _of_dict(self, entries: Entries, name: str, arguments: Arguments) -> Value:
        if name == "values":
            return self.work.items(entries.values)
        if name == "items":
            pairs = [self.work.pair((UNKNOWN if key is None else only(key), value)) for key, value in entries.entries]
            return self.work.items(join(pairs))
        if name in {"get", "pop", "setdefault", "__getitem__"}:
            default = arguments.get(1, "default")
            found = self._entry(entries, arguments.get(0, "key") or UNKNOWN)
            return found | (default if default is not None else NONE if name == "get" else NOTHING)
        return NONE if name in {"update", "clear"} else UNKNOWN

    @staticmethod
    def _entry(entries: Entries, key: Value) -> Value:
        one = next(iter(key)) if len(key) == 1 else None
        if one is not None and not isinstance(one, Unknown):
            exact = [value for known, value in entries.entries if known is None or known == one]
            if exact:
                return join(exact)
        return entries.values
