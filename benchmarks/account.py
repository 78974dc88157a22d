"""The measured domain in recq_nb: an account that is opened once and credited often."""

from __future__ import annotations

from recq_nb import (
    AggregateId,
    AggregateState,
    DomainCommand,
    DomainEvent,
    Key,
    Query,
    ReadModel,
    Table,
    View,
    aggregate,
    aggregate_command_handler,
    event_handler,
    event_sourcing_handler,
    projection,
    projector,
    query_handler,
    reject,
)


class AccountOpenCommand(DomainCommand):
    account_id: AggregateId
    owner: str


class AccountCreditCommand(DomainCommand):
    account_id: AggregateId
    amount: int
    reference: str


class AccountOpenedEvent(DomainEvent):
    account_id: str
    owner: str


class AccountCreditedEvent(DomainEvent):
    account_id: str
    amount: int
    reference: str


class AccountState(AggregateState):
    balance: int = 0


@aggregate
class AccountAggregate:
    @aggregate_command_handler(init=True)
    def open(self, command: AccountOpenCommand) -> AccountOpenedEvent:
        return AccountOpenedEvent(account_id=command.account_id, owner=command.owner)

    @aggregate_command_handler
    def credit(self, command: AccountCreditCommand, state: AccountState) -> AccountCreditedEvent:
        if command.amount <= 0 or state.balance < 0:
            reject("account.amount", "an account is credited with a positive amount")
        return AccountCreditedEvent(account_id=command.account_id, amount=command.amount, reference=command.reference)

    @event_sourcing_handler
    def opened(self, _event: AccountOpenedEvent) -> AccountState:
        return AccountState()

    @event_sourcing_handler
    def credited(self, event: AccountCreditedEvent, state: AccountState) -> AccountState:
        state.balance += event.amount
        return state


class AccountRow(ReadModel):
    account_id: Key[str]
    owner: str
    balance: int


class AccountView(View):
    account_id: str
    owner: str
    balance: int


class AccountFindQuery(Query[AccountView]):
    account_id: str


class AccountListQuery(Query[list[AccountView]]):
    pass


@projector(version=1)
class AccountProjector:
    @event_handler
    def opened(self, event: AccountOpenedEvent, rows: Table[AccountRow]) -> None:
        rows.upsert(AccountRow(account_id=event.account_id, owner=event.owner, balance=0))

    @event_handler
    def credited(self, event: AccountCreditedEvent, rows: Table[AccountRow]) -> None:
        row = rows.get(event.account_id)
        assert row is not None
        rows.update(event.account_id, balance=row.balance + event.amount)


@projection
class AccountProjection:
    @query_handler
    def find(self, query: AccountFindQuery, rows: Table[AccountRow]) -> AccountView:
        row = rows.get(query.account_id)
        assert row is not None
        return AccountView(account_id=row.account_id, owner=row.owner, balance=row.balance)

    @query_handler
    def all(self, _query: AccountListQuery, rows: Table[AccountRow]) -> list[AccountView]:
        return [AccountView(account_id=row.account_id, owner=row.owner, balance=row.balance) for row in rows]


class Balances(dict[str, int]):
    """A read model that is a plain dict, as the peer's replay fills one; injected into ``BalanceProjector``."""


@projector(version=1)
class BalanceProjector:
    def __init__(self, balances: Balances) -> None:
        self._balances = balances

    @event_handler
    def opened(self, event: AccountOpenedEvent) -> None:
        self._balances[event.account_id] = 0

    @event_handler
    def credited(self, event: AccountCreditedEvent) -> None:
        self._balances[event.account_id] += event.amount


WRITE_SIDE = (AccountAggregate,)
READ_SIDE = (AccountProjector, AccountProjection)
