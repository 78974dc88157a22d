"""Commit rounds: replies only after their events are stored, and what rests on what was not stored fails with it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextvars import copy_context
from dataclasses import dataclass, field

import pytest

from recq_nb.errors import ConcurrentAppendError, Rejection, StoreUnavailableError
from recq_nb.modeling.gateway import Confirmation
from recq_nb.modeling.message import CommandMessage
from recq_nb.modeling.metadata import EMPTY_METADATA
from recq_nb.ports.snapshot_store import SnapshotRecord
from recq_nb.ports.system_state_store import EventRecord, OutcomeRecord
from recq_nb.runtime.aggregate_cache import CachedAggregate
from recq_nb.runtime.event_tail import EventTail
from recq_nb.runtime.flow_steps import FlowSteps
from recq_nb.runtime.publisher import Publisher, Staged
from recq_nb.runtime.reply import PendingReply
from recq_nb.runtime.request import PendingRequest
from recq_nb.testing.clock import START
from tests.domains.tally import TallyAddCommand, TallyAddedEvent


class ScriptedStore:
    """A system state store whose appends wait for a test, and fail as it says."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.outcomes: list[str] = []
        self.failures: list[Exception] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.begun = asyncio.Event()
        self.head = 0

    async def append(self, events: Sequence[EventRecord], outcomes: Sequence[OutcomeRecord] = ()) -> int:
        self.begun.set()
        await self.gate.wait()
        if self.failures:
            raise self.failures.pop(0)
        self.batches.append([event.event_id for event in events])
        self.outcomes.extend(outcome.command_id for outcome in outcomes)
        first = self.head + 1
        self.head += len(events)
        return first


class ScriptedSnapshots:
    """A snapshot store that may fail."""

    def __init__(self) -> None:
        self.saved: list[SnapshotRecord] = []
        self.failure: Exception | None = None

    async def save(self, snapshots: Sequence[SnapshotRecord]) -> None:
        if self.failure is not None:
            raise self.failure
        self.saved.extend(snapshots)

    async def find(self, aggregate_ids: Sequence[str], fingerprint: str) -> Mapping[str, SnapshotRecord]:
        raise NotImplementedError


@dataclass
class Scene:
    """A publisher with everything it works with."""

    store: ScriptedStore = field(default_factory=ScriptedStore)
    snapshots: ScriptedSnapshots = field(default_factory=ScriptedSnapshots)
    tail: EventTail = field(default_factory=EventTail)
    heads: list[int] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    settled: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.publisher = Publisher(
            self.store,  # type: ignore[arg-type]  # it only appends
            self.snapshots,
            self.tail,
            FlowSteps(asyncio.get_running_loop()),
            on_published=self.heads.append,
            on_failed=self.dropped.extend,
            on_round=lambda: None,
            warn=self.warnings.append,
        )

    def request(self, name: str) -> PendingRequest:
        reply: PendingReply[object] = PendingReply(name)
        message = CommandMessage(
            name, name, name, "TallyAddCommand", TallyAddCommand(identifier=name[0]), EMPTY_METADATA, START
        )
        request = PendingRequest(message, reply, copy_context(), (), None, explicit_id=False)
        request.accept(lambda *_: self.settled.append(name), lambda _: None)
        return request

    def stage(self, name: str, version: int = 1, aggregate: CachedAggregate | None = None) -> PendingReply[object]:
        """Stage an event; the name's first letter is its aggregate."""
        request = self.request(name)
        record = EventRecord(
            name, "TallyAddedEvent", name[0], version, "default", 0, "{}", "{}", name, name, name, "TallyAggregate"
        )
        snapshot = SnapshotRecord(name[0], version, "fingerprint", "{}", 0)
        event = TallyAddedEvent(identifier=name[0], amount=1)
        if aggregate is not None:
            aggregate.pending += 1
        self.publisher.stage(Staged(request, record, event, snapshot=snapshot, aggregate=aggregate))
        return request.reply

    def stage_refusal(self, name: str, aggregate: CachedAggregate, *, remembered: bool = False) -> PendingReply[object]:
        request = self.request(name)
        outcome = OutcomeRecord(name, name, 0, "tally.no", "no") if remembered else None
        self.publisher.stage(Staged(request, outcome=outcome, error=Rejection("tally.no", "no"), aggregate=aggregate))
        return request.reply


def in_a_scene(act: Callable[[Scene], Coroutine[object, object, None]]) -> None:
    async def run() -> None:
        scene = Scene()
        publishing = asyncio.ensure_future(scene.publisher.run())
        try:
            await act(scene)
        finally:
            publishing.cancel()

    asyncio.run(run())


def outcome_of(reply: PendingReply[object]) -> object:
    assert reply.done()
    error = reply.exception()
    if error is not None:
        return type(error)
    confirmation = reply.result()
    assert isinstance(confirmation, Confirmation)
    return confirmation.sequence_number


def test_what_comes_during_a_round_makes_up_the_next_one() -> None:
    async def act(scene: Scene) -> None:
        scene.store.gate.clear()
        first = scene.stage("a1")
        await scene.store.begun.wait()
        later = [scene.stage(name) for name in ("b1", "c1", "a2")]
        assert not first.done()
        assert not scene.publisher.idle

        scene.store.gate.set()
        await scene.publisher.stored()

        assert scene.store.batches == [["a1"], ["b1", "c1", "a2"]]
        assert [outcome_of(reply) for reply in (first, *later)] == [1, 2, 3, 4]
        assert scene.settled == ["a1", "b1", "c1", "a2"]
        assert scene.heads == [1, 4]
        assert [event.stored.sequence_number for event in scene.tail.read(0, 10) or ()] == [1, 2, 3, 4]
        assert [saved.aggregate_id for saved in scene.snapshots.saved] == ["a", "b", "c", "a"]
        assert scene.publisher.idle

    in_a_scene(act)


