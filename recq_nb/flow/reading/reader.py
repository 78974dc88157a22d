"""Reader: runs the modules of the sources in the abstract, once each, in the order their imports ask for."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass

from recq_nb.flow.reading.ancestry import ancestors, payload_kind_of
from recq_nb.flow.reading.library import LENT_NAMES, ROOT, library
from recq_nb.flow.reading.statements import Statements
from recq_nb.flow.reading.values import (
    UNKNOWN,
    ClassDefinition,
    ClassRef,
    Frame,
    Instance,
    ModuleRef,
    Value,
    only,
)
from recq_nb.flow.reading.workspace import MOST_CALLS
from recq_nb.flow.sources.imports import absolute_name, parsed
from recq_nb.flow.sources.source import Position, Source


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A source that is no Python.

    Attributes:
        reason: What the parser says.
    """

    position: Position
    reason: str


class Reader(Statements):
    """Reads sources; what they define can then be asked for.

    Attributes:
        classes: Every class statement that ran, in order.
        unreadable: Sources that are no Python.
        modules: The frame of each module by its key: the notebook's path or the dotted name.
    """

    def __init__(self, sources: Iterable[Source]) -> None:
        super().__init__()
        self.classes: list[ClassDefinition] = []
        self.unreadable: list[Unreadable] = []
        self.modules: dict[str, Frame] = {}
        self.trees: list[tuple[Source, ast.Module]] = []
        self._waiting: dict[str, list[Source]] = {}
        self._subclassed: set[ClassDefinition] = set()
        for source in sources:
            self._waiting.setdefault(self._key(source), []).append(source)
        for key in list(self._waiting):
            self._run_module(key)
        for definition in self.classes:
            if payload_kind_of(definition) is not None:
                self._subclassed.update(ancestors(definition)[1:])

    def _key(self, source: Source) -> str:
        """Sources of one module share a frame; two files of one dotted name do not."""
        known = self._waiting.get(source.module)
        if known is None or known[0].path == source.path or source.has_magics:
            return source.module
        return f"{source.module} ({source.path})"

    def _run_module(self, key: str) -> Frame | None:
        if key in self.modules:
            return self.modules[key]
        sources = self._waiting.get(key)
        if sources is None:
            return None
        frame = self.modules[key] = Frame(key, sources[0])
        for source in sources:
            frame.source = source
            try:
                tree = parsed(source)
            except SyntaxError as error:
                position = Position(source.path, source.cell, error.lineno or 1, error.offset or 1, source.cell_id)
                self.unreadable.append(Unreadable(position, error.msg))
                continue
            if tree is not None:
                self.trees.append((source, tree))
                self._run_source(tree, frame)
        return frame

    def _run_source(self, tree: ast.Module, frame: Frame) -> None:
        self.work.allowed = MOST_CALLS
        for statement in tree.body:
            if _is_script(statement):
                continue
            before = dict(frame.names or {})
            self.execute([statement], frame)
            if frame.names is None:  # it raises: that ends a cell, what was defined before stays
                frame.names = before
                return

    def import_modules(self, node: ast.Import, frame: Frame) -> None:
        """``import a.b``."""
        for alias in node.names:
            whole = self._module(alias.name)
            if alias.asname:
                frame.bind(alias.asname, whole)
            else:
                first = alias.name.partition(".")[0]
                frame.bind(first, self._module(first))

    def import_names(self, node: ast.ImportFrom, frame: Frame) -> None:
        """``from a import b``."""
        name = absolute_name(node, frame.source)
        module = self._run_module(name)
        for alias in node.names:
            if alias.name == "*":
                self._import_all(name, module, frame)
            elif module is None:
                frame.bind(alias.asname or alias.name, self._module(f"{name}.{alias.name}"))
            else:
                found = (module.names or {}).get(alias.name)
                frame.bind(alias.asname or alias.name, found or self.submodule(module, alias.name))

    @staticmethod
    def _import_all(name: str, module: Frame | None, frame: Frame) -> None:
        if module is not None:
            for known, value in (module.names or {}).items():
                if not known.startswith("_"):
                    frame.bind(known, value)
        elif name == ROOT:
            for known in LENT_NAMES:
                frame.bind(known, only(library(f"{ROOT}.{known}")))

    def _module(self, name: str) -> Value:
        module = self._run_module(name)
        return only(ModuleRef(module)) if module is not None else only(library(name))

    def submodule(self, frame: Frame, name: str) -> Value:
        """A module inside a package."""
        module = self._run_module(f"{frame.module}.{name}")
        return only(ModuleRef(module)) if module is not None else UNKNOWN

    def define_class(self, definition: ClassDefinition) -> None:
        """Remember a class."""
        self.classes.append(definition)

    def is_subclassed(self, definition: ClassDefinition) -> bool:
        """Whether other payload classes of the sources derive from this one."""
        return definition in self._subclassed

    def is_a(self, instance: Instance, cls: ClassRef) -> bool:
        """Whether an instance's class is or derives from another."""
        return cls.definition in ancestors(instance.definition)


def _is_script(statement: ast.stmt) -> bool:
    """``if __name__ == "__main__"``: what a module does when it is run defines nothing."""
    match statement:
        case ast.If(test=ast.Compare(left=ast.Name(id="__name__"))):
            return True
        case _:
            return False
