"""Reading statements: in order, with paths joined where they meet and loops repeated until nothing changes."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence

from recq_nb.flow.reading.ancestry import component_kinds
from recq_nb.flow.reading.arguments import refined
from recq_nb.flow.reading.calls import global_root
from recq_nb.flow.reading.facts import FactKind, Return
from recq_nb.flow.reading.narrowing import Narrowing
from recq_nb.flow.reading.values import (
    NONE,
    UNKNOWN,
    ClassDefinition,
    ClassRef,
    Constant,
    Frame,
    FunctionRef,
    Gateway,
    GatewayMethod,
    Heap,
    Instance,
    Items,
    Library,
    Names,
    Pair,
    Reply,
    StatePart,
    Value,
    join,
    joined,
    only,
    unsure,
)
from recq_nb.flow.reading.workspace import Loop
from recq_nb.flow.sources.source import Position

_MOST_ROUNDS = 6
_BROAD = {
    "builtins.Exception",
    "builtins.BaseException",
    "recq_nb.RecqError",
    "recq_nb.RoutingError",
}


class Statements(Narrowing):
    """Reads statements."""

    def __init__(self) -> None:
        super().__init__()
        self._runners: dict[type[ast.stmt], Callable[..., None]] = {
            ast.Expr: self._expression,
            ast.Assign: self._assign,
            ast.AnnAssign: self._annotated_assign,
            ast.AugAssign: self._augmented_assign,
            ast.Delete: self._delete,
            ast.Return: self._return,
            ast.Raise: self._raise,
            ast.Assert: self._assert,
            ast.If: self._if,
            ast.For: self._for,
            ast.AsyncFor: self._for,
            ast.While: self._while,
            ast.Break: self._leave,
            ast.Continue: self._leave,
            ast.With: self._with,
            ast.AsyncWith: self._with,
            ast.Try: self._try,
            ast.TryStar: self._try,
            ast.Match: self._match,
            ast.FunctionDef: self._function,
            ast.AsyncFunctionDef: self._function,
            ast.ClassDef: self._class,
            ast.Global: self._global,
            ast.Nonlocal: self._nonlocal,
            ast.Import: self.import_modules,
            ast.ImportFrom: self.import_names,
        }

    def import_modules(self, node: ast.Import, frame: Frame) -> None:
        """``import a.b``."""
        raise NotImplementedError

    def import_names(self, node: ast.ImportFrom, frame: Frame) -> None:
        """``from a import b``."""
        raise NotImplementedError

    def execute(self, statements: Sequence[ast.stmt], frame: Frame) -> None:
        """Run statements until one that nothing follows."""
        for statement in statements:
            if frame.names is None:
                return
            runner = self._runners.get(type(statement))
            if runner is not None:
                runner(statement, frame)

    def _expression(self, node: ast.Expr, frame: Frame) -> None:
        value = self.read(node.value, frame)
        if not isinstance(node.value, ast.Await) and any(isinstance(atom, Reply) for atom in value):
            self.note(FactKind.REPLY_DROPPED, "reply", node, frame)

    def _assign(self, node: ast.Assign, frame: Frame) -> None:
        value = self.read(node.value, frame)
        for target in node.targets:
            self.bind_target(target, value, frame)

    def _annotated_assign(self, node: ast.AnnAssign, frame: Frame) -> None:
        if node.value is None:
            return
        value = self.read(node.value, frame)
        if unsure(value):
            value = refined(value, self.annotated(node.annotation, frame))
        self.bind_target(node.target, value, frame)

    def _augmented_assign(self, node: ast.AugAssign, frame: Frame) -> None:
        added = self.read(node.value, frame)
        if isinstance(node.target, ast.Name):
            before = self.name(node.target.id, frame)
            for atom in before:
                if isinstance(atom, Heap):
                    self.work.put(atom.site, only(Items(self.iterate(added))))
            self.bind_target(node.target, before or added, frame)
        else:
            self.bind_target(node.target, added, frame)

    def bind_target(self, target: ast.expr, value: Value, frame: Frame) -> None:
        """Assign a value to a target."""
        match target:
            case ast.Name(id=name):
                if name in frame.outer and frame.outer[name].parent is None:
                    self.note(FactKind.GLOBAL_CHANGE, name, target, frame)
                frame.bind(name, value)
            case ast.Tuple(elts=targets) | ast.List(elts=targets):
                self._unpack(targets, value, frame)
            case ast.Starred(value=inner):
                self.bind_target(inner, value, frame)
            case ast.Attribute():
                self._assign_attribute(target, value, frame)
            case ast.Subscript():
                self._assign_item(target, value, frame)
            case _:
                pass

    def _unpack(self, targets: list[ast.expr], value: Value, frame: Frame) -> None:
        starred = any(isinstance(target, ast.Starred) for target in targets)
        for place, target in enumerate(targets):
            parts = [
                atom.places[place]
                if isinstance(atom, Pair) and not starred and len(atom.places) == len(targets)
                else self.iterate(only(atom))
                for atom in self.work.opened(value)
            ]
            part = join(parts)
            self.bind_target(target, self.work.items(part) if isinstance(target, ast.Starred) else part, frame)

    def _assign_attribute(self, target: ast.Attribute, value: Value, frame: Frame) -> None:
        text = ast.unparse(target)
        owners = self.read(target.value, frame)
        if StatePart() in owners:
            self.note(FactKind.STATE_CHANGE, text, target, frame)
        for atom in owners:
            if isinstance(atom, Instance | ClassRef):
                atom.definition.assign(target.attr, value)
                if component_kinds(atom.definition):
                    self.note(FactKind.SELF_CHANGE, target.attr, target, frame)
        if any(isinstance(atom, Gateway | GatewayMethod) for atom in value):
            self.note(FactKind.GATEWAY_KEPT, text, target, frame)
        name = global_root(target.value, frame)
        if name is not None and not self._is_module(name, frame):
            self.note(FactKind.GLOBAL_CHANGE, name, target, frame)

    def _assign_item(self, target: ast.Subscript, value: Value, frame: Frame) -> None:
        containers = self.read(target.value, frame)
        key = UNKNOWN if isinstance(target.slice, ast.Slice) else self.read(target.slice, frame)
        if StatePart() in containers:
            self.note(FactKind.STATE_CHANGE, ast.unparse(target), target, frame)
        for atom in containers:
            if isinstance(atom, Heap):
                self.set_item(atom, key, value)
        name = global_root(target.value, frame)
        if name is not None:
            self.note(FactKind.GLOBAL_CHANGE, name, target, frame)

    def _delete(self, node: ast.Delete, frame: Frame) -> None:
        for target in node.targets:
            if isinstance(target, ast.Attribute | ast.Subscript):
                if StatePart() in self.read(target.value, frame):
                    self.note(FactKind.STATE_CHANGE, ast.unparse(target), target, frame)
                name = global_root(target.value, frame)
                if name is not None:
                    self.note(FactKind.GLOBAL_CHANGE, name, target, frame)
            elif isinstance(target, ast.Name) and frame.names is not None:
                frame.names.pop(target.id, None)

    def _return(self, node: ast.Return, frame: Frame) -> None:
        value = self.read(node.value, frame) if node.value is not None else NONE
        if frame.names is None:
            return
        frame.returned |= value
        frame.has_returned = True
        if len(self.work.calls) == 1:
            self.work.facts.returns.append(
                Return(value, frozenset(self.work.reachable(value)), self.position(node, frame))
            )
        frame.names = None

    def _raise(self, node: ast.Raise, frame: Frame) -> None:
        for part in (node.exc, node.cause):
            if part is not None:
                self.read(part, frame)
        frame.names = None

    def _assert(self, node: ast.Assert, frame: Frame) -> None:
        if Constant(False) in self.read(node.test, frame):
            frame.names = None
        self.narrow(node.test, frame, holds=True)

    def _if(self, node: ast.If, frame: Frame) -> None:
        self.read(node.test, frame)
        before = _copy(frame.names)
        self.narrow(node.test, frame, holds=True)
        self.execute(node.body, frame)
        after_body = frame.names
        frame.names = before
        self.narrow(node.test, frame, holds=False)
        self.execute(node.orelse, frame)
        frame.names = joined(after_body, frame.names)

    def _for(self, node: ast.For | ast.AsyncFor, frame: Frame) -> None:
        values = self.read(node.iter, frame)

        def begin() -> None:
            self.bind_target(node.target, self.iterate(values), frame)

        self._repeat(begin, node, frame, ends=True)

    def _while(self, node: ast.While, frame: Frame) -> None:
        def begin() -> None:
            self.read(node.test, frame)
            self.narrow(node.test, frame, holds=True)

        endless = isinstance(node.test, ast.Constant) and bool(node.test.value)
        self._repeat(begin, node, frame, ends=not endless)

    def _repeat(
        self, begin: Callable[[], None], node: ast.For | ast.AsyncFor | ast.While, frame: Frame, *, ends: bool
    ) -> None:
        """Run a loop until names and containers mean the same as the round before."""
        entry = _copy(frame.names)
        loop = Loop()
        for _ in range(_MOST_ROUNDS):
            changes, before = self.work.changes, _copy(entry)
            frame.names = _copy(entry)
            self.work.loops.append(loop)
            begin()
            self.execute(node.body, frame)
            self.work.loops.pop()
            for names in loop.begun:
                frame.names = joined(frame.names, names)
            loop.begun.clear()
            entry = joined(before, frame.names)
            if entry == before and changes == self.work.changes:
                break
        frame.names = entry if ends else None
        self.execute(node.orelse, frame)
        for names in loop.left:
            frame.names = joined(frame.names, names)

    def _leave(self, node: ast.Break | ast.Continue, frame: Frame) -> None:
        if self.work.loops:
            loop = self.work.loops[-1]
            (loop.left if isinstance(node, ast.Break) else loop.begun).append(_copy(frame.names))
        frame.names = None

    def _with(self, node: ast.With | ast.AsyncWith, frame: Frame) -> None:
        guards = len(self.work.guards)
        for item in node.items:
            value = self.read(item.context_expr, frame)
            if only(Library("contextlib.suppress()")) == value and isinstance(item.context_expr, ast.Call):
                caught = join(self.read(argument, frame) for argument in item.context_expr.args)
                if self._is_broad(caught):
                    self.work.guards.append(self.position(item.context_expr, frame))
            if item.optional_vars is not None:
                self.bind_target(item.optional_vars, value, frame)
        self.execute(node.body, frame)
        del self.work.guards[guards:]

    def _is_broad(self, caught: Value) -> bool:
        flat = frozenset(atom for value in caught for atom in self.alternatives(only(value)))
        return any(isinstance(atom, Library) and atom.path in _BROAD for atom in flat)

    def _guard(self, handlers: list[ast.ExceptHandler], frame: Frame) -> Position | None:
        """The first broad clause, if nothing in it raises again."""
        for handler in handlers:
            if handler.type is None or self._is_broad(self.read(handler.type, frame)):
                raises = any(isinstance(node, ast.Raise) for statement in handler.body for node in ast.walk(statement))
                return None if raises else self.position(handler, frame)
        return None

    def _try(self, node: ast.Try | ast.TryStar, frame: Frame) -> None:
        interrupted = _copy(frame.names)
        self.work.guards.append(self._guard(node.handlers, frame))
        for statement in node.body:
            self.execute([statement], frame)
            interrupted = joined(interrupted, frame.names)
        self.work.guards.pop()
        self.execute(node.orelse, frame)
        after = frame.names
        for handler in node.handlers:
            frame.names = _copy(interrupted)
            if handler.name:
                frame.bind(handler.name, UNKNOWN)
            self.execute(handler.body, frame)
            interrupted = joined(interrupted, frame.names)
            after = joined(after, frame.names)
        frame.names = joined(after, interrupted)
        self.execute(node.finalbody, frame)
        if frame.names is not None:
            frame.names = after
            self.execute(node.finalbody, frame)

    def _match(self, node: ast.Match, frame: Frame) -> None:
        subject = self.read(node.subject, frame)
        before, after = _copy(frame.names), None
        rest = subject
        closed = False
        for case in node.cases:
            frame.names = _copy(before)
            matched = self.bind_pattern(case.pattern, rest, frame)
            if isinstance(node.subject, ast.Name):
                frame.bind(node.subject.id, matched)
            if case.guard is not None:
                self.read(case.guard, frame)
            else:
                closed = closed or _is_wildcard(case.pattern)
                rest = rest - matched if isinstance(case.pattern, ast.MatchClass) else rest
            self.execute(case.body, frame)
            after = joined(after, frame.names)
        # Cases that all return are taken to cover everything, as a type checker would have it.
        frame.names = after if closed or after is None else joined(after, before)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, frame: Frame) -> None:
        frame.bind(node.name, only(FunctionRef(self.define_function(node.name, node, frame))))

    def _class(self, node: ast.ClassDef, frame: Frame) -> None:
        bases = tuple(self.type_of(base, frame) for base in node.bases)
        decorators = tuple(self.read(decorator, frame) for decorator in node.decorator_list)
        enclosing = frame.parent if frame.owner is not None and frame.parent is not None else frame
        body = Frame(frame.module, frame.source, enclosing, function=frame.function)
        definition = ClassDefinition(node.name, node, frame.source, bases, decorators, body)
        body.owner = definition
        self.execute(node.body, body)
        self.define_class(definition)
        frame.bind(node.name, only(ClassRef(definition)))

    def define_class(self, definition: ClassDefinition) -> None:
        """Remember a class."""
        raise NotImplementedError

    def _global(self, node: ast.Global, frame: Frame) -> None:
        frame.outer.update(dict.fromkeys(node.names, frame.top))

    def _nonlocal(self, node: ast.Nonlocal, frame: Frame) -> None:
        for name in node.names:
            holder = frame.parent.holder(name) if frame.parent is not None else None
            if holder is not None:
                frame.outer[name] = holder


def _copy(names: Names) -> Names:
    return dict(names) if names is not None else None


def _is_wildcard(pattern: ast.pattern) -> bool:
    return isinstance(pattern, ast.MatchAs) and (pattern.pattern is None or _is_wildcard(pattern.pattern))
