"""Aggregate state: folded from events, kept while there is room, compared to find handlers that change it."""

# Annotations are evaluated at once in this module, so that components may be defined inside tests.

import pytest
from pydantic import PrivateAttr

from recq_nb.errors import HandlerResultError, ModelingError
from recq_nb.modeling.bundle import Bundle
from recq_nb.modeling.component import aggregate
from recq_nb.modeling.component_definition import define_component
from recq_nb.modeling.handler import event_sourcing_handler
from recq_nb.modeling.injection import InjectionSources
from recq_nb.modeling.message import EventMessage
from recq_nb.modeling.payload import DomainEvent
from recq_nb.modeling.serialization import encode_event
from recq_nb.modeling.state import AggregateState
from recq_nb.ports.snapshot_store import SnapshotRecord
from recq_nb.ports.system_state_store import EventRecord, StoredEvent
from recq_nb.runtime.aggregate_cache import AggregateCache, CachedAggregate
from recq_nb.runtime.aggregate_folding import AggregateFolding
from recq_nb.runtime.event_reader import EventReader
from recq_nb.runtime.state_guard import LIMIT_BYTES, trace_of


class GrewEvent(DomainEvent):
    by: int = 1


class RestedEvent(DomainEvent):
    pass


class PlantState(AggregateState):
    height: int = 0


class NamedState(AggregateState):
    name: str


@aggregate
class Returning:
    @event_sourcing_handler
    def grew(self, event: GrewEvent, state: PlantState) -> PlantState:
        return PlantState(height=state.height + event.by)


@aggregate
class Changing:
    @event_sourcing_handler
    def grew(self, event: GrewEvent, state: PlantState) -> None:
        state.height += event.by


def folding_of(component: type) -> AggregateFolding:
    return AggregateFolding(define_component(component, InjectionSources()))


def record_of(event: DomainEvent, version: int = 1) -> EventRecord:
    name = type(event).__name__
    text = encode_event(event, max_bytes=10_000)
    return EventRecord("e", name, "A", version, "default", 5, text, '{"user":"ada"}', "f", "c", "c", "Plant")


def stored(*events: DomainEvent) -> list[StoredEvent]:
    return [StoredEvent(place * 10, record_of(event, place)) for place, event in enumerate(events, 1)]


def reader() -> EventReader:
    made = EventReader()
    made.bundle = Bundle().redefine(components=[define_component(Returning, InjectionSources())])
    return made


# -- folding -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("component", [Returning, Changing])
def test_a_handler_returns_the_new_state_or_changes_the_one_it_was_given(component: type) -> None:
    state = folding_of(component).rebuild(None, stored(GrewEvent(by=2), GrewEvent(by=3)), reader())

    assert state == PlantState(height=5)


def test_an_event_without_handler_leaves_the_state_as_it_is_and_is_not_even_read() -> None:
    folding = folding_of(Returning)

    state = folding.rebuild(None, stored(GrewEvent(), RestedEvent(), GrewEvent()), reader())

    assert state == PlantState(height=2)
    assert folding.rebuild(None, stored(RestedEvent()), reader()) == PlantState()
    assert folding.rebuild(None, [], reader()) is None


def test_a_handler_sees_the_message_of_its_event() -> None:
    seen: list[tuple[int, int, object]] = []

    @aggregate
    class Plant:
        @event_sourcing_handler
        def grew(self, event: GrewEvent, message: EventMessage) -> PlantState:
            seen.append((message.sequence_number, message.version, message.metadata["user"]))
            return PlantState()

    folding_of(Plant).rebuild(None, stored(GrewEvent(), GrewEvent()), reader())

    assert seen == [(10, 1, "ada"), (20, 2, "ada")]


def test_an_optional_state_is_none_at_first() -> None:
    seen: list[object] = []

    @aggregate
    class Plant:
        @event_sourcing_handler
        def grew(self, event: GrewEvent, state: PlantState | None) -> PlantState:
            seen.append(state)
            return PlantState(height=1)

    folding_of(Plant).rebuild(None, stored(GrewEvent(), GrewEvent()), reader())

    assert seen == [None, PlantState(height=1)]


