"""Reading a whole model: its classes are found, then every handler is run in the abstract."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from recq_nb.flow.reading.ancestry import (
    ancestors,
    component_kinds,
    derives_from,
    handler_kinds,
    library_bases,
    methods_of,
    own_methods,
    payload_kind_of,
)
from recq_nb.flow.reading.annotations import object_of
from recq_nb.flow.reading.facts import Facts
from recq_nb.flow.reading.function_shape import parameters_of
from recq_nb.flow.reading.library import COMPONENT_DECORATORS, HANDLER_DECORATORS, ROOT, without_call
from recq_nb.flow.reading.model import (
    ComponentReading,
    HandlerReading,
    LooseFunction,
    Model,
    Option,
    ParameterReading,
    PayloadReading,
    fields_of,
    outermost,
)
from recq_nb.flow.reading.reader import Reader
from recq_nb.flow.reading.values import (
    STATE_PART,
    ClassDefinition,
    ClassRef,
    Constant,
    Frame,
    FunctionDefinition,
    FunctionRef,
    Gateway,
    Generic,
    Instance,
    Items,
    Library,
    Value,
    join,
    only,
)
from recq_nb.modeling.capability import HandlerKind
from recq_nb.modeling.payload_definition import PayloadKind

_MOST_ROUNDS = 4


def read_model(reader: Reader) -> Model:
    """The model that a reader's sources define."""
    return _ModelReading(reader).model()


