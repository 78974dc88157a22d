"""The projection manager: answers queries from a consistent picture of the read models, fresh enough if asked."""

from __future__ import annotations

import time
from collections.abc import Coroutine, Sequence
from functools import partial
from typing import Protocol, cast

from recq_nb.errors import HandlerResultError
from recq_nb.modeling.bundle import Bundle
from recq_nb.modeling.capability import ComponentKind, HandlerKind, Injection
from recq_nb.modeling.component_definition import ComponentDefinition, HandlerDefinition
from recq_nb.modeling.injection import ParameterDefinition
from recq_nb.modeling.message import QueryMessage
from recq_nb.modeling.payload import View
from recq_nb.modeling.payload_definition import PayloadDefinition, define_payload
from recq_nb.ports.consumer_state_store import ConsumerStateStore, ReadModelReader
from recq_nb.runtime.arguments import ArgumentPlan, Getter, Provider
from recq_nb.runtime.cause import caused_by
from recq_nb.runtime.engine import Engine
from recq_nb.runtime.gateways import BoundQueryGateway
from recq_nb.runtime.handler_failure import annotate, is_being_cancelled
from recq_nb.runtime.message_gateway import MessageGateway, Route
from recq_nb.runtime.request import PendingRequest


class Progress(Protocol):
    """Knows how far consumers are."""

    async def reached(self, components: Sequence[str] | None, sequence_number: int) -> None:
        """Return once these projectors (all, when None) have passed an event, however long it takes."""

    def gates(self, components: Sequence[str] | None) -> bool:
        """Whether one of them holds its queries back until it has replayed the log."""

    def behind(self, components: Sequence[str] | None, sequence_number: int) -> str:
        """Which of them have not passed it yet and why, as the end of a sentence."""


class QueryFrame:
    """One query being answered."""

    __slots__ = ("gateway", "reader", "request")

    def __init__(self, request: PendingRequest, reader: ReadModelReader, gateway: BoundQueryGateway) -> None:
        self.request = request
        self.reader = reader
        self.gateway = gateway


def _table(parameter: ParameterDefinition) -> Getter[QueryFrame]:
    definition = parameter.read_model
    assert definition is not None
    return lambda frame: frame.reader.table(definition)


_PROVIDERS: dict[Injection, Provider[QueryFrame]] = {
    Injection.PAYLOAD: lambda _: lambda frame: frame.request.message.payload,
    Injection.QUERY_MESSAGE: lambda _: lambda frame: frame.request.message,
    Injection.METADATA: lambda _: lambda frame: frame.request.message.metadata,
    Injection.TIMESTAMP: lambda _: lambda frame: frame.request.message.timestamp,
    Injection.QUERY_GATEWAY: lambda _: lambda frame: frame.gateway,
    Injection.TABLE: _table,
    Injection.CONNECTION: lambda _: lambda frame: frame.reader.connection(),
}


class _Answerer:
    __slots__ = ("component", "definition", "feeding", "handler", "plan")

    def __init__(
        self, definition: PayloadDefinition, component: ComponentDefinition, handler: HandlerDefinition, bundle: Bundle
    ) -> None:
        self.definition = definition
        self.component = component
        self.handler = handler
        self.plan: ArgumentPlan[QueryFrame] = ArgumentPlan(handler, _PROVIDERS)
        tables = [parameter.read_model for parameter in handler.parameters if parameter.read_model is not None]
        owners = [bundle.owners[table.name][0].name for table in tables if table.name in bundle.owners]
        exact = tables and len(owners) == len(tables) and not handler.wants(Injection.CONNECTION)
        self.feeding: list[str] | None = owners if exact else None


class ProjectionManager:
    """Handles queries, as many at once as come; each sees one consistent state of the read models."""

    def __init__(
        self, engine: Engine, gateway: MessageGateway, consumer_states: ConsumerStateStore, progress: Progress
    ) -> None:
        self._engine = engine
        self._gateway = gateway
        self._consumer_states = consumer_states
        self._progress = progress

    def routes(self, bundle: Bundle) -> dict[str, Route]:
        """How each query of a bundle is answered."""
        routes: dict[str, Route] = {}
        for component in bundle.components.values():
            if component.kind is ComponentKind.PROJECTION:
                for name, handler in component.handlers_of(HandlerKind.QUERY).items():
                    assert handler.payload_type is not None
                    definition = bundle.payloads.get(name) or define_payload(handler.payload_type)
                    routes[name] = partial(self._handle, _Answerer(definition, component, handler, bundle))
        return routes

    def _handle(self, answerer: _Answerer, request: PendingRequest) -> None:
        request.handled_by = answerer.handler
        self._engine.start_task(self._answer(answerer, request), context=request.context)

    async def _answer(self, answerer: _Answerer, request: PendingRequest) -> None:
        message = request.message
        assert isinstance(message, QueryMessage)
        started = time.perf_counter_ns()
        try:
            if message.after or self._progress.gates(answerer.feeding):
                request.waits_for = partial(self._progress.behind, answerer.feeding, message.after)
                await self._progress.reached(answerer.feeding, message.after)
                request.waits_for = None
                request.retrieve_ns = time.perf_counter_ns() - started
                started = time.perf_counter_ns()
            cause = caused_by(message, answerer.component.name, request.chain, message.after)
            gateway = BoundQueryGateway(self._gateway, cause)
            if answerer.handler.is_async:
                reader = await self._engine.in_worker(self._consumer_states.reader)
                try:
                    frame = QueryFrame(request, reader, gateway)
                    result = await cast("Coroutine[object, object, object]", answerer.plan.call(frame))
                finally:
                    reader.close()
            else:
                in_worker = self._engine.in_worker if request.nested else self._engine.in_outer_worker
                result = await in_worker(self._call, answerer, request, gateway)
            request.handler_ns = time.perf_counter_ns() - started
            request.succeed(_checked(answerer, result))
        except BaseException as error:
            request.handler_ns = time.perf_counter_ns() - started
            request.fail(annotate(error, answerer.handler.label, message.name))
            if is_being_cancelled():
                raise

    def _call(self, answerer: _Answerer, request: PendingRequest, gateway: BoundQueryGateway) -> object:
        reader = self._consumer_states.reader()
        try:
            return answerer.plan.call(QueryFrame(request, reader, gateway))
        finally:
            reader.close()


def _checked(answerer: _Answerer, result: object) -> object:
    """The answer, if it is what the query asks for: views count by name, like every payload."""
    definition = answerer.definition
    wanted = f"list[{definition.view_name}]" if definition.view_is_many else str(definition.view_name)
    views = result if definition.view_is_many else [result]
    if not isinstance(views, list | tuple):
        raise _wrong_answer(answerer, type(result).__name__, wanted)
    for view in views:
        if not isinstance(view, View) or type(view).__name__ != definition.view_name:
            shown = f"a list with a {type(view).__name__}" if definition.view_is_many else f"a {type(view).__name__}"
            raise _wrong_answer(answerer, shown, wanted)
    return list(views) if definition.view_is_many else result


def _wrong_answer(answerer: _Answerer, shown: str, wanted: str) -> HandlerResultError:
    return HandlerResultError(
        f"{answerer.handler.label} returned {shown}; {answerer.definition.name} is answered with {wanted}.",
        remedy=f"Return {wanted}; where there is nothing to show, raise an error that says so.",
    )
