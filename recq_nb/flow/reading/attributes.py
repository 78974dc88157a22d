"""Reading attributes: what ``value.name`` may be, for objects of the sources and for what handlers are given."""

from __future__ import annotations

import ast
from abc import abstractmethod

from recq_nb.flow.reading.ancestry import ancestors, is_decorated, payload_kind_of
from recq_nb.flow.reading.annotations import object_of
from recq_nb.flow.reading.expressions import Expressions
from recq_nb.flow.reading.library import library
from recq_nb.flow.reading.values import (
    NOTHING,
    STATE_PART,
    UNKNOWN,
    Atom,
    ClassDefinition,
    ClassRef,
    Constant,
    ContainerMethod,
    Entries,
    Frame,
    FunctionRef,
    Gateway,
    GatewayMethod,
    Heap,
    Instance,
    Items,
    Library,
    ModuleRef,
    Pair,
    Reply,
    ReplyMethod,
    Returns,
    StatePart,
    Super,
    TableMethod,
    TableRef,
    Unknown,
    Value,
    is_unknown,
    join,
    only,
)

_MAKERS = {"model_validate", "model_validate_json", "model_construct", "parse_obj", "parse_raw", "construct"}
_COPIERS = {"model_copy", "copy", "__copy__", "__deepcopy__"}


