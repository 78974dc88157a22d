"""Order, stock and payment: a saga reserves, charges and confirms; it gives back what it took when the model says no.

Money and units are conserved: a unit is free or reserved, money is in the account or charged.
"""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from recq_nb import (
    AggregateId,
    AggregateState,
    CommandGateway,
    CommandScheduler,
    Confirmation,
    DomainCommand,
    DomainEvent,
    Rejection,
    Reply,
    SagaState,
    ServiceCommand,
    aggregate,
    aggregate_command_handler,
    command_handler,
    event_handler,
    event_sourcing_handler,
    observer,
    reject,
    saga,
    saga_event_handler,
    service,
)

HOLD = timedelta(seconds=1)


# -- orders --------------------------------------------------------------------------------------------------------


class OrderPlaceCommand(DomainCommand):
    order_id: AggregateId
    item_id: str
    account_id: str
    units: int
    price: int


class OrderConfirmCommand(DomainCommand):
    order_id: AggregateId


class OrderRejectCommand(DomainCommand):
    order_id: AggregateId
    reason: str


class OrderPlacedEvent(DomainEvent):
    order_id: str
    item_id: str
    account_id: str
    units: int
    price: int


class OrderConfirmedEvent(DomainEvent):
    order_id: str


class OrderRejectedEvent(DomainEvent):
    order_id: str
    reason: str


class OrderState(AggregateState):
    decided: bool = False


@aggregate
class Order:
    @aggregate_command_handler(init=True)
    def place(self, command: OrderPlaceCommand) -> OrderPlacedEvent:
        return OrderPlacedEvent(
            order_id=command.order_id,
            item_id=command.item_id,
            account_id=command.account_id,
            units=command.units,
            price=command.price,
        )

    @aggregate_command_handler
    def confirm(self, command: OrderConfirmCommand, state: OrderState) -> OrderConfirmedEvent:
        if state.decided:
            reject("order.decided", "the order is decided already")
        return OrderConfirmedEvent(order_id=command.order_id)

    @aggregate_command_handler
    def refuse(self, command: OrderRejectCommand, state: OrderState) -> OrderRejectedEvent:
        if state.decided:
            reject("order.decided", "the order is decided already")
        return OrderRejectedEvent(order_id=command.order_id, reason=command.reason)

    @event_sourcing_handler
    def placed(self, _event: OrderPlacedEvent) -> OrderState:
        return OrderState()

    @event_sourcing_handler
    def confirmed(self, _event: OrderConfirmedEvent) -> OrderState:
        return OrderState(decided=True)

    @event_sourcing_handler
    def rejected(self, _event: OrderRejectedEvent) -> OrderState:
        return OrderState(decided=True)


# -- stock ---------------------------------------------------------------------------------------------------------


class StockOpenCommand(DomainCommand):
    item_id: AggregateId
    units: int


class StockReserveCommand(DomainCommand):
    item_id: AggregateId
    order_id: str
    units: int


class StockReleaseCommand(DomainCommand):
    item_id: AggregateId
    order_id: str


class StockOpenedEvent(DomainEvent):
    item_id: str
    units: int


class StockReservedEvent(DomainEvent):
    item_id: str
    order_id: str
    units: int


class StockReleasedEvent(DomainEvent):
    item_id: str
    order_id: str
    units: int


class StockState(AggregateState):
    free: int = 0
    reserved: dict[str, int] = Field(default_factory=dict)


@aggregate(snapshot_frequency=50)
class Stock:
    @aggregate_command_handler(init=True)
    def open(self, command: StockOpenCommand) -> StockOpenedEvent:
        return StockOpenedEvent(item_id=command.item_id, units=command.units)

    @aggregate_command_handler(remember_rejections=True)
    def reserve(self, command: StockReserveCommand, state: StockState) -> StockReservedEvent:
        if command.order_id in state.reserved:
            reject("stock.reserved", f"{command.order_id} has its units already")
        if state.free < command.units:
            reject("stock.short", f"only {state.free} left")
        return StockReservedEvent(item_id=command.item_id, order_id=command.order_id, units=command.units)

    @aggregate_command_handler
    def release(self, command: StockReleaseCommand, state: StockState) -> StockReleasedEvent:
        if command.order_id not in state.reserved:
            reject("stock.not_reserved", f"{command.order_id} holds nothing")
        return StockReleasedEvent(
            item_id=command.item_id, order_id=command.order_id, units=state.reserved[command.order_id]
        )

    @event_sourcing_handler
    def opened(self, event: StockOpenedEvent) -> StockState:
        return StockState(free=event.units, reserved={})

    @event_sourcing_handler
    def took(self, event: StockReservedEvent, state: StockState) -> None:
        state.free -= event.units
        state.reserved[event.order_id] = event.units

    @event_sourcing_handler
    def gave_back(self, event: StockReleasedEvent, state: StockState) -> None:
        state.free += event.units
        del state.reserved[event.order_id]


# -- accounts ------------------------------------------------------------------------------------------------------


class AccountOpenCommand(DomainCommand):
    account_id: AggregateId
    money: int


class AccountChargeCommand(DomainCommand):
    account_id: AggregateId
    order_id: str
    amount: int


class AccountRefundCommand(DomainCommand):
    account_id: AggregateId
    order_id: str


class AccountOpenedEvent(DomainEvent):
    account_id: str
    money: int


class AccountChargedEvent(DomainEvent):
    account_id: str
    order_id: str
    amount: int


class AccountRefundedEvent(DomainEvent):
    account_id: str
    order_id: str
    amount: int


