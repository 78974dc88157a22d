"""Reading calls: functions and classes of the sources are followed, what gateways are given is noted."""

from __future__ import annotations

import ast
from abc import abstractmethod
from collections.abc import Hashable, Sequence

from recq_nb.flow.reading.ancestry import component_kinds, payload_kind_of
from recq_nb.flow.reading.arguments import Arguments, bind_parameters, refined
from recq_nb.flow.reading.attributes import Attributes
from recq_nb.flow.reading.facts import Fact, FactKind, GatewayCall
from recq_nb.flow.reading.function_shape import statements_of
from recq_nb.flow.reading.values import (
    NONE,
    NOTHING,
    UNKNOWN,
    Atom,
    ClassDefinition,
    ClassRef,
    Constant,
    ContainerMethod,
    Frame,
    FunctionDefinition,
    FunctionRef,
    Gateway,
    GatewayKind,
    GatewayMethod,
    Generic,
    Instance,
    Library,
    ModuleRef,
    Partial,
    Reply,
    ReplyMethod,
    Returns,
    StatePart,
    TableMethod,
    Value,
    join,
    only,
    unsure,
)

_PARAMETER = {GatewayKind.COMMANDS: "command", GatewayKind.QUERIES: "query", GatewayKind.SCHEDULER: "command"}
_CHANGERS = {
    *("append", "add", "extend", "update", "insert", "remove", "discard", "pop", "popitem", "clear", "setdefault"),
    *("sort", "reverse", "appendleft", "extendleft", "popleft", "rotate", "__setitem__", "__delitem__", "associate"),
}