class Attributes(Expressions):
    """Reads attributes."""

    @abstractmethod
    def is_subclassed(self, definition: ClassDefinition) -> bool:
        """Whether other classes of the sources derive from this one."""

    @abstractmethod
    def submodule(self, frame: Frame, name: str) -> Value:
        """A module inside a package."""

    def attribute(self, value: Value, name: str, node: ast.AST, frame: Frame) -> Value:
        """What an attribute of a value may be."""
        found = join(self._attribute_of(atom, name, node, frame) for atom in value)
        if not any(isinstance(atom, StatePart) for atom in value):
            return found
        kept = frozenset(atom for atom in found if not isinstance(atom, Unknown))
        methods = any(isinstance(atom, FunctionRef | ContainerMethod | Returns) for atom in kept)
        return kept if methods else kept | STATE_PART

    def _attribute_of(self, atom: Atom, name: str, node: ast.AST, frame: Frame) -> Value:  # noqa: C901, PLR0911, PLR0912  one per kind of atom
        match atom:
            case Library(path):
                return only(library(f"{path}.{name}"))
            case ModuleRef(module):
                return (module.names or {}).get(name, NOTHING) or self.submodule(module, name)
            case ClassRef(definition):
                return self._of_class(definition, name)
            case Instance(definition):
                return self._of_instance(definition, name, node, frame)
            case Super(owner, receiver):
                return self._of_super(owner, receiver, name)
            case Gateway(kind):
                return only(GatewayMethod(kind, name))
            case TableRef(row):
                return only(TableMethod(row, name))
            case Reply(_, answer):
                return only(ReplyMethod(answer, name))
            case Items() | Pair() | Entries() | Heap():
                return only(ContainerMethod(atom, name))
            case StatePart():
                return STATE_PART
            case FunctionRef(definition) if name == "__name__":
                return only(Constant(definition.name))
            case Constant(None):
                return NOTHING
            case Constant(str()):
                return only(Library(f"builtins.str().{name}"))
            case _:
                return UNKNOWN

    def find_member(self, definition: ClassDefinition, name: str) -> tuple[Value, ClassDefinition] | None:
        """What the class body of the nearest ancestor says about a name, and which ancestor."""
        for ancestor in ancestors(definition):
            names = ancestor.frame.names or {}
            if name in names:
                return names[name], ancestor
        return None

    def _of_class(self, definition: ClassDefinition, name: str) -> Value:
        found = self.find_member(definition, name)
        if found is not None:
            return join(self._bound(atom, ClassRef(definition)) for atom in found[0])
        if name in _MAKERS:
            return only(ClassRef(definition))
        if name == "__name__":
            return only(Constant(definition.name))
        field = self.field(definition, name)
        return definition.attributes.get(name, NOTHING) | (field if field is not None else NOTHING) or UNKNOWN

    def _of_instance(self, definition: ClassDefinition, name: str, node: ast.AST, frame: Frame) -> Value:
        assigned = definition.attributes.get(name, NOTHING)
        found = self.find_member(definition, name)
        field = self.field(definition, name)
        if field is not None and (payload_kind_of(definition) is not None or not is_unknown(field)):
            return field
        if found is not None:
            values = join(self._bound(atom, Instance(definition)) for atom in found[0])
            return assigned | self._got(values, node, frame)
        if assigned or field is not None:
            return assigned or field or UNKNOWN
        if name in _COPIERS:
            return only(Returns(only(Instance(definition))))
        return only(ClassRef(definition)) if name == "__class__" else UNKNOWN

    def _got(self, values: Value, node: ast.AST, frame: Frame) -> Value:
        """Properties are called by reading them."""
        properties = frozenset(
            atom
            for atom in values
            if isinstance(atom, FunctionRef)
            and is_decorated(atom.definition, "builtins.property", "functools.cached_property")
        )
        return (values - properties) | self.call_function(properties, [], node, frame) if properties else values

    def _of_super(self, owner: ClassDefinition, receiver: Instance | ClassRef, name: str) -> Value:
        order = ancestors(receiver.definition)
        after = order[order.index(owner) + 1 :] if owner in order else ()
        for ancestor in after:
            names = ancestor.frame.names or {}
            if name in names:
                return join(self._bound(atom, receiver) for atom in names[name])
        return only(Library(f"builtins.super().{name}"))

    @staticmethod
    def _bound(atom: Atom, receiver: Instance | ClassRef) -> Value:
        if not isinstance(atom, FunctionRef) or atom.definition.owner is None:
            return only(atom)
        function = atom.definition
        if is_decorated(function, "builtins.staticmethod"):
            return only(FunctionRef(function))
        if is_decorated(function, "builtins.classmethod"):
            return only(FunctionRef(function, ClassRef(receiver.definition)))
        return only(FunctionRef(function, receiver if isinstance(receiver, Instance) else None))

    def field(self, definition: ClassDefinition, name: str) -> Value | None:
        """What an annotated field may hold; None where there is none of that name."""
        for ancestor in ancestors(definition):
            for statement in ancestor.node.body:
                if isinstance(statement, ast.AnnAssign) and _is_named(statement.target, name):
                    return self.annotated(statement.annotation, ancestor.frame)
        return None

    def annotated(self, annotation: ast.expr | None, frame: Frame) -> Value:
        """What an object with this annotation may be; unknown without one."""
        if annotation is None:
            return UNKNOWN
        return object_of(
            self.type_of(annotation, frame), subclassed=lambda instance: self.is_subclassed(instance.definition)
        )

    def type_of(self, annotation: ast.expr, frame: Frame) -> Value:
        """What an annotation means; text is read as the annotation it stands for."""
        if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
            try:
                quoted = ast.parse(annotation.value, mode="eval").body
            except SyntaxError:
                return UNKNOWN
            return self.type_of(ast.copy_location(quoted, annotation), frame)
        if isinstance(annotation, ast.Subscript):
            return self._subscripted_type(annotation, frame)
        if isinstance(annotation, ast.BinOp) and isinstance(annotation.op, ast.BitOr):
            return self.type_of(annotation.left, frame) | self.type_of(annotation.right, frame)
        return self.read(annotation, frame)

    def _subscripted_type(self, annotation: ast.Subscript, frame: Frame) -> Value:
        inner = annotation.slice
        places = inner.elts if isinstance(inner, ast.Tuple) else [inner]
        arguments = tuple(self.type_of(place, frame) for place in places)
        key = only(Pair(arguments)) if len(arguments) > 1 else arguments[0]
        return join(self.item(atom, key, annotation, frame) for atom in self.read(annotation.value, frame))


def _is_named(target: ast.expr, name: str) -> bool:
    return isinstance(target, ast.Name) and target.id == name
