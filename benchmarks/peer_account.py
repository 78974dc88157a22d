"""The same domain in eventsourcing 9.5."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event

DEFAULT: Mapping[str, str] = {}
"""As it comes: every command rebuilds its aggregate from the stored events."""

BEST: Mapping[str, str] = {
    "AGGREGATE_CACHE_MAXSIZE": "100000",
    "AGGREGATE_CACHE_FASTFORWARD": "n",
    "DEEPCOPY_FROM_AGGREGATE_CACHE": "n",
}
"""The fastest it can be told to be: aggregates cached, used in place, never compared with the store."""


class Account(Aggregate):
    @event("Opened")
    def __init__(self, owner: str) -> None:
        self.owner = owner
        self.balance = 0

    @event("Credited")
    def credited(self, amount: int, reference: str) -> None:
        self.balance += amount

    def credit(self, amount: int, reference: str) -> None:
        if amount <= 0 or self.balance < 0:
            raise ValueError("an account is credited with a positive amount")
        self.credited(amount, reference)


class Accounts(Application[UUID]):
    def open(self, owner: str) -> UUID:
        account = Account(owner)
        self.save(account)
        return account.id

    def credit(self, account_id: UUID, amount: int, reference: str) -> None:
        account: Account = self.repository.get(account_id)
        account.credit(amount, reference)
        self.save(account)


def sqlite_accounts(path: Path, settings: Mapping[str, str]) -> Accounts:
    """On a SQLite file: write-ahead log, every commit synchronised."""
    return Accounts(
        env={"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(path), "SQLITE_LOCK_TIMEOUT": "60"}
        | dict(settings)
    )


def memory_accounts(settings: Mapping[str, str]) -> Accounts:
    """In plain Python objects."""
    return Accounts(env={"PERSISTENCE_MODULE": "eventsourcing.popo"} | dict(settings))
