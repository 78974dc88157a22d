"""Arguments: turning what injection decided at registration into the values of one call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

from recq_nb.errors import InjectionError
from recq_nb.modeling.capability import Injection
from recq_nb.modeling.component_definition import HandlerDefinition
from recq_nb.modeling.injection import ParameterDefinition

Frame = TypeVar("Frame")
Getter = Callable[[Frame], object]
Provider = Callable[[ParameterDefinition], Getter[Frame]]


class ArgumentPlan(Generic[Frame]):
    """How to call one handler, decided once.

    A *frame* is whatever the caller knows of the message being handled; a provider makes, for one parameter, the
    function that takes its value out of a frame.
    """

    __slots__ = ("_by_name", "_function", "_getters")

    def __init__(self, handler: HandlerDefinition, providers: Mapping[Injection, Provider[Frame]]) -> None:
        self._function = handler.function
        self._getters: list[Getter[Frame]] = []
        self._by_name: list[tuple[str, Getter[Frame]]] = []
        for parameter in handler.parameters:
            getter = self._getter(handler, parameter, providers)
            if parameter.keyword_only:
                self._by_name.append((parameter.name, getter))
            else:
                self._getters.append(getter)

    @staticmethod
    def _getter(
        handler: HandlerDefinition, parameter: ParameterDefinition, providers: Mapping[Injection, Provider[Frame]]
    ) -> Getter[Frame]:
        if parameter.injection is Injection.DEPENDENCY:
            dependency = parameter.dependency
            return lambda _: dependency
        provider = providers.get(parameter.injection)
        if provider is None:
            raise InjectionError(f"{handler.label} asks for {parameter.injection}, which this handler is not given.")
        return provider(parameter)

    def call(self, frame: Frame) -> object:
        """Call the handler; a coroutine function returns its coroutine."""
        if self._by_name:
            named = {name: getter(frame) for name, getter in self._by_name}
            return self._function(*[getter(frame) for getter in self._getters], **named)
        getters = self._getters
        if len(getters) == 1:  # nearly every handler takes one or two, and a call without unpacking is quicker
            return self._function(getters[0](frame))
        if len(getters) == 2:  # noqa: PLR2004  one and two
            return self._function(getters[0](frame), getters[1](frame))
        return self._function(*[getter(frame) for getter in getters])
