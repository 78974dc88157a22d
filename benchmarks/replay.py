"""B4: a whole log read again, by a projector's handlers and by SQL."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from uuid import UUID

import duckdb

from benchmarks.account import (
    READ_SIDE,
    WRITE_SIDE,
    AccountCreditedEvent,
    AccountOpenedEvent,
    Balances,
)
from benchmarks.peer_account import DEFAULT, Account, Accounts, sqlite_accounts
from benchmarks.result import Limit, Result, Unit
from benchmarks.sample import Contestant, Sample, interleaved, median, median_ratio
from benchmarks.scale import Scale
from benchmarks.systems import amount, owner, reference
from recq_nb import Session, event_handler, projector

EVENTS_OF_ONE_ACCOUNT = 100
_FETCH = 1000
_SQL = """
    SELECT aggregate_id AS account_id, coalesce(sum((payload ->> 'amount')::BIGINT), 0)::BIGINT AS balance
    FROM recq.events GROUP BY aggregate_id
"""


def replaying(scale: Scale) -> list[Result]:
    """B4: one log, replayed by each."""
    count = scale.of(1_000_000 if scale.large else 200_000, at_least=EVENTS_OF_ONE_ACCOUNT)
    accounts = count // EVENTS_OF_ONE_ACCOUNT
    ours, peer = scale.folder / "b4.duckdb", scale.folder / "b4.sqlite"
    fill_ours(ours, accounts, EVENTS_OF_ONE_ACCOUNT)
    fill_peer(peer, accounts, EVENTS_OF_ONE_ACCOUNT)
    balances = Balances()
    with Session(ours, injector={Balances: balances}) as session:
        session.register(*WRITE_SIDE)
        app = sqlite_accounts(peer, DEFAULT)
        contestants: Mapping[str, Contestant] = {
            "dict": lambda number: _project_into(balances, session, _balance_projector(number), count),
            "table": lambda number: _project(session, _account_projector(number), count),
            "sql": lambda _: _by_sql(session, count),
            "peer": lambda _: _peer_replay(app, count),
        }
        rounds = interleaved(scale.rounds, contestants)
        app.close()

    def row(what: str, name: str, limit: Limit | None = None) -> Result:
        own, other = rounds[name], rounds["peer"]
        ratio = median_ratio(own, other, _rate)
        peer_rate = median(other, _rate)
        return Result("B4", what, Unit.PER_SECOND, median(own, _rate), peer_rate, "SQLite into a dict", ratio, limit)

    return [
        row(f"replay {count:,} events: projector into a dict", "dict", Limit(at_least=4)),
        row(f"replay {count:,} events: projector into its table", "table"),
        row(f"replay {count:,} events: SQL over recq.events", "sql", Limit(at_least=60)),
    ]


def _rate(sample: Sample) -> float:
    return sample.per_second


def fill_ours(path: Path, accounts: int, each: int) -> None:
    """A store with as many accounts, their events one round after the other."""
    with Session(path) as session:
        session.register(*WRITE_SIDE)
    connection = duckdb.connect(str(path))
    connection.execute(
        """
        INSERT INTO recq.events
        SELECT 1 + n, printf('6a0000000123456789%08x', 2 * n),
               CASE WHEN n < $1 THEN 'AccountOpenedEvent' ELSE 'AccountCreditedEvent' END,
               'ACCT_' || (n % $1), 1 + n // $1, 'default',
               make_timestamptz(1760000000000000 + 1000 * n),
               CASE WHEN n < $1
                    THEN printf('{"account_id":"ACCT_%d","owner":"owner %d"}', n % $1, n % $1)
                    ELSE printf('{"account_id":"ACCT_%d","amount":%d,"reference":"invoice %06d of the year 2025"}',
                                n % $1, 1 + n % 997, n) END,
               '{}', printf('6a0000000123456789%08x', 2 * n + 1), printf('6a0000000123456789%08x', 2 * n + 1),
               printf('6a0000000123456789%08x', 2 * n + 1), 'AccountAggregate'
        FROM range($2) rows (n) ORDER BY n
        """,
        [accounts, accounts * each],
    )
    connection.close()


def fill_peer(path: Path, accounts: int, each: int) -> None:
    """The same history; an account's events in one transaction."""
    app = sqlite_accounts(path, DEFAULT)
    for number in range(accounts):
        account = Account(owner(number))
        for credit in range(each - 1):
            account.credited(amount(credit), reference(number * each + credit))
        app.save(account)
    app.close()


def _balance_projector(number: int) -> type:
    """The balance projector as a new version, so that it starts at the beginning of the log."""

    @projector(version=number + 1)
    class BalanceProjector:
        def __init__(self, balances: Balances) -> None:
            self._balances = balances

        @event_handler
        def opened(self, event: AccountOpenedEvent) -> None:
            self._balances[event.account_id] = 0

        @event_handler
        def credited(self, event: AccountCreditedEvent) -> None:
            self._balances[event.account_id] += event.amount

    return BalanceProjector


def _account_projector(number: int) -> type:
    base: type = READ_SIDE[0]
    return projector(version=number + 1)(type("AccountProjector", (base,), {}))


def _project(session: Session, component: type, count: int) -> Sample:
    started = time.perf_counter()
    session.register(component)
    session.settled(timeout=600).result()
    seconds = time.perf_counter() - started
    session.unregister(component.__name__)
    return Sample(count, seconds)


def _project_into(balances: Balances, session: Session, component: type, count: int) -> Sample:
    """Into a dict, which has to hold what SQL says."""
    balances.clear()
    sample = _project(session, component, count)
    assert {str(account): balance for account, balance in session.sql(_SQL).rows()} == balances
    return sample


def _by_sql(session: Session, count: int) -> Sample:
    started = time.perf_counter()
    rows = session.sql(_SQL).arrow()
    seconds = time.perf_counter() - started
    assert rows.num_rows == count // EVENTS_OF_ONE_ACCOUNT
    return Sample(count, seconds)


def _peer_replay(app: Accounts, count: int) -> Sample:
    balances: dict[UUID, int] = {}
    started = time.perf_counter()
    position = 0
    while notifications := app.recorder.select_notifications(position, _FETCH, inclusive_of_start=False):
        for notification in notifications:
            change = app.mapper.to_domain_event(notification)
            if isinstance(change, Account.Opened):  # type: ignore[attr-defined]  # made by the decorator
                balances[change.originator_id] = 0
            else:
                balances[change.originator_id] += change.amount  # type: ignore[attr-defined]  # as above
        position = notifications[-1].id
    seconds = time.perf_counter() - started
    assert position == count
    return Sample(count, seconds)
