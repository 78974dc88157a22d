"""Component decorators: which of the seven types a class is. They only mark; rules are checked at registration."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar, overload

from recq_nb.errors import ComponentDefinitionError
from recq_nb.modeling.capability import ComponentKind

C = TypeVar("C", bound=type)
Start = Literal["first", "head"]
ATTRIBUTE = "__recq_component__"


@dataclass(frozen=True, slots=True)
class ComponentDeclaration:
    """What a component decorator was told.

    Attributes:
        kind: Which of the seven types.
        snapshot_frequency: Aggregates: events between two snapshots; None for never.
        version: Consumers: a new version starts afresh (a projector is rebuilt).
        contexts: Consumers: contexts or globs; each has its own checkpoint and order.
        start: Consumers: where a new one begins, ``"first"`` event or ``"head"`` of the log.
        concurrency: Observers: handlers running at once.
        wait_for_head_reached: Projectors: while it replays, queries it feeds wait, and sagas and observers do not
            start.
    """

    kind: ComponentKind
    snapshot_frequency: int | None = None
    version: int = 1
    contexts: tuple[str, ...] = ("*",)
    start: Start = "first"
    concurrency: int = 32
    wait_for_head_reached: bool = False


def component_declaration(cls: type) -> ComponentDeclaration | None:
    """The declaration a decorator left on exactly this class (not on a parent), if any."""
    found = cls.__dict__.get(ATTRIBUTE)
    return found if isinstance(found, ComponentDeclaration) else None


def _mark(cls: C, declaration: ComponentDeclaration) -> C:
    if not isinstance(cls, type):
        raise ComponentDefinitionError(
            f"@{declaration.kind} was put on {cls!r}; a component is a class.",
            remedy=f"Write `@{declaration.kind}` directly above a `class`.",
        )
    if (already := component_declaration(cls)) is not None:
        raise ComponentDefinitionError(
            f"{cls.__name__} is marked as {already.kind} and as {declaration.kind}; a component has one type.",
            remedy="Split it into two classes.",
        )
    setattr(cls, ATTRIBUTE, declaration)
    return cls


def _consumer(
    kind: ComponentKind,
    version: int,
    contexts: Sequence[str],
    start: Start,
    *,
    concurrency: int = 32,
    wait_for_head_reached: bool = False,
) -> Callable[[C], C]:
    if isinstance(contexts, str):
        contexts = (contexts,)
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:  # type: ignore[redundant-expr]  # notebooks are untyped
        raise ComponentDefinitionError(
            f"@{kind}(version={version!r}): a version is a whole number from 1.", remedy=f"Write @{kind}(version=1)."
        )
    if not contexts or any(not isinstance(name, str) or not name for name in contexts):  # type: ignore[redundant-expr]  # notebooks are untyped
        raise ComponentDefinitionError(
            f"@{kind}(contexts={contexts!r}): contexts are one or more names or globs.",
            remedy='Leave `contexts` out to consume all of them, or write contexts=["EU*"].',
        )
    if start not in ("first", "head"):
        raise ComponentDefinitionError(
            f"@{kind}(start={start!r}): a consumer starts at the first event or at the head of the log.",
            remedy='Write start="first" or start="head".',
        )
    if concurrency < 1:
        raise ComponentDefinitionError(f"@{kind}(concurrency={concurrency}): at least one handler must run.")
    declaration = ComponentDeclaration(
        kind,
        version=version,
        contexts=tuple(dict.fromkeys(contexts)),
        start=start,
        concurrency=concurrency,
        wait_for_head_reached=wait_for_head_reached,
    )
    return lambda cls: _mark(cls, declaration)


@overload
def aggregate(cls: C, /) -> C: ...
@overload
def aggregate(*, snapshot_frequency: int | None = None) -> Callable[[C], C]: ...
def aggregate(cls: C | None = None, /, *, snapshot_frequency: int | None = None) -> C | Callable[[C], C]:
    """Decides domain commands, one aggregate instance at a time; its state is folded from its events.

    Args:
        cls: The class.
        snapshot_frequency: Save the state every so many events, so that a cold aggregate loads faster.
    """
    if snapshot_frequency is not None and (
        isinstance(snapshot_frequency, bool) or not isinstance(snapshot_frequency, int) or snapshot_frequency < 1  # type: ignore[redundant-expr]  # notebooks are untyped
    ):
        raise ComponentDefinitionError(
            f"@aggregate(snapshot_frequency={snapshot_frequency!r}): it counts events, from 1; None means never.",
            remedy="Write @aggregate(snapshot_frequency=100).",
        )
    declaration = ComponentDeclaration(ComponentKind.AGGREGATE, snapshot_frequency=snapshot_frequency)
    return _mark(cls, declaration) if cls is not None else lambda marked: _mark(marked, declaration)


def service(cls: C, /) -> C:
    """Does service commands: work without event-sourced state, usually at an external system."""
    return _mark(cls, ComponentDeclaration(ComponentKind.SERVICE))


@overload
def projector(cls: C, /) -> C: ...
@overload
def projector(
    *,
    version: int = 1,
    contexts: Sequence[str] = ("*",),
    start: Start = "first",
    wait_for_head_reached: bool = False,
) -> Callable[[C], C]: ...
def projector(
    cls: C | None = None,
    /,
    *,
    version: int = 1,
    contexts: Sequence[str] = ("*",),
    start: Start = "first",
    wait_for_head_reached: bool = False,
) -> C | Callable[[C], C]:
    """Projects events into a read model, in order, exactly once.

    Args:
        cls: The class.
        version: A new version, or changed source, empties its read model and replays the log.
        contexts: Contexts or globs to consume.
        start: Where a new projector begins.
        wait_for_head_reached: While it replays, the queries it feeds wait, and sagas and observers do not start.
    """
    mark: Callable[[C], C] = _consumer(
        ComponentKind.PROJECTOR, version, contexts, start, wait_for_head_reached=wait_for_head_reached
    )
    return mark(cls) if cls is not None else mark


def projection(cls: C, /) -> C:
    """Answers queries from read models; changes nothing."""
    return _mark(cls, ComponentDeclaration(ComponentKind.PROJECTION))


@overload
def saga(cls: C, /) -> C: ...
@overload
def saga(*, version: int = 1, contexts: Sequence[str] = ("*",), start: Start = "head") -> Callable[[C], C]: ...
def saga(
    cls: C | None = None, /, *, version: int = 1, contexts: Sequence[str] = ("*",), start: Start = "head"
) -> C | Callable[[C], C]:
    """Coordinates a long-running transaction: one state per association, moved on by events.

    Args:
        cls: The class.
        version: A new version starts at ``start`` again.
        contexts: Contexts or globs to consume.
        start: Where a new saga begins.
    """
    mark: Callable[[C], C] = _consumer(ComponentKind.SAGA, version, contexts, start)
    return mark(cls) if cls is not None else mark


@overload
def observer(cls: C, /) -> C: ...
@overload
def observer(
    *, version: int = 1, contexts: Sequence[str] = ("*",), start: Start = "head", concurrency: int = 32
) -> Callable[[C], C]: ...
def observer(
    cls: C | None = None,
    /,
    *,
    version: int = 1,
    contexts: Sequence[str] = ("*",),
    start: Start = "head",
    concurrency: int = 32,
) -> C | Callable[[C], C]:
    """Reacts to events without state and without order, several at once, at least once.

    Args:
        cls: The class.
        version: A new version starts at ``start`` again.
        contexts: Contexts or globs to consume.
        start: Where a new observer begins.
        concurrency: Handlers that may run at once.
    """
    mark: Callable[[C], C] = _consumer(ComponentKind.OBSERVER, version, contexts, start, concurrency=concurrency)
    return mark(cls) if cls is not None else mark


def invoker(cls: C, /) -> C:
    """Takes calls from outside and turns them into commands and queries."""
    return _mark(cls, ComponentDeclaration(ComponentKind.INVOKER))
