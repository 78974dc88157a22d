"""Locks by id: commands with one lock id are handled one after the other, and a deadlock is refused, not waited for."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from recq_nb.errors import DeadlockError
from recq_nb.ports.message_transport import HeldLock, Request


class _Waiting:
    __slots__ = ("request", "resume")

    def __init__(self, request: Request, resume: Callable[[], None]) -> None:
        self.request = request
        self.resume = resume


class LockTable:
    """First come, first served, per lock id. Holds nothing for ids nobody uses.

    A request's ``chain`` names the locks its causal ancestors hold while they wait for it. Wanting one of them, or one
    whose holder (through other waiting chains) waits for one of them, can never be granted: it fails at once.
    """

    def __init__(self) -> None:
        self._held: dict[str, deque[_Waiting]] = {}
        self._ready: deque[Callable[[], None]] = deque()
        self._resuming = False

    def acquire(self, lock_id: str, request: Request, resume: Callable[[], None]) -> bool:
        """Take a lock, or line up for it.

        Args:
            lock_id: What to lock.
            request: Who wants it.
            resume: Called, with the lock taken, when it becomes free.

        Returns:
            True if the lock was taken at once; ``resume`` is then not called.

        Raises:
            DeadlockError: It could never be granted.
        """
        queue = self._held.get(lock_id)
        if queue is None:
            self._held[lock_id] = deque()
            return True
        if request.chain:
            self._refuse_deadlock(lock_id, request)
        queue.append(_Waiting(request, resume))
        return False

    def release(self, lock_id: str) -> None:
        """Give a lock back; whoever waits first is resumed with it."""
        queue = self._held[lock_id]
        if not queue:
            del self._held[lock_id]
            return
        self._ready.append(queue.popleft().resume)
        if self._resuming:  # whoever was resumed releases in turn: a loop, not a recursion as deep as the queue
            return
        self._resuming = True
        try:
            while self._ready:
                self._ready.popleft()()
        finally:
            self._resuming = False

    def is_held(self, lock_id: str) -> bool:
        """Whether somebody holds it."""
        return lock_id in self._held

    def __len__(self) -> int:
        return len(self._held)

    def _refuse_deadlock(self, lock_id: str, request: Request) -> None:
        own = {held.lock_id for held in request.chain}
        if lock_id in own:
            raise self._deadlock(lock_id, request, "its own chain holds it")
        waits_for: dict[str, set[str]] = {}
        for wanted, queue in self._held.items():
            for waiting in queue:
                for held in waiting.request.chain:
                    waits_for.setdefault(held.lock_id, set()).add(wanted)
        reached, frontier = {lock_id}, [lock_id]
        while frontier:
            for following in waits_for.get(frontier.pop(), ()):
                if following in own:
                    raise self._deadlock(
                        lock_id, request, f"its holder waits for {following!r}, which this chain holds"
                    )
                if following not in reached:
                    reached.add(following)
                    frontier.append(following)

    @staticmethod
    def _deadlock(lock_id: str, request: Request, reason: str) -> DeadlockError:
        chain: tuple[HeldLock, ...] = request.chain
        names = (*(f"{held.payload_name}({held.lock_id})" for held in chain), f"{request.message.name}({lock_id})")
        return DeadlockError(
            f"{request.message.name} would wait for the lock {lock_id!r} forever: {reason} ({' → '.join(names)}).",
            remedy="Do not send to an aggregate from a handler that already holds it; react to the event in a saga "
            "instead.",
            chain=(*(held.payload_name for held in chain), request.message.name),
        )