class Calls(Attributes):
    """Reads calls."""

    @abstractmethod
    def execute(self, statements: Sequence[ast.stmt], frame: Frame) -> None:
        """Run statements."""

    @abstractmethod
    def call_library(self, path: str, arguments: Arguments, node: ast.AST, frame: Frame) -> Value:
        """What a call of something outside the sources gives."""

    @abstractmethod
    def call_container(self, method: ContainerMethod, arguments: Arguments) -> Value:
        """What a method of a container gives, and what it does to it."""

    @abstractmethod
    def answer_of(self, value: Value) -> Value:
        """What queries are answered with."""

    def _call(self, node: ast.Call, frame: Frame) -> Value:
        function = self.read(node.func, frame)
        arguments = self._arguments(node, frame)
        if isinstance(node.func, ast.Attribute):
            self._note_change(node.func, frame)
        return self.call(function, arguments, node, frame)

    def _arguments(self, node: ast.Call, frame: Frame) -> Arguments:
        positional: list[Value] = []
        more: Value | None = None
        for argument in node.args:
            if isinstance(argument, ast.Starred):
                more = (more or NOTHING) | self.iterate(self.read(argument.value, frame))
            elif more is not None:
                more |= self.read(argument, frame)
            else:
                positional.append(self.read(argument, frame))
        named: list[tuple[str, Value]] = []
        has_more_names = False
        for keyword in node.keywords:
            value = self.read(keyword.value, frame)
            if keyword.arg is not None:
                named.append((keyword.arg, value))
                continue
            for atom in self.work.opened(value):
                for key, held in self._entries(atom):
                    if isinstance(key, Constant) and isinstance(key.value, str):
                        named.append((key.value, held))
                    else:
                        has_more_names = True
        return Arguments(tuple(positional), tuple(named), more, has_more_names)

    def _note_change(self, method: ast.Attribute, frame: Frame) -> None:
        """A call such as ``state.todos.update(...)`` or ``CACHE.append(...)``."""
        if method.attr not in _CHANGERS:
            return
        if StatePart() in self.read(method.value, frame):
            self.note(FactKind.STATE_CHANGE, ast.unparse(method), method, frame)
        name = global_root(method.value, frame)
        if name is not None and not self._is_module(name, frame):
            self.note(FactKind.GLOBAL_CHANGE, name, method, frame)

    def _is_module(self, name: str, frame: Frame) -> bool:
        return any(isinstance(atom, ModuleRef | Library) for atom in self.name(name, frame))

    def call_function(self, function: Value, positional: Sequence[Value], node: ast.AST, frame: Frame) -> Value:
        """What calling a value gives."""
        return self.call(function, Arguments(tuple(positional)), node, frame)

    def call(self, function: Value, arguments: Arguments, node: ast.AST, frame: Frame) -> Value:
        """What calling a value with these arguments gives, and all that it does."""
        results: list[Value] = []
        before = dict(frame.names) if frame.names is not None else None
        ended = 0
        for atom in function:
            if before is not None and frame.names is None:
                frame.names = dict(before)
            results.append(self._call_atom(atom, arguments, node, frame))
            ended += before is not None and frame.names is None
        if 0 < ended < len(function) and frame.names is None:
            frame.names = before
        return join(results)

    def _call_atom(self, atom: Atom, arguments: Arguments, node: ast.AST, frame: Frame) -> Value:  # noqa: C901, PLR0911, PLR0912  one per kind of atom
        match atom:
            case FunctionRef(definition, receiver):
                return self._follow(definition, receiver, arguments, node, frame)
            case ClassRef(definition):
                return self._construct(definition, arguments, node, frame)
            case GatewayMethod(kind, name):
                return self._through_gateway(kind, name, arguments, node, frame)
            case Library(path):
                return self.call_library(path, arguments, node, frame)
            case ContainerMethod():
                return self.call_container(atom, arguments)
            case TableMethod(row, name):
                self.work.facts.add(Fact(FactKind.TABLE_CALL, name, self.position(node, frame), frame.function, row))
                return self._row_result(row, name)
            case ReplyMethod(answer, "result"):
                self.note(FactKind.BLOCKING_WAIT, "result", node, frame)
                return answer
            case Partial(function, positional, named):
                return self.call(function, arguments.before(positional, named), node, frame)
            case Returns(value):
                return value
            case Instance():
                return self.call(self.attribute(only(atom), "__call__", node, frame), arguments, node, frame)
            case Generic(origin, _):
                return self.call(origin, arguments, node, frame)
            case StatePart() | Constant(None):
                return NOTHING if isinstance(atom, Constant) else frozenset({atom})
            case _:
                self.escape(arguments, node, frame)
                return UNKNOWN

    def _row_result(self, row: ClassDefinition | None, name: str) -> Value:
        if row is None:
            return UNKNOWN
        if name in {"find", "where"}:
            return self.work.items(only(Instance(row)))
        return only(Instance(row)) | (NONE if name == "get" else NOTHING) if name in {"get", "update"} else UNKNOWN

    def escape(self, arguments: Arguments, node: ast.AST, frame: Frame) -> None:
        """Arguments go to code that cannot be read: functions among them may be called, gateways may be used."""
        reachable = self.work.reachable(arguments.everything)
        for atom in reachable:
            if isinstance(atom, FunctionRef):
                self._follow(atom.definition, atom.receiver, Arguments(), node, None)
        if any(map(_is_gateway, reachable)):
            self.note(FactKind.GATEWAY_ESCAPES, ast.unparse(node), node, frame)

    def _construct(self, definition: ClassDefinition, arguments: Arguments, node: ast.AST, frame: Frame) -> Value:
        if component_kinds(definition):
            position = self.position(node, frame)
            self.work.facts.add(Fact(FactKind.COMPONENT_USED, definition.name, position, frame.function, definition))
        instance = Instance(definition)
        if payload_kind_of(definition) is None:
            found = self.find_member(definition, "__init__")
            if found is not None:
                self.call(join(self._bound(atom, instance) for atom in found[0]), arguments, node, frame)
            else:
                for name, value in arguments.named:
                    definition.assign(name, value)
        return only(instance)

    def _through_gateway(
        self, kind: GatewayKind, name: str, arguments: Arguments, node: ast.AST, frame: Frame
    ) -> Value:
        if name != kind.value:
            return UNKNOWN
        value = arguments.get(0, _PARAMETER[kind])
        call = node if isinstance(node, ast.Call) else None
        self.work.facts.add_call(
            GatewayCall(
                kind,
                UNKNOWN if value is None else value,
                ast.unparse(node),
                self.position(node, frame),
                frame.function,
                next((guard for guard in reversed(self.work.guards) if guard is not None), None),
                any(given == "after" for given, _ in arguments.named) or arguments.has_more_names,
                call,
            )
        )
        if kind is GatewayKind.SCHEDULER:
            return only(Library("builtins.str()"))
        answer = self.answer_of(value or NOTHING) if kind is GatewayKind.QUERIES else _CONFIRMATION
        return only(Reply(kind, answer))

    def _follow(
        self,
        definition: FunctionDefinition,
        receiver: Instance | ClassRef | None,
        arguments: Arguments,
        node: ast.AST,
        caller: Frame | None,
    ) -> Value:
        """Run a function of the sources with these arguments; without a caller, it may be called or not."""
        token: Hashable = (node, caller is None)
        running = [one for one, _ in self.work.calls]
        if running.count(definition) > 1:
            return NOTHING
        if len(running) >= self.work.deepest or self.work.allowed <= 0:
            if caller is not None and any(map(_is_gateway, self.work.reachable(arguments.everything))):
                self.note(FactKind.GATEWAY_ESCAPES, definition.name, node, caller)
            return UNKNOWN
        self.work.allowed -= 1
        given = arguments.before((only(receiver),), ()) if receiver is not None else arguments
        value, returns = self.run(definition, receiver, given, token)
        if not returns and caller is not None:
            caller.names = None
        return value

    def run(
        self,
        definition: FunctionDefinition,
        receiver: Instance | ClassRef | None,
        arguments: Arguments,
        token: Hashable,
    ) -> tuple[Value, bool]:
        """What a call of a function gives, and whether it ever returns."""
        frame = Frame(
            definition.frame.module,
            definition.source,
            definition.frame,
            local_names=definition.local_names,
            function=definition,
            receiver=receiver,
        )
        frame.names = bind_parameters(
            definition.node.args,
            arguments,
            default=lambda default: self.read(default, definition.frame),
            annotated=lambda parameter: self.annotated(parameter.annotation, definition.frame),
        )
        self.run_body(frame, token)
        if definition.is_generator:
            return self.work.items(frame.yielded), True
        falls_through = frame.names is not None
        value = frame.returned | (NONE if falls_through else NOTHING)
        if not isinstance(definition.node, ast.Lambda) and unsure(value):
            value = refined(value, self.annotated(definition.node.returns, definition.frame))
        return value, falls_through or frame.has_returned

    def run_body(self, frame: Frame, token: Hashable) -> None:
        """Run the body of a function in a frame that holds its parameters."""
        definition = frame.function
        assert definition is not None
        self.work.facts.used.add(definition)
        loops, self.work.loops = self.work.loops, []
        self.work.calls.append((definition, token))
        try:
            self.execute(statements_of(definition.node), frame)
        finally:
            self.work.calls.pop()
            self.work.loops = loops


_CONFIRMATION: Value = only(Library("recq_nb.Confirmation()"))


def _is_gateway(atom: Atom) -> bool:
    return isinstance(atom, Gateway | GatewayMethod)


def global_root(expression: ast.expr, frame: Frame) -> str | None:
    """The module-level name an expression such as ``CACHE[key].items`` starts from, if it does."""
    while isinstance(expression, ast.Attribute | ast.Subscript):
        expression = expression.value
    if not isinstance(expression, ast.Name):
        return None
    holder = frame.holder(expression.id)
    return expression.id if holder is not None and holder.parent is None and frame.function is not None else None