class _ModelReading:
    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._classes = [one for one in reader.classes if one.frame.function is None]
        self._mentioned = {name for _, tree in reader.trees for name in _identifiers(tree)}
        self._called = {name for _, tree in reader.trees for name in _called_names(tree)}

    def model(self) -> Model:
        payloads: dict[str, PayloadReading] = {}
        components: dict[str, ComponentReading] = {}
        repeated: list[ClassDefinition] = []
        marked = [one for one in self._classes if payload_kind_of(one) is not None or component_kinds(one)]
        current: dict[str, ClassDefinition] = {}
        for definition in marked:
            before = current.get(definition.name)
            if before is not None and before.source.path != definition.source.path:
                repeated.append(definition)
            current[definition.name] = definition
        for name, definition in current.items():
            kind = payload_kind_of(definition)
            if kind is not None:
                payloads[name] = self._payload(definition, kind)
            else:
                components[name] = self._component(definition)
        handled = {
            one for component in components.values() for handler in component.handlers for one in handler.payloads
        }
        payloads = {
            name: one
            for name, one in payloads.items()
            if one.definition in handled or name in self._called or not self._reader.is_subclassed(one.definition)
        }
        return Model(
            payloads,
            components,
            tuple(repeated),
            tuple(self._unmarked()),
            tuple(self._loose(components.values())),
            tuple(self._classes),
            frozenset(self._mentioned),
        )

    def _payload(self, definition: ClassDefinition, kind: PayloadKind) -> PayloadReading:
        views, many = self._answer(definition) if kind is PayloadKind.QUERY else ((), False)
        return PayloadReading(definition, kind, tuple(fields_of(definition)), views, many)

    def _answer(self, definition: ClassDefinition) -> tuple[tuple[ClassDefinition, ...], bool]:
        for path, arguments in library_bases(definition):
            if path == f"{ROOT}.Query" and arguments:
                lists = [atom for atom in arguments[0] if isinstance(atom, Generic)]
                named = join(argument for one in lists for argument in one.arguments) | arguments[0]
                return tuple(atom.definition for atom in named if isinstance(atom, ClassRef)), bool(lists)
        return (), False

    def _component(self, definition: ClassDefinition) -> ComponentReading:
        handlers = [function for function in methods_of(definition).values() if handler_kinds(function)]
        handlers.sort(key=lambda function: _declared_place(definition, function))
        constructor, readings = Facts(), []
        for _ in range(_MOST_ROUNDS):
            before = sum(one.changes for one in self._reader.classes)
            constructor = self._constructor(definition)
            readings = [self._handler(definition, function) for function in handlers]
            if before == sum(one.changes for one in self._reader.classes):
                break
        options = self._options(definition.node.decorator_list, definition.decorators, definition.frame)
        kinds = tuple(component_kinds(definition))
        return ComponentReading(definition, kinds, options, tuple(readings), constructor)

    def _constructor(self, definition: ClassDefinition) -> Facts:
        facts = Facts()
        found = self._reader.find_member(definition, "__init__")
        for atom in found[0] if found is not None else ():
            if isinstance(atom, FunctionRef):
                self._run(atom.definition, Instance(definition), {}, facts)
        return facts

    def _handler(self, definition: ClassDefinition, function: FunctionDefinition) -> HandlerReading:
        kinds = tuple(handler_kinds(function))
        parameters = tuple(self._parameters(function, kinds[0]))
        payloads = [one for parameter in parameters for one in _payload_classes(parameter.types or frozenset())]
        assert not isinstance(function.node, ast.Lambda)
        returns = function.node.returns
        declared = self._reader.type_of(returns, function.frame) if returns is not None else frozenset()
        facts = Facts()
        values = {parameter.name: parameter.value for parameter in parameters}
        self._run(function, Instance(definition), values, facts)
        return HandlerReading(
            definition,
            function,
            kinds,
            self._options(function.node.decorator_list, function.decorators, function.frame),
            parameters,
            tuple(dict.fromkeys(payloads)) if kinds[0] is not HandlerKind.INVOCATION else (),
            declared,
            tuple(_payload_classes(declared)),
            facts,
        )

    def _parameters(self, function: FunctionDefinition, kind: HandlerKind) -> Iterator[ParameterReading]:
        for node in parameters_of(function.node)[1:]:
            if node.annotation is None:
                yield ParameterReading(node, None, self._reader.annotated(None, function.frame))
                continue
            types = self._reader.type_of(node.annotation, function.frame)
            value = object_of(types, subclassed=lambda _: False)
            if kind is HandlerKind.AGGREGATE_COMMAND and _is_state(types):
                value |= STATE_PART
            yield ParameterReading(node, types, value)

    def _run(self, function: FunctionDefinition, receiver: Instance, values: dict[str, Value], facts: Facts) -> None:
        reader = self._reader
        frame = Frame(
            function.frame.module,
            function.source,
            function.frame,
            local_names=function.local_names,
            function=function,
            receiver=receiver,
        )
        frame.names = {
            node.arg: values.get(node.arg, reader.annotated(node.annotation, function.frame))
            for node in parameters_of(function.node)
        }
        arguments = function.node.args
        if arguments.vararg is not None:
            frame.names[arguments.vararg.arg] = only(
                Items(reader.annotated(arguments.vararg.annotation, function.frame))
            )
        first = parameters_of(function.node)[:1]
        frame.names.update({node.arg: only(receiver) for node in first})
        with reader.work.recording(facts):
            reader.run_body(frame, (function, receiver))
            for atom in reader.work.reachable(frame.returned):  # a function that is returned may be called
                if isinstance(atom, FunctionRef) and atom.definition not in facts.used:
                    reader.call_function(only(atom), [], function.node, frame)
        facts.falls_through = frame.names is not None

    def _options(self, nodes: list[ast.expr], decorators: tuple[Value, ...], frame: Frame) -> dict[str, Option]:
        known = COMPONENT_DECORATORS.keys() | HANDLER_DECORATORS.keys()
        for node, value in zip(nodes, decorators, strict=True):
            paths = {without_call(atom.path) for atom in value if isinstance(atom, Library)}
            if isinstance(node, ast.Call) and paths & known:
                return {
                    keyword.arg: atom.value
                    for keyword in node.keywords
                    if keyword.arg is not None
                    for atom in self._reader.read(keyword.value, frame)
                    if isinstance(atom, Constant)
                }
        return {}

    def _unmarked(self) -> Iterator[ClassDefinition]:
        bases = {base for one in self._classes for base in ancestors(one)[1:]}
        for definition in self._classes:
            has_handlers = any(handler_kinds(function) for function in own_methods(definition).values())
            if has_handlers and not component_kinds(definition) and definition not in bases:
                yield definition

    def _loose(self, components: Iterable[ComponentReading]) -> Iterator[LooseFunction]:
        """Functions with a gateway among their parameters that no component calls."""
        followed = {used for component in components for handler in component.handlers for used in handler.facts.used}
        parts = {base for component in components for base in ancestors(component.definition)}
        for function, receiver in self._functions_outside(parts):
            if function in followed or not self._takes_gateway(function):
                continue
            facts = Facts()
            if receiver is not None:
                self._run(function, receiver, {}, facts)
            else:
                with self._reader.work.recording(facts):
                    self._reader.call_function(only(FunctionRef(function)), [], function.node, function.frame.top)
            calls = tuple(call for call in facts.calls.values() if outermost(call.function) is function)
            if calls:
                yield LooseFunction(function, calls)

    def _functions_outside(self, parts: set[ClassDefinition]) -> Iterator[tuple[FunctionDefinition, Instance | None]]:
        for frame in self._reader.modules.values():
            for value in (frame.names or {}).values():
                for atom in value:
                    if isinstance(atom, FunctionRef) and atom.definition.frame is frame:
                        yield atom.definition, None
        for definition in self._classes:
            if definition not in parts and payload_kind_of(definition) is None:
                for function in own_methods(definition).values():
                    if not handler_kinds(function):
                        yield function, Instance(definition)

    def _takes_gateway(self, function: FunctionDefinition) -> bool:
        values = [self._reader.annotated(node.annotation, function.frame) for node in parameters_of(function.node)]
        owner = function.owner
        if owner is not None:
            values += [
                self._reader.annotated(node.annotation, function.frame)
                for constructor in (own_methods(owner).get("__init__"),)
                if constructor is not None
                for node in parameters_of(constructor.node)
            ]
        return any(isinstance(atom, Gateway) for value in values for atom in value)