class AccountState(AggregateState):
    money: int = 0
    charged: dict[str, int] = Field(default_factory=dict)


@aggregate(snapshot_frequency=50)
class Account:
    @aggregate_command_handler(init=True)
    def open(self, command: AccountOpenCommand) -> AccountOpenedEvent:
        return AccountOpenedEvent(account_id=command.account_id, money=command.money)

    @aggregate_command_handler(remember_rejections=True)
    def charge(self, command: AccountChargeCommand, state: AccountState) -> AccountChargedEvent:
        if state.money < command.amount:
            reject("account.insufficient", f"only {state.money} left")
        return AccountChargedEvent(account_id=command.account_id, order_id=command.order_id, amount=command.amount)

    @aggregate_command_handler
    def refund(self, command: AccountRefundCommand, state: AccountState) -> AccountRefundedEvent:
        if command.order_id not in state.charged:
            reject("account.not_charged", f"{command.order_id} has not been charged")
        return AccountRefundedEvent(
            account_id=command.account_id, order_id=command.order_id, amount=state.charged[command.order_id]
        )

    @event_sourcing_handler
    def opened(self, event: AccountOpenedEvent) -> AccountState:
        return AccountState(money=event.money, charged={})

    @event_sourcing_handler
    def took(self, event: AccountChargedEvent, state: AccountState) -> None:
        state.money -= event.amount
        state.charged[event.order_id] = state.charged.get(event.order_id, 0) + event.amount

    @event_sourcing_handler
    def gave_back(self, event: AccountRefundedEvent, state: AccountState) -> None:
        state.money += event.amount
        del state.charged[event.order_id]


# -- the saga ------------------------------------------------------------------------------------------------------


class CheckoutState(SagaState):
    item_id: str = ""


@saga(version=1, start="first")
class Checkout:
    """Reserve, charge, confirm; release and reject, or refund, when the model says no.

    Reserving and charging remember their rejections, so that an order handled again takes the path it took before.
    """

    @saga_event_handler(init=True, association_property="order_id")
    async def placed(self, event: OrderPlacedEvent, commands: CommandGateway) -> CheckoutState:
        state = CheckoutState(item_id=event.item_id)
        state.associate("order_id", event.order_id)
        try:
            await commands.send(StockReserveCommand(item_id=event.item_id, order_id=event.order_id, units=event.units))
        except Rejection as no:
            await self._unless_done(commands.send(OrderRejectCommand(order_id=event.order_id, reason=no.code)))
            return state
        try:
            await commands.send(
                AccountChargeCommand(account_id=event.account_id, order_id=event.order_id, amount=event.price)
            )
        except Rejection as no:
            await self._unless_done(commands.send(StockReleaseCommand(item_id=event.item_id, order_id=event.order_id)))
            await self._unless_done(commands.send(OrderRejectCommand(order_id=event.order_id, reason=no.code)))
            return state
        try:
            await commands.send(OrderConfirmCommand(order_id=event.order_id))
        except Rejection:  # its hold has expired meanwhile
            await commands.send(AccountRefundCommand(account_id=event.account_id, order_id=event.order_id))
        return state

    @staticmethod
    async def _unless_done(reply: Reply[Confirmation]) -> None:
        try:
            await reply
        except Rejection as no:
            if no.code not in ("order.decided", "stock.not_reserved"):  # the hold has expired, which did it
                raise

    @saga_event_handler(association_property="order_id")
    def confirmed(self, _event: OrderConfirmedEvent, state: CheckoutState) -> None:
        state.ended = True

    @saga_event_handler(association_property="order_id")
    def rejected(self, _event: OrderRejectedEvent, state: CheckoutState) -> None:
        state.ended = True


# -- telling the customer ------------------------------------------------------------------------------------------


class NotificationSendCommand(ServiceCommand):
    order_id: str
    text: str


class Outbox:
    """What left the system; stands for a mail server."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []


@service
class NotificationService:
    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    @command_handler
    def send(self, command: NotificationSendCommand) -> None:
        self._outbox.sent.append((command.order_id, command.text))


@observer(start="first")
class OrderObserver:
    @event_handler
    async def confirmed(self, event: OrderConfirmedEvent, commands: CommandGateway) -> None:
        await commands.send(NotificationSendCommand(order_id=event.order_id, text="confirmed"))

    @event_handler
    async def rejected(self, event: OrderRejectedEvent, commands: CommandGateway) -> None:
        await commands.send(NotificationSendCommand(order_id=event.order_id, text=event.reason))


# -- a hold that expires -------------------------------------------------------------------------------------------


class HoldState(SagaState):
    item_id: str = ""


@saga(version=1, start="first")
class HoldExpiry:
    """Rejects an order that is not decided within a second of its reservation, and gives its units back."""

    @saga_event_handler(init=True, association_property="order_id")
    def reserved(self, event: StockReservedEvent, scheduler: CommandScheduler) -> HoldState:
        scheduler.schedule(OrderRejectCommand(order_id=event.order_id, reason="hold.expired"), after=HOLD)
        state = HoldState(item_id=event.item_id)
        state.associate("order_id", event.order_id)
        return state

    @saga_event_handler(association_property="order_id")
    def confirmed(self, _event: OrderConfirmedEvent, state: HoldState) -> None:
        state.ended = True

    @saga_event_handler(association_property="order_id")
    async def rejected(self, event: OrderRejectedEvent, state: HoldState, commands: CommandGateway) -> None:
        try:
            await commands.send(StockReleaseCommand(item_id=state.item_id, order_id=event.order_id))
        except Rejection as no:
            if no.code != "stock.not_reserved":
                raise
        state.ended = True