def test_a_handler_that_returns_no_state_is_told() -> None:
    @aggregate
    class Plant:
        @event_sourcing_handler
        def grew(self, event: GrewEvent, state: PlantState):  # type: ignore[no-untyped-def]  # noqa: ANN202  untyped as in a notebook
            return 5

    with pytest.raises(HandlerResultError, match=r"Plant\.grew returned a int") as refused:
        folding_of(Plant).rebuild(None, stored(GrewEvent()), reader())

    assert refused.value.remedy == "Return a PlantState."


def test_a_first_state_without_defaults_must_be_returned() -> None:
    @aggregate
    class Plant:
        @event_sourcing_handler
        def grew(self, event: GrewEvent, state: NamedState) -> None: ...

    with pytest.raises(ModelingError, match=r"Plant\.grew needs a first NamedState, whose fields have no defaults"):
        folding_of(Plant).rebuild(None, stored(GrewEvent()), reader())


def test_a_bug_in_a_handler_names_it() -> None:
    @aggregate
    class Plant:
        @event_sourcing_handler
        def grew(self, event: GrewEvent) -> PlantState:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError) as raised:
        folding_of(Plant).rebuild(None, stored(GrewEvent()), reader())

    assert raised.value.__notes__ == ["raised by Plant.grew while handling GrewEvent"]


@pytest.mark.parametrize(
    ("text", "state"), [('{"height": 3}', PlantState(height=3)), ('{"height": "x"}', None), ("", None)]
)
def test_a_snapshot_that_does_not_fit_is_ignored(text: str, state: PlantState | None) -> None:
    folding = folding_of(Returning)

    assert folding.from_snapshot(SnapshotRecord("A", 1, "fingerprint", text, 0)) == state


# -- the cache ---------------------------------------------------------------------------------------------------------


def kept(cache: AggregateCache, name: str, *, pending: int = 0, in_use: int = 0) -> CachedAggregate:
    cached = CachedAggregate(1, PlantState(), "fingerprint")
    cached.pending, cached.in_use = pending, in_use
    cache.keep(name, cached)
    return cached


def test_the_aggregate_unused_longest_makes_room() -> None:
    cache = AggregateCache(capacity=2)
    first, second = kept(cache, "first"), kept(cache, "second")
    assert cache.find("first", "fingerprint") is first

    third = kept(cache, "third")

    found = [cache.find(name, "fingerprint") for name in ("first", "second", "third")]
    assert found == [first, None, third]
    assert second.version == 1


def test_nothing_in_use_or_unstored_makes_room() -> None:
    cache = AggregateCache(capacity=1)
    busy = [kept(cache, "pending", pending=1), kept(cache, "in use", in_use=1), kept(cache, "new")]

    found = [cache.find(name, "fingerprint") for name in ("pending", "in use", "new")]

    assert found == busy


def test_state_folded_by_other_source_is_not_found_but_what_is_unstored_counts() -> None:
    cache = AggregateCache()
    kept(cache, "A", pending=1)

    assert cache.find("A", "newer") is None
    assert cache.has_pending("A")


def test_a_spoiled_state_is_not_found_but_what_is_unstored_counts() -> None:
    cache = AggregateCache()
    cached = kept(cache, "A", pending=1)

    cache.spoil("A")
    cache.spoil("never")

    assert cache.find("A", "fingerprint") is None
    assert cache.has_pending("A")
    cached.pending = 0
    assert not cache.has_pending("A")


def test_a_dropped_aggregate_is_gone() -> None:
    cache = AggregateCache()
    kept(cache, "A", pending=1)

    cache.drop("A")
    cache.drop("never")

    assert cache.find("A", "fingerprint") is None
    assert not cache.has_pending("A")


# -- the guard ---------------------------------------------------------------------------------------------------------


class Unwritable(AggregateState):
    anything: object = None
    _hidden: int = PrivateAttr(default=0)


def test_a_change_of_state_changes_its_trace() -> None:
    state = PlantState()
    before = trace_of(state)

    state.height = 1

    assert before is not None
    assert trace_of(state) != before


def test_what_cannot_be_compared_has_no_trace() -> None:
    large = NamedState(name="x" * (LIMIT_BYTES + 1))

    assert [trace_of(state) for state in (None, large, Unwritable(anything=object()))] == [None] * 3
