"""The tally system in a session, for tests that look at what becomes of its events."""

# Annotations are evaluated at once in this module, so that components may be defined inside functions.

import threading

from recq_nb import Session, Table, event_handler, projector
from tests.domains import tally
from tests.domains.tally import TallyFindQuery, TallyOpenCommand, TallyOpenedEvent, TallyRow

WAIT = 30.0


def settle(session: Session) -> None:
    """Wait until nothing moves any more."""
    session.settled(timeout=WAIT).result(WAIT)


def opened(session: Session, *names: str) -> int:
    """Open tallies of these names; returns the place of the last one."""
    return [session.send(TallyOpenCommand(identifier=name)).result(WAIT).sequence_number for name in names][-1]


def total(session: Session) -> object:
    """What the newest read model says of tally A."""
    after = session.status().head
    return session.query(TallyFindQuery(identifier="A"), after=after).result(WAIT).total


class BlockedProjector:
    """The tally projector, behind a gate."""

    def __init__(self) -> None:
        gate = self.gate = threading.Event()

        @projector
        class TallyProjector(tally.TallyProjector):
            @event_handler
            def opened(self, event: TallyOpenedEvent, rows: Table[TallyRow]) -> None:
                assert gate.wait(WAIT)
                rows.upsert(TallyRow(identifier=event.identifier))

        self.component = TallyProjector
