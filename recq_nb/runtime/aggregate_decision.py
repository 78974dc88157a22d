"""One domain command on its way to a decision: what is known of its type, what it is given, what refuses it."""

from __future__ import annotations

from collections.abc import Callable

from recq_nb.errors import (
    AggregateAlreadyInitializedError,
    AggregateDeletedError,
    AggregateNotInitializedError,
    RecqError,
)
from recq_nb.modeling.capability import Injection
from recq_nb.modeling.component_definition import ComponentDefinition, HandlerDefinition
from recq_nb.modeling.payload_definition import PayloadDefinition
from recq_nb.modeling.state import AggregateState
from recq_nb.runtime.aggregate_cache import CachedAggregate
from recq_nb.runtime.aggregate_folding import AggregateFolding
from recq_nb.runtime.arguments import ArgumentPlan, Provider
from recq_nb.runtime.gateways import BoundCommandGateway
from recq_nb.runtime.request import PendingRequest


class CommandFrame:
    """One domain command being decided."""

    __slots__ = ("decision", "gateway", "request", "state")

    def __init__(
        self, decision: Decision, state: AggregateState | None, gateway: Callable[[Decision], BoundCommandGateway]
    ) -> None:
        self.decision = decision
        self.request: PendingRequest = decision.request
        self.state: AggregateState | None = state
        self.gateway: Callable[[Decision], BoundCommandGateway] = gateway


_PROVIDERS: dict[Injection, Provider[CommandFrame]] = {
    Injection.PAYLOAD: lambda _: lambda frame: frame.request.message.payload,
    Injection.STATE: lambda _: lambda frame: frame.state,
    Injection.COMMAND_MESSAGE: lambda _: lambda frame: frame.request.message,
    Injection.METADATA: lambda _: lambda frame: frame.request.message.metadata,
    Injection.TIMESTAMP: lambda _: lambda frame: frame.request.message.timestamp,
    Injection.COMMAND_GATEWAY: lambda _: lambda frame: frame.gateway(frame.decision),
}


class Decider:
    """Everything about one command type that is known before the first command arrives."""

    __slots__ = (
        "calls",
        "component",
        "folding",
        "handler",
        "id_field",
        "init",
        "inline",
        "lock_field",
        "name",
        "plan",
        "slow_calls",
        "state_is_large",
        "wants_state",
    )

    def __init__(
        self,
        definition: PayloadDefinition,
        component: ComponentDefinition,
        handler: HandlerDefinition,
        folding: AggregateFolding,
    ) -> None:
        assert definition.aggregate_id_field is not None
        self.name = definition.name
        self.id_field = definition.aggregate_id_field
        self.lock_field = definition.lock_id_field or definition.aggregate_id_field
        self.component = component
        self.handler = handler
        self.folding = folding
        self.plan: ArgumentPlan[CommandFrame] = ArgumentPlan(handler, _PROVIDERS)
        self.init = handler.declaration.init
        self.inline = not handler.is_async and not handler.wants(Injection.COMMAND_GATEWAY)
        self.wants_state = handler.wants(Injection.STATE)
        self.state_is_large = False
        self.calls = 0
        self.slow_calls = 0


class Decision:
    """One command on its way through lock, state, handler and staging."""

    __slots__ = ("aggregate_id", "cached", "decider", "lock_id", "request", "seen", "trace")

    def __init__(self, decider: Decider, request: PendingRequest, aggregate_id: str, lock_id: str) -> None:
        self.decider = decider
        self.request = request
        self.aggregate_id = aggregate_id
        self.lock_id = lock_id
        self.cached: CachedAggregate | None = None
        self.seen = 0
        self.trace: bytes | None = None


def life_cycle_refusal(decider: Decider, aggregate_id: str, cached: CachedAggregate) -> RecqError | None:
    """Why the life cycle of the aggregate refuses a command; None if it does not."""
    name = decider.name
    if cached.state is not None and cached.state.deleted:
        return AggregateDeletedError(
            f"{name} addresses {aggregate_id!r}, which is deleted.",
            remedy="Deleted ids are never used again; create a new one with another id.",
        )
    if decider.init and cached.version:
        return AggregateAlreadyInitializedError(
            f"{name} would start {aggregate_id!r}, which already has {cached.version} event"
            f"{'' if cached.version == 1 else 's'}.",
            remedy="Use another id, or send a command that continues its history.",
        )
    if not decider.init and not cached.version:
        return AggregateNotInitializedError(
            f"{name} addresses {aggregate_id!r}, which has no history.",
            remedy="Send the command of an init handler first, or check the id.",
        )
    return None