@pytest.mark.parametrize("error", [StoreUnavailableError("the disk is full"), ZeroDivisionError("a bug")])
def test_a_round_that_fails_takes_with_it_what_was_staged_on_top(error: Exception) -> None:
    async def act(scene: Scene) -> None:
        cached = CachedAggregate(1, None, "fingerprint")
        scene.store.gate.clear()
        scene.store.failures.append(error)
        replies = [scene.stage("a1", aggregate=cached)]
        await scene.store.begun.wait()
        replies += [scene.stage("a2", 2, cached), scene.stage_refusal("a3", cached), scene.stage("b1")]

        scene.store.gate.set()
        await scene.publisher.stored()

        assert [outcome_of(reply) for reply in replies] == [StoreUnavailableError] * 4
        assert (scene.store.batches, scene.heads, scene.tail.read(0, 10)) == ([], [], None)
        assert set(scene.dropped) == {"a", "b"}

    in_a_scene(act)


def test_a_failed_round_is_followed_by_rounds_that_work() -> None:
    async def act(scene: Scene) -> None:
        scene.store.failures.append(StoreUnavailableError("the disk is full"))
        lost = scene.stage("a1")
        await scene.publisher.stored()

        kept = scene.stage("a1")
        await scene.publisher.stored()

        assert [outcome_of(lost), outcome_of(kept)] == [StoreUnavailableError, 1]

    in_a_scene(act)


def test_whoever_lost_a_race_fails_alone_with_what_rests_on_it() -> None:
    async def act(scene: Scene) -> None:
        mine, other = CachedAggregate(1, None, "fingerprint"), CachedAggregate(1, None, "fingerprint")
        scene.store.gate.clear()
        scene.store.failures.append(ConcurrentAppendError("too late", aggregate_ids=["a"]))
        batch = [
            scene.stage("a1", aggregate=mine),
            scene.stage("b1", aggregate=other),
            scene.stage_refusal("a2", mine, remembered=True),
            scene.stage_refusal("b2", other, remembered=True),
        ]
        await scene.store.begun.wait()
        batch += [scene.stage("a3", 2, mine), scene.stage("b3", 2, other)]

        scene.store.gate.set()
        await scene.publisher.stored()

        assert [outcome_of(reply) for reply in batch] == [
            ConcurrentAppendError,
            1,
            ConcurrentAppendError,
            Rejection,
            ConcurrentAppendError,
            2,
        ]
        assert scene.store.batches == [["b1"], ["b3"]]
        assert scene.store.outcomes == ["b2"]
        assert set(scene.dropped) == {"a"}

    in_a_scene(act)


@pytest.mark.parametrize("failure", [StoreUnavailableError("the disk is full"), ZeroDivisionError("a bug")])
def test_snapshots_that_cannot_be_saved_are_only_reported(failure: Exception) -> None:
    async def act(scene: Scene) -> None:
        scene.snapshots.failure = failure
        replies = [scene.stage("a1"), scene.stage("b1")]

        await asyncio.sleep(0)
        replies.append(scene.stage("a2", 2))
        await scene.publisher.stored()

        assert [outcome_of(reply) for reply in replies] == [1, 2, 3]
        assert scene.warnings[0] == f"2 snapshots were not saved: {failure}"

    in_a_scene(act)


def test_unstored_events_are_counted_until_they_are_stored() -> None:
    async def act(scene: Scene) -> None:
        cached = CachedAggregate(0, None, "fingerprint")
        scene.store.gate.clear()
        scene.stage("a1", aggregate=cached)
        scene.stage("a2", 2, cached)
        await scene.store.begun.wait()
        during = cached.pending

        scene.store.gate.set()
        await scene.publisher.stored()

        assert (during, cached.pending) == (2, 0)

    in_a_scene(act)


def test_work_between_rounds_sees_everything_stored_and_nothing_being_stored() -> None:
    async def act(scene: Scene) -> None:
        order: list[str] = []

        async def work() -> None:
            order.append(f"began after {len(scene.store.batches)} rounds")
            scene.stage("b1")
            await asyncio.sleep(0)
            order.append(f"ended after {len(scene.store.batches)} rounds")

        scene.stage("a1")
        await scene.publisher.alone(work)
        await scene.publisher.stored()

        assert order == ["began after 1 rounds", "ended after 1 rounds"]
        assert scene.store.batches == [["a1"], ["b1"]]

    in_a_scene(act)


def test_work_between_rounds_that_fails_tells_whoever_asked_and_stops_nobody() -> None:
    async def act(scene: Scene) -> None:
        async def fails() -> None:
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await scene.publisher.alone(fails)
        reply = scene.stage("a1")
        await scene.publisher.stored()

        assert outcome_of(reply) == 1

    in_a_scene(act)


def test_waiting_for_nothing_returns() -> None:
    async def act(scene: Scene) -> None:
        await scene.publisher.stored()
        await scene.publisher.stored()

    in_a_scene(act)
