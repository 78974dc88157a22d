"""Starting afresh: the log and all that was made of it are gone, the model stays."""

# Annotations are evaluated at once in this module, so that components may be defined inside tests.

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from recq_nb import (
    Session,
)
from tests.domains import tally
from tests.domains.tally import (
    TallyAddCommand,
    TallyFindQuery,
    TallyOpenCommand,
    TallyView,
)
from tests.integration.tally_model import WAIT, settle


@pytest.fixture
def session() -> Iterator[Session]:
    """A session with one tally of five."""
    with Session() as running:
        running.register(tally)
        running.send(TallyOpenCommand(identifier="A")).result(WAIT)
        running.send(TallyAddCommand(identifier="A", amount=5)).result(WAIT)
        settle(running)
        yield running


def test_reset_empties_log_and_read_models_and_keeps_the_model(session: Session) -> None:
    session.send(TallyAddCommand(identifier="A"), command_id="before").result(WAIT)

    session.reset()

    assert session.status().head == 0
    assert [len(session.sql(f"from {table}")) for table in ("recq.events", "tally_row")] == [0, 0]
    opened = session.send(TallyOpenCommand(identifier="A"), command_id="before").result(WAIT)
    assert (opened.sequence_number, opened.version) == (1, 1)
    view = session.query(TallyFindQuery(identifier="A"), after=opened).result(WAIT)
    assert view == TallyView(identifier="A", total=0)


@pytest.mark.parametrize("store", ["memory", "file"])
def test_reset_under_fire_leaves_a_log_without_gaps(store: str, tmp_path: Any) -> None:  # noqa: ANN401  pytest's path
    stop = threading.Event()
    with Session("memory" if store == "memory" else tmp_path / "tally.duckdb") as session:
        session.register(tally)

        def fire(thread: int) -> None:
            place = 0
            while not stop.is_set():
                place += 1
                name = f"T{thread}.{place}"
                for command in (TallyOpenCommand(identifier=name), TallyAddCommand(identifier=name)):
                    try:
                        session.send(command).result(WAIT)
                    except (RuntimeError, TimeoutError):
                        raise
                    except Exception:  # noqa: BLE001  what a reset interrupts may be refused
                        pass

        threads = [threading.Thread(target=fire, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        for _ in range(10):
            session.reset()
        stop.set()
        for thread in threads:
            thread.join(WAIT)
        settle(session)

        numbers = [row[0] for row in session.sql("select sequence_number from recq.events order by all").rows()]
        assert numbers == list(range(1, len(numbers) + 1))
        assert session.status().head == len(numbers)
        versions = session.sql(
            "select aggregate_id from recq.events group by all having max(version) <> count(*) or min(version) <> 1"
        )
        assert versions.rows() == []
        projected = session.sql("select count(*), sum(total) from tally_row").rows()
        logged = session.sql(
            "select count(*) filter (event_name = 'TallyOpenedEvent'), "
            "count(*) filter (event_name = 'TallyAddedEvent') from recq.events"
        ).rows()
        assert [(count, total or 0) for count, total in projected] == logged
