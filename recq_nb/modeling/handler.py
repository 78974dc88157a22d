"""Handler decorators: which method of a component does what with which payload."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ParamSpec, Protocol, TypeVar, overload

from recq_nb.errors import ComponentDefinitionError
from recq_nb.modeling.capability import HandlerKind

P = ParamSpec("P")
R = TypeVar("R")
ATTRIBUTE = "__recq_handler__"


class HandlerFunction(Protocol):
    """A handler method, bound or not; which arguments it takes is known from its parameters only."""

    def __call__(self, *args: object, **kwargs: object) -> object:
        """Handle something."""


@dataclass(frozen=True, slots=True)
class HandlerDeclaration:
    """What a handler decorator was told.

    Attributes:
        kind: Which decorator.
        init: The handler starts an aggregate's or saga's history.
        association_property: Event field whose value finds the saga instance.
        retry: Attempts after the first before an event is dead-lettered.
        retry_delay: Seconds before the first retry; doubled for each further one.
        executor: Named executor that runs the handler; None for the consumer's own order.
        remember_rejections: A rejection counts as the command's first outcome and is returned on a repeat.
    """

    kind: HandlerKind
    init: bool = False
    association_property: str | None = None
    retry: int = 3
    retry_delay: float = 1.0
    executor: str | None = None
    remember_rejections: bool = False


def handler_declaration(function: object) -> HandlerDeclaration | None:
    """The declaration a decorator left on a function, if any."""
    found = getattr(function, ATTRIBUTE, None)
    return found if isinstance(found, HandlerDeclaration) else None


def _mark(function: Callable[P, R], declaration: HandlerDeclaration) -> Callable[P, R]:
    if isinstance(function, type) or not callable(function):
        raise ComponentDefinitionError(
            f"@{declaration.kind} was put on {function!r}; it belongs on a method of a component class.",
            remedy=f"Write `@{declaration.kind}` directly above a `def`.",
        )
    if handler_declaration(function) is not None:
        raise ComponentDefinitionError(
            f"{function.__qualname__} has two handler decorators; a method is one kind of handler.",
            remedy="Split it into two methods.",
        )
    setattr(function, ATTRIBUTE, declaration)
    return function


def _check_retry(kind: HandlerKind, retry: int, retry_delay: float) -> None:
    if retry < 0 or retry_delay < 0:
        raise ComponentDefinitionError(
            f"@{kind}(retry={retry}, retry_delay={retry_delay}): both must be 0 or more; retries are finite so that "
            "the dead event queue can be reached.",
            remedy="Raise TransientError for what only has to be tried later; it is redelivered without limit.",
        )


@overload
def aggregate_command_handler(function: Callable[P, R], /) -> Callable[P, R]: ...
@overload
def aggregate_command_handler(
    *, init: bool = False, remember_rejections: bool = False
) -> Callable[[Callable[P, R]], Callable[P, R]]: ...
def aggregate_command_handler(
    function: Callable[P, R] | None = None, /, *, init: bool = False, remember_rejections: bool = False
) -> Callable[P, R] | Callable[[Callable[P, R]], Callable[P, R]]:
    """Decides a domain command: returns exactly one domain event, or refuses with ``reject``.

    Args:
        function: The method.
        init: It needs an empty history; all other handlers need a non-empty one.
        remember_rejections: Repeating the command under its id returns an earlier rejection too.
    """
    declaration = HandlerDeclaration(HandlerKind.AGGREGATE_COMMAND, init=init, remember_rejections=remember_rejections)
    return _mark(function, declaration) if function is not None else lambda method: _mark(method, declaration)


def event_sourcing_handler(function: Callable[P, R], /) -> Callable[P, R]:
    """Folds one event into aggregate state: returns the new state, or changes the one it is given."""
    return _mark(function, HandlerDeclaration(HandlerKind.EVENT_SOURCING))


@overload
def command_handler(function: Callable[P, R], /) -> Callable[P, R]: ...
@overload
def command_handler(*, remember_rejections: bool = False) -> Callable[[Callable[P, R]], Callable[P, R]]: ...
def command_handler(
    function: Callable[P, R] | None = None, /, *, remember_rejections: bool = False
) -> Callable[P, R] | Callable[[Callable[P, R]], Callable[P, R]]:
    """Does a service command: returns one service event, or None."""
    declaration = HandlerDeclaration(HandlerKind.COMMAND, remember_rejections=remember_rejections)
    return _mark(function, declaration) if function is not None else lambda method: _mark(method, declaration)


@overload
def event_handler(function: Callable[P, R], /) -> Callable[P, R]: ...
@overload
def event_handler(
    *, retry: int = 3, retry_delay: float = 1.0, executor: str | None = None
) -> Callable[[Callable[P, R]], Callable[P, R]]: ...
def event_handler(
    function: Callable[P, R] | None = None,
    /,
    *,
    retry: int = 3,
    retry_delay: float = 1.0,
    executor: str | None = None,
) -> Callable[P, R] | Callable[[Callable[P, R]], Callable[P, R]]:
    """Reacts to an event in a projector or an observer.

    Args:
        function: The method.
        retry: Attempts after the first before the event moves to the dead event queue.
        retry_delay: Seconds before the first retry; doubled for each further one.
        executor: Named executor; None keeps a projector's order, and an observer's own concurrency bound.
    """
    _check_retry(HandlerKind.EVENT, retry, retry_delay)
    declaration = HandlerDeclaration(HandlerKind.EVENT, retry=retry, retry_delay=retry_delay, executor=executor)
    return _mark(function, declaration) if function is not None else lambda method: _mark(method, declaration)


def saga_event_handler(
    *, association_property: str, init: bool = False, retry: int = 3, retry_delay: float = 1.0
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Moves a saga instance on: returns its new state, or changes the one it is given.

    Args:
        association_property: Event field whose value finds the one saga instance.
        init: With no instance found, the handler may start one; it must set its associations.
        retry: Attempts after the first before the event moves to the dead event queue.
        retry_delay: Seconds before the first retry; doubled for each further one.
    """
    _check_retry(HandlerKind.SAGA_EVENT, retry, retry_delay)
    declaration = HandlerDeclaration(
        HandlerKind.SAGA_EVENT,
        init=init,
        association_property=association_property,
        retry=retry,
        retry_delay=retry_delay,
    )
    return lambda method: _mark(method, declaration)


def query_handler(function: Callable[P, R], /) -> Callable[P, R]:
    """Answers a query in a projection: returns its view, or a list of them."""
    return _mark(function, HandlerDeclaration(HandlerKind.QUERY))


def invocation_handler(function: Callable[P, R], /) -> Callable[P, R]:
    """Takes a call from outside in an invoker; the only place from which the outside reaches the gateways."""
    return _mark(function, HandlerDeclaration(HandlerKind.INVOCATION))
