"""Fingerprints of handler source: equal while the code does the same, different once it was edited.

A fingerprint covers the class's methods (compiled, so comments and layout do not count), the fields of the model
classes it is given, and, through global names and closures, the plain functions and constants of the same module they
use.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from types import CellType, CodeType, FunctionType

from pydantic import BaseModel

_CONSTANTS = (bool, int, float, complex, str, bytes, type(None))
_ABSENT = object()
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


def _constant(value: object) -> str:
    """A value as text that is the same in every process: no addresses, no order of sets."""
    if isinstance(value, CodeType):
        return _code(value)
    if isinstance(value, set | frozenset):
        return f"{type(value).__name__}({sorted(map(_constant, value))})"
    if isinstance(value, tuple | list):
        return f"{type(value).__name__}({','.join(map(_constant, value))})"
    if isinstance(value, dict):
        return f"dict({','.join(f'{_constant(key)}={_constant(kept)}' for key, kept in value.items())})"
    return f"{type(value).__name__}:{_ADDRESS.sub('', repr(value))}"


def _is_constant(value: object) -> bool:
    if isinstance(value, set | frozenset | tuple | list):
        return all(map(_is_constant, value))
    if isinstance(value, dict):
        return all(map(_is_constant, value.keys())) and all(map(_is_constant, value.values()))
    return isinstance(value, _CONSTANTS)


def _code(code: CodeType) -> str:
    constants = ",".join(map(_constant, code.co_consts))
    return f"{code.co_code.hex()}|{constants}|{code.co_names}|{code.co_varnames}|{code.co_freevars}"


def _names(code: CodeType) -> Iterable[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _content(cell: CellType) -> object:
    try:
        return cell.cell_contents
    except ValueError:  # not filled yet
        return _ABSENT


class _Walk:
    def __init__(self) -> None:
        self.parts: list[str] = []
        self._seen: set[int] = set()

    def function(self, function: FunctionType) -> None:
        if id(function) in self._seen:
            return
        self._seen.add(id(function))
        self.parts.append(f"def {function.__name__}:{_code(function.__code__)}")
        self.parts.append(_constant(function.__defaults__ or ()))
        self.parts.append(_constant(tuple(sorted((function.__kwdefaults__ or {}).items()))))
        for name in sorted(set(_names(function.__code__))):
            self._used(name, function.__globals__.get(name, _ABSENT), function.__module__)
        for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
            self._used(name, _content(cell), function.__module__)
        self._wrapped(function)

    def _wrapped(self, decorated: object) -> None:
        inner = getattr(decorated, "__wrapped__", None)
        if isinstance(inner, FunctionType):
            self.function(inner)

    def _used(self, name: str, value: object, module: str) -> None:
        if isinstance(value, FunctionType) and value.__module__ == module:
            self.function(value)
        elif not name.startswith("__") and _is_constant(value):
            self.parts.append(f"{name}={_constant(value)}")
        elif getattr(value, "__module__", None) == module:  # e.g. a cached function
            self._wrapped(value)

    def component(self, cls: type) -> None:
        for base in reversed(cls.__mro__):
            if base is object:
                continue
            self.parts.append(f"class {base.__name__}")
            for name, member in sorted(base.__dict__.items()):
                inner = member.__func__ if isinstance(member, staticmethod | classmethod) else member
                if isinstance(member, property):
                    inner = member.fget
                if isinstance(inner, FunctionType):
                    self.function(inner)
                elif not name.startswith("__") and _is_constant(inner):
                    self.parts.append(f"{name}={_constant(inner)}")
                else:
                    self._wrapped(inner)

    def model(self, model: type[BaseModel]) -> None:
        self.parts.append(f"model {model.__name__}")
        for name, field in model.model_fields.items():
            self.parts.append(f"{name}:{_constant(field.annotation)}={_constant(field.get_default())}")
        for name, member in sorted(model.__dict__.items()):
            if isinstance(member, FunctionType) and member.__module__ == model.__module__:
                self.parts.append(f"def {name}:{_code(member.__code__)}")


def fingerprint(component_type: type, models: Iterable[type[BaseModel]] = ()) -> str:
    """Fingerprint of a component class together with the state or row classes it works on.

    Args:
        component_type: The class whose handlers count.
        models: State and read-model classes whose shape counts too.

    Returns:
        32 hexadecimal digits, the same in every process of one Python version.
    """
    walk = _Walk()
    walk.component(component_type)
    for model in models:
        walk.model(model)
    return hashlib.blake2b("\n".join(walk.parts).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
