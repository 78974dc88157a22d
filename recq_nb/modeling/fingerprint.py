"""Fingerprints of handler source: equal while the code does the same, different once it was edited.

A fingerprint covers the class's methods (compiled, so comments and layout do not count), the fields of the model
classes it is given, and, through global names, the plain functions and constants of the same module they use.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from types import CodeType, FunctionType

from pydantic import BaseModel

_CONSTANTS = (bool, int, float, complex, str, bytes, type(None))


def _constant(value: object) -> str:
    if isinstance(value, CodeType):
        return _code(value)
    if isinstance(value, frozenset):
        return f"frozenset({sorted(map(_constant, value))})"
    if isinstance(value, tuple):
        return f"({','.join(map(_constant, value))})"
    return f"{type(value).__name__}:{value!r}"


def _code(code: CodeType) -> str:
    constants = ",".join(map(_constant, code.co_consts))
    return f"{code.co_code.hex()}|{constants}|{code.co_names}|{code.co_varnames}|{code.co_freevars}"


def _names(code: CodeType) -> Iterable[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


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
            self._global(name, function)

    def _global(self, name: str, user: FunctionType) -> None:
        value = user.__globals__.get(name)
        if isinstance(value, FunctionType) and value.__module__ == user.__module__:
            self.function(value)
        elif name in user.__globals__ and isinstance(value, _CONSTANTS) and not name.startswith("__"):
            self.parts.append(f"{name}={value!r}")

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
                elif isinstance(inner, _CONSTANTS) and not name.startswith("__"):
                    self.parts.append(f"{name}={inner!r}")

    def model(self, model: type[BaseModel]) -> None:
        self.parts.append(f"model {model.__name__}")
        for name, field in model.model_fields.items():
            self.parts.append(f"{name}:{field.annotation}={field.get_default()!r}")
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
