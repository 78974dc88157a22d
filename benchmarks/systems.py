"""The two systems under load: fresh accounts for every round, and one command to each client's account."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import UUID

from benchmarks import swift_page
from benchmarks.account import WRITE_SIDE, AccountCreditCommand, AccountOpenCommand
from benchmarks.clients import awaited_at_once, awaited_in_turn, called_at_once, called_in_turn
from benchmarks.peer_account import Accounts, memory_accounts, sqlite_accounts
from benchmarks.sample import Sample
from recq_nb import Confirmation, Reply, Session

COMMANDS_TO_ONE_ACCOUNT = 20
"""Every account gets so many commands in a round, and none after it: the histories the peer reads stay ordinary."""


_AT_ONCE = 2048


def accounts_for(commands: int) -> int:
    return max(commands // COMMANDS_TO_ONE_ACCOUNT, 1)


def owner(number: int) -> str:
    return f"owner {number}"


def amount(number: int) -> int:
    return number % 997 + 1


def reference(number: int) -> str:
    return f"invoice {number:06d} of the year 2025"


class OurSystem:
    """A session with the account model; closed with the block."""

    def __init__(
        self, store: str | Path = "memory", components: tuple[type, ...] = WRITE_SIDE, *, record: bool = True
    ) -> None:
        self.session = Session(store, record=record)
        self.session.register(*components)
        self._accounts: list[list[str]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.session.close()

    def open_accounts(self, prefix: str, clients: int, each: int = 1) -> None:
        """New accounts, as many for each client."""
        self._accounts = [[f"ACCT_{prefix}_{client}_{n}" for n in range(each)] for client in range(clients)]
        names = [account_id for accounts in self._accounts for account_id in accounts]

        async def open_some(first: int) -> None:
            some = enumerate(names[first : first + _AT_ONCE], first)
            commands = [AccountOpenCommand(account_id=account_id, owner=owner(n)) for n, account_id in some]
            await asyncio.gather(*(self.session.send(command) for command in commands))

        for first in range(0, len(names), _AT_ONCE):
            asyncio.run(open_some(first))

    def send(self, client: int, command: int) -> Reply[Confirmation]:
        """Send a client's next command, to one of its accounts."""
        accounts = self._accounts[client]
        return self.session.send(
            AccountCreditCommand(
                account_id=accounts[command % len(accounts)], amount=amount(command), reference=reference(command)
            )
        )

    def call(self, client: int, command: int) -> object:
        """The same, waiting for the reply."""
        return self.send(client, command).result()

    def one_client(self, round_number: int, count: int) -> Sample:
        """Send one after the other, as a cell does."""
        self.open_accounts(f"one{round_number}", 1, accounts_for(count))
        return awaited_in_turn(self.send, count)

    def in_flight(self, round_number: int, clients: int, count: int) -> Sample:
        """Send from many coroutines of one loop."""
        self.open_accounts(f"many{round_number}", clients, accounts_for(count // clients))
        return awaited_at_once(self.send, clients, count)

    def watched(self, round_number: int, clients: int, count: int) -> Sample:
        """The same while a page looks at the flow, which acknowledges at once."""
        self.open_accounts(f"watched{round_number}", clients, accounts_for(count // clients))
        with swift_page.watched(self.session):
            return awaited_at_once(self.send, clients, count)

    def threads(self, round_number: int, clients: int, count: int) -> Sample:
        """Send from many threads."""
        self.open_accounts(f"threads{round_number}", clients, accounts_for(count // clients))
        return called_at_once(self.call, clients, count)


class PeerSystem:
    """An eventsourcing application; closed with the block."""

    def __init__(self, store: Path | None, settings: Mapping[str, str]) -> None:
        self.accounts: Accounts = memory_accounts(settings) if store is None else sqlite_accounts(store, settings)
        self._accounts: list[list[UUID]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.accounts.close()

    def open_accounts(self, clients: int, each: int) -> None:
        """New accounts, as many for each client: two threads on one account would conflict."""
        self._accounts = [[self.accounts.open(owner(n)) for n in range(each)] for _ in range(clients)]

    def call(self, client: int, command: int) -> None:
        """Do a client's next command, on one of its accounts."""
        accounts = self._accounts[client]
        self.accounts.credit(accounts[command % len(accounts)], amount(command), reference(command))

    def one_client(self, _round_number: int, count: int) -> Sample:
        """Do one after the other."""
        self.open_accounts(1, accounts_for(count))
        return called_in_turn(self.call, count)

    def threads(self, _round_number: int, clients: int, count: int) -> Sample:
        """Do them in many threads."""
        self.open_accounts(clients, accounts_for(count // clients))
        return called_at_once(self.call, clients, count)
