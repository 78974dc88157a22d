"""Every error recq_nb raises, as one tree; a family says who can mend it.

::

    RecqError
    ├── Rejection                     the model said no: a business answer, not a fault
    ├── ModelingError                 the author of a payload or component
    │   ├── PayloadDefinitionError    a payload class breaks a rule of its kind
    │   ├── ComponentDefinitionError  a component class or handler breaks a rule of its kind
    │   ├── ConfinementError          strict mode: the source does not say what a component sends
    │   ├── CapabilityError           a component asks for what its type may not do
    │   ├── InjectionError            a parameter that nothing can fill
    │   ├── DuplicateHandlerError     two handlers for one command or query type
    │   ├── HandlerResultError        a handler returned what its kind may not return
    │   └── StateMutationError        a command handler changed aggregate state
    ├── RoutingError                  the sender, or whoever registers handlers
    │   ├── NoHandlerError            nobody can handle this type now
    │   ├── RequestTimeoutError       no answer in time: the outcome is unknown
    │   ├── TooManyRequestsError      refused at the door: nothing happened, safe to retry
    │   ├── DeadlockError             a nested send waits for a lock its own chain holds
    │   ├── PayloadError              a payload that cannot be sent or stored
    │   └── SessionClosedError        the session has been closed
    ├── AggregateError                the sender of the command
    │   ├── AggregateAlreadyInitializedError
    │   ├── AggregateNotInitializedError
    │   ├── AggregateDeletedError
    │   └── ConcurrentAppendError     another writer appended this version first
    ├── StoreError                    whoever owns the file or the disk
    │   ├── StoreLockedError          another process or session holds the file
    │   ├── StoreFormatError          not a recq store, or damaged
    │   ├── StoreVersionError         written by a newer recq_nb
    │   ├── StoreUnavailableError     cannot be opened, read or written
    │   ├── ReadOnlySqlError          SQL that would change what it may only read
    │   └── SqlError                  SQL that DuckDB could not run
    ├── ConsumerError                 whoever runs the consumers
    │   ├── StaleReadError            a consumer did not catch up in time
    │   ├── SagaAssociationError      an event or a saga without the value that connects them
    │   ├── ReadModelError            a read model that does not fit its declaration
    │   └── TransientError            raised by handlers: try this event again later
    ├── SettingError                  whoever makes the session
    └── MagicUsageError               the reader of the cell

An exception a modeller's own handler raises (a bug) is none of these: it reaches the sender as it is,
with its traceback and a note that names the handler.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn


class RecqError(Exception):
    """Root of the tree: who did what, which rule it breaks, what to do next.

    Args:
        problem: One sentence with the real names.
        remedy: The next action, if there is one.
    """

    def __init__(self, problem: str, *, remedy: str | None = None) -> None:
        super().__init__(problem)
        self.problem: str = problem
        self.remedy: str | None = remedy

    def __str__(self) -> str:
        return self.problem if self.remedy is None else f"{self.problem}\n  → {self.remedy}"

    def _render_traceback_(self) -> Sequence[str]:
        """What a notebook prints instead of a traceback (IPython's protocol)."""
        notes: Sequence[str] = getattr(self, "__notes__", ())
        return [f"{type(self).__name__}: {self}", *notes]


def _is_text(value: object) -> bool:
    if not isinstance(value, str):
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


class Rejection(RecqError):  # noqa: N818  the field's term for a business answer, which is not a fault
    """A business rejection: the handler decided against the command, nothing was stored.

    Distinct from outages and bugs all the way to the sender, so ``except Rejection`` catches decisions only.

    Attributes:
        code: Stable, dotted, for programs (``"todo_list.full"``).
        text: For people.
    """

    def __init__(self, code: str, text: str) -> None:
        if not (_is_text(code) and code and _is_text(text)):
            raise HandlerResultError(
                f"a rejection was given the code {code!r} and the text {text!r}; programs tell rejections apart by "
                "their code, people by their text.",
                remedy='Write reject("todo_list.full", "a list has at most five todos").',
            )
        super().__init__(f"[{code}] {text}")
        self.code: str = code
        self.text: str = text

    def __reduce__(self) -> tuple[type[Rejection], tuple[str, str]]:
        return (type(self), (self.code, self.text))


def reject(code: str, text: str) -> NoReturn:
    """Refuse the command being handled, with a reason its sender can act on.

    Args:
        code: Stable and dotted, e.g. ``"todo_list.full"``.
        text: What to tell a person.

    Raises:
        Rejection: Always.
    """
    raise Rejection(code, text)


class ModelingError(RecqError):
    """A definition breaks a rule of RECQ; its author can mend it."""


class PayloadDefinitionError(ModelingError):
    """A payload class breaks a rule of its kind."""


class ComponentDefinitionError(ModelingError):
    """A component class or one of its handlers breaks a rule of its kind."""


class ConfinementError(ModelingError):
    """Strict mode refuses a definition whose part of the interaction graph cannot be read from its source.

    Attributes:
        rules: Ids of the rules it breaks, in the order of the source.
    """

    def __init__(self, problem: str, *, remedy: str | None = None, rules: Sequence[str] = ()) -> None:
        super().__init__(problem, remedy=remedy)
        self.rules: tuple[str, ...] = tuple(rules)


class CapabilityError(ModelingError):
    """A component asks for something the capability matrix does not grant its type."""


class InjectionError(ModelingError):
    """A handler or constructor parameter that nothing can fill."""


class DuplicateHandlerError(ModelingError):
    """Two handlers for one command or query type."""


class HandlerResultError(ModelingError):
    """A handler returned something its kind may not return."""


class StateMutationError(ModelingError):
    """A command handler changed the aggregate state it was given; only events may change state."""


class RoutingError(RecqError):
    """A request that could not be delivered or answered."""


class NoHandlerError(RoutingError):
    """No registered component handles this payload type now. Transient for consumers."""


class RequestTimeoutError(RoutingError, TimeoutError):
    """No answer within the request's timeout. The outcome is *unknown*: the work goes on and may take effect.

    Attributes:
        message_id: Id of the request; for a command this is its command id, and sending the same command again
            with ``command_id=message_id`` returns the first outcome instead of doing the work twice.
    """

    def __init__(self, problem: str, *, remedy: str | None = None, message_id: str = "") -> None:
        super().__init__(problem, remedy=remedy)
        self.message_id: str = message_id


class TooManyRequestsError(RoutingError):
    """The in-flight bound is reached. The request was refused before any work: retrying is safe."""


class DeadlockError(RoutingError):
    """A nested send would wait for a lock that its own causal chain holds.

    Attributes:
        chain: The payload names from the outermost command to the refused one.
    """

    def __init__(self, problem: str, *, remedy: str | None = None, chain: Sequence[str] = ()) -> None:
        super().__init__(problem, remedy=remedy)
        self.chain: tuple[str, ...] = tuple(chain)


class PayloadError(RoutingError):
    """A payload that cannot be sent, encoded or stored as it is."""


class SessionClosedError(RoutingError):
    """The session has been closed; nothing can be sent through it any more."""


class AggregateError(RecqError):
    """The aggregate's life cycle or version refuses the command."""


class AggregateAlreadyInitializedError(AggregateError):
    """An ``init`` handler met an aggregate that already has a history."""


class AggregateNotInitializedError(AggregateError):
    """A command addressed an aggregate that has no history."""


class AggregateDeletedError(AggregateError):
    """A command addressed a deleted aggregate; deleted ids are never used again."""


class ConcurrentAppendError(AggregateError):
    """Another writer appended this version first.

    Attributes:
        aggregate_ids: The aggregates whose expected version did not hold.
    """

    def __init__(self, problem: str, *, remedy: str | None = None, aggregate_ids: Sequence[str] = ()) -> None:
        super().__init__(problem, remedy=remedy)
        self.aggregate_ids: tuple[str, ...] = tuple(aggregate_ids)


class StoreError(RecqError):
    """The store file, its format or its disk."""


class StoreLockedError(StoreError):
    """Another process, or another session of this process, holds the store file."""


class StoreFormatError(StoreError):
    """The file is no recq store, or is damaged."""


class StoreVersionError(StoreError):
    """The store was written by a newer recq_nb."""


class StoreUnavailableError(StoreError):
    """The store cannot be opened, read or written now. What was not confirmed is not stored."""


class ReadOnlySqlError(StoreError):
    """SQL that would change what it may only read."""


class SqlError(StoreError):
    """SQL that DuckDB could not run."""


class ConsumerError(RecqError):
    """A consumer cannot do its work."""


class StaleReadError(ConsumerError, TimeoutError):
    """A query's ``after`` position was not reached in time by every consumer that feeds its projection."""


class ReadModelError(ConsumerError):
    """A read-model row or table that does not fit its declaration."""


class SagaAssociationError(ConsumerError):
    """An event lacks the value that finds its saga, or a saga was started that nothing could find."""


class TransientError(ConsumerError):
    """Raised by a handler: the event cannot be handled *now*; deliver it again later, however long it takes."""


class SettingError(RecqError, ValueError):
    """An argument of ``Session(...)`` that no session could work with."""


class MagicUsageError(RecqError):
    """A magic was called in a way it does not understand."""
