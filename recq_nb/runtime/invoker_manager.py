"""The invoker manager: lets the outside call an invoker's methods, each call one flow of its own."""

from __future__ import annotations

import contextvars
import inspect
import time
from collections.abc import Callable, Coroutine, Mapping
from typing import cast

from recq_nb.errors import ComponentDefinitionError, SessionClosedError
from recq_nb.modeling.capability import HandlerKind, Injection
from recq_nb.modeling.component_definition import ComponentDefinition, HandlerDefinition
from recq_nb.modeling.message import InvocationMessage
from recq_nb.modeling.metadata import JsonValue, Metadata
from recq_nb.ports.clock import Clock, IdSource
from recq_nb.ports.flow_listener import FlowStep, FlowStepKind
from recq_nb.runtime.begun_flows import note_begun
from recq_nb.runtime.cause import caused_by
from recq_nb.runtime.engine import Engine
from recq_nb.runtime.flow_steps import FlowSteps
from recq_nb.runtime.gateways import BoundCommandGateway, BoundQueryGateway
from recq_nb.runtime.handler_failure import annotate, is_being_cancelled
from recq_nb.runtime.message_gateway import MessageGateway
from recq_nb.runtime.reply import PendingReply


class InvokerProxy:
    """An invoker as the outside sees it: its invocation handlers, each returning a reply.

    Gateways and other injected parameters are filled in; everything else is passed by the caller.
    """

    def __init__(self, name: str, methods: Mapping[str, Callable[..., PendingReply[object]]]) -> None:
        self._name = name
        self._methods = methods

    def __getattr__(self, name: str) -> Callable[..., PendingReply[object]]:
        try:
            return self._methods[name]
        except KeyError:
            known = ", ".join(sorted(self._methods))
            raise AttributeError(f"{self._name} has no invocation handler {name!r}; it has {known}.") from None

    def __dir__(self) -> list[str]:
        return sorted(self._methods)

    def __repr__(self) -> str:
        return f"<invoker {self._name}: {', '.join(sorted(self._methods))}>"


class InvokerManager:
    """Runs invocation handlers: async ones on the engine, plain ones on worker threads."""

    def __init__(
        self, engine: Engine, gateway: MessageGateway, clock: Clock, ids: IdSource, flow_steps: FlowSteps
    ) -> None:
        self._engine = engine
        self._gateway = gateway
        self._clock = clock
        self._ids = ids
        self._flow = flow_steps

    def proxy(self, component: ComponentDefinition, metadata: Mapping[str, JsonValue] | None = None) -> InvokerProxy:
        """An invoker whose calls carry this metadata."""
        carried = Metadata(metadata)
        methods = {
            handler.name: self._method(component, handler, carried)
            for handler in component.handlers_of(HandlerKind.INVOCATION).values()
        }
        return InvokerProxy(component.name, methods)

    def _method(
        self, component: ComponentDefinition, handler: HandlerDefinition, metadata: Metadata
    ) -> Callable[..., PendingReply[object]]:
        injected = {parameter.name for parameter in handler.parameters}
        signature = inspect.signature(handler.function)
        own = signature.replace(parameters=[p for p in signature.parameters.values() if p.name not in injected])

        def call(*args: object, **kwargs: object) -> PendingReply[object]:
            try:
                arguments = own.bind(*args, **kwargs)
            except TypeError as error:
                raise ComponentDefinitionError(
                    f"{handler.label}{own} was called wrongly: {error}.",
                    remedy="Pass the arguments shown; gateways are filled in.",
                ) from None
            arguments.apply_defaults()
            reply: PendingReply[object] = PendingReply(handler.label)
            context = contextvars.copy_context()
            given = dict(arguments.arguments)
            message_id = self._ids.next_id()
            note_begun(message_id)
            self._engine.post(
                lambda: _start(
                    self._engine, self._run(message_id, component, handler, metadata, given, own, reply), context
                )
            )
            return reply

        call.__name__ = handler.name
        call.__doc__ = handler.function.__doc__
        call.__signature__ = own  # type: ignore[attr-defined]  # functions take any attribute; help() reads this one
        return call

    async def _run(
        self,
        message_id: str,
        component: ComponentDefinition,
        handler: HandlerDefinition,
        metadata: Metadata,
        arguments: dict[str, object],
        signature: inspect.Signature,
        reply: PendingReply[object],
    ) -> None:
        message = InvocationMessage(message_id, message_id, message_id, handler.label, metadata, self._clock.now())
        cause = caused_by(message, component.name)._replace(bounded=True)  # the in-flight bound is the outside's
        positional, named = _call_arguments(signature, arguments)
        for parameter in handler.parameters:
            if parameter.injection is Injection.COMMAND_GATEWAY:
                named[parameter.name] = BoundCommandGateway(self._gateway, cause)
            elif parameter.injection is Injection.QUERY_GATEWAY:
                named[parameter.name] = BoundQueryGateway(self._gateway, cause)
            else:
                named[parameter.name] = parameter.dependency
        started = time.perf_counter_ns()
        error: BaseException | None = None
        if self._flow.listening:
            self._flow.note(FlowStepKind.SENT, message, time_ns=started, component=component.name)
        try:
            if handler.is_async:
                result = await cast("Coroutine[object, object, object]", handler.function(*positional, **named))
            else:
                result = await self._engine.in_outer_worker(handler.function, *positional, **named)
            reply.settle(result)
        except BaseException as raised:
            error = annotate(raised, handler.label, "a call from outside")
            if is_being_cancelled():
                reply.settle(None, SessionClosedError(f"the session was closed while {handler.label} was running."))
                raise
            reply.settle(None, error)
        finally:
            if self._flow.listening:
                kind = FlowStepKind.REPLIED if error is None else FlowStepKind.FAILED
                now = time.perf_counter_ns()
                outcome = "" if error is None else f"{type(error).__name__}: {error}"
                self._flow.add(
                    FlowStep(kind, now, message, component.name, handler.name, 0, 0, now - started, 0, outcome)
                )


def _start(engine: Engine, run: Coroutine[object, object, None], context: contextvars.Context) -> None:
    engine.start_task(run, context=context)


def _call_arguments(
    signature: inspect.Signature, arguments: dict[str, object]
) -> tuple[list[object], dict[str, object]]:
    """Everything by name, except what can only be passed by position."""
    positional: list[object] = []
    named: dict[str, object] = {}
    for parameter in signature.parameters.values():
        if parameter.name not in arguments:
            continue
        value = arguments[parameter.name]
        if parameter.kind is parameter.POSITIONAL_ONLY:
            positional.append(value)
        elif parameter.kind is parameter.VAR_POSITIONAL:
            positional.extend(cast("tuple[object, ...]", value))
        elif parameter.kind is parameter.VAR_KEYWORD:
            named.update(cast("dict[str, object]", value))
        else:
            named[parameter.name] = value
    return positional, named
