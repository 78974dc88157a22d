"""Arguments: what a call passes, and how it meets the parameters of a function."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass

from recq_nb.flow.reading.values import UNKNOWN, Entries, Items, Value, is_unknown, join, only, unsure


@dataclass(frozen=True, slots=True)
class Arguments:
    """What a call passes.

    Attributes:
        positional: In order.
        named: By name.
        more: What ``*`` may add in places that cannot be counted; None without one.
        has_more_names: ``**`` of something that cannot be read.
    """

    positional: tuple[Value, ...] = ()
    named: tuple[tuple[str, Value], ...] = ()
    more: Value | None = None
    has_more_names: bool = False

    def get(self, place: int, name: str) -> Value | None:
        """The argument in a place or of a name; None if it is not given."""
        if place < len(self.positional):
            return self.positional[place]
        given = dict(self.named).get(name)
        if given is not None:
            return given
        return self.more if self.more is not None else UNKNOWN if self.has_more_names else None

    @property
    def everything(self) -> Value:
        """All that is passed, wherever it goes."""
        return join([*self.positional, *(value for _, value in self.named), self.more or frozenset()])

    def after(self, place: int) -> Arguments:
        """The same without the first so many."""
        return Arguments(self.positional[place:], self.named, self.more, self.has_more_names)

    def before(self, positional: tuple[Value, ...], named: tuple[tuple[str, Value], ...]) -> Arguments:
        """With some put before them, as ``functools.partial`` does."""
        later = dict(self.named)
        return Arguments(
            (*positional, *self.positional),
            (*((name, value) for name, value in named if name not in later), *self.named),
            self.more,
            self.has_more_names,
        )


def bind_parameters(
    signature: ast.arguments,
    arguments: Arguments,
    *,
    default: Callable[[ast.expr], Value],
    annotated: Callable[[ast.arg], Value],
) -> dict[str, Value]:
    """What each parameter may be.

    Args:
        signature: The parameters.
        arguments: What the call passes, a receiver included.
        default: Reads a default.
        annotated: What an annotation says; asked where the call says nothing, or nothing that can be known.
    """
    bound: dict[str, Value] = {}
    places = [*signature.posonlyargs, *signature.args]
    defaults = dict(zip((parameter.arg for parameter in reversed(places)), reversed(signature.defaults), strict=False))
    for parameter, given in zip(signature.kwonlyargs, signature.kw_defaults, strict=True):
        if given is not None:
            defaults[parameter.arg] = given
    for place, parameter in enumerate([*places, *signature.kwonlyargs]):
        value = arguments.get(place if place < len(places) else len(arguments.positional), parameter.arg)
        if value is None:
            value = default(defaults[parameter.arg]) if parameter.arg in defaults else annotated(parameter)
        elif unsure(value):
            value = refined(value, annotated(parameter))
        bound[parameter.arg] = value
    if signature.vararg is not None:
        rest = [*arguments.positional[len(places) :], arguments.more or frozenset()]
        bound[signature.vararg.arg] = only(Items(join(rest)))
    if signature.kwarg is not None:
        known = {parameter.arg for parameter in [*places, *signature.kwonlyargs]}
        left = [value for name, value in arguments.named if name not in known]
        bound[signature.kwarg.arg] = only(Entries(((None, join(left) or UNKNOWN),)))
    return bound


def refined(value: Value, declared: Value) -> Value:
    """A value that is partly unknown, with what its declaration says put in for that part."""
    open_part = unsure(value)
    return (value - open_part) | declared if open_part and not is_unknown(declared) else value