def _identifiers(tree: ast.Module) -> Iterator[str]:
    """Every name a source mentions; what it defines is no mention."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.alias) and node.asname:
            yield node.name
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
            yield node.value  # an annotation in quotes


def _called_names(tree: ast.Module) -> Iterator[str]:
    """Names that are called, or whose methods are: classes that are made."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            function = node.func
            while isinstance(function, ast.Attribute):
                yield function.attr
                function = function.value
            if isinstance(function, ast.Name):
                yield function.id


def _payload_classes(types: Value) -> Iterator[ClassDefinition]:
    """Payload classes a type mentions, also inside ``list[…]`` and ``X | None``, in the order of their names."""
    found = {
        atom.definition for atom in _all_types(types) if isinstance(atom, ClassRef) and payload_kind_of(atom.definition)
    }
    return iter(sorted(found, key=lambda definition: definition.name))


def _all_types(types: Value) -> Iterator[object]:
    for atom in types:
        yield atom
        if isinstance(atom, Generic):
            for argument in atom.arguments:
                yield from _all_types(argument)


def _is_state(types: Value) -> bool:
    return any(
        derives_from(atom.definition, "AggregateState")
        if isinstance(atom, ClassRef)
        else isinstance(atom, Library) and atom.path == f"{ROOT}.AggregateState"
        for atom in types
    )


def _declared_place(definition: ClassDefinition, function: FunctionDefinition) -> tuple[int, int]:
    """Inherited handlers first, as they come first in the class they are inherited from."""
    order = ancestors(definition)
    place = order.index(function.owner) if function.owner in order else 0
    return -place, function.node.lineno
