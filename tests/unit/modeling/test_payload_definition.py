"""The rules a payload class keeps, and what a class that breaks one is told."""

import enum
import threading
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Generic, Optional, TypeVar
from uuid import UUID

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from recq_nb.errors import PayloadDefinitionError
from recq_nb.modeling.payload import (
    AggregateId,
    Command,
    DomainCommand,
    DomainEvent,
    Event,
    LockId,
    Payload,
    Query,
    ServiceCommand,
    ServiceEvent,
    View,
)
from recq_nb.modeling.payload_definition import (
    PayloadDefinition,
    PayloadKind,
    define_payload,
    is_payload_class,
    payload_types_in,
    unwrap_optional,
)

# Annotations are evaluated at once in this module, so that classes may be defined inside tests.

V = TypeVar("V")


class RoomView(View):
    number: int


class OpenCommand(DomainCommand):
    identifier: AggregateId


class OpenedEvent(DomainEvent):
    identifier: str


def test_a_domain_command_knows_its_aggregate_id_field() -> None:
    class BookCommand(DomainCommand):
        guest: str
        room: AggregateId
        hotel: LockId

    assert define_payload(BookCommand) == PayloadDefinition(
        "BookCommand", PayloadKind.DOMAIN_COMMAND, BookCommand, aggregate_id_field="room", lock_id_field="hotel"
    )


def test_a_query_knows_the_view_that_answers_it() -> None:
    class OneQuery(Query[RoomView]):
        number: int

    class ManyQuery(Query[list[RoomView]]):
        pass

    assert [define_payload(OneQuery), define_payload(ManyQuery)] == [
        PayloadDefinition("OneQuery", PayloadKind.QUERY, OneQuery, view_name="RoomView", view_type=RoomView),
        PayloadDefinition(
            "ManyQuery", PayloadKind.QUERY, ManyQuery, view_name="RoomView", view_type=RoomView, view_is_many=True
        ),
    ]


def test_the_other_kinds_are_told_apart() -> None:
    class PayCommand(ServiceCommand):
        account: LockId

    class PaidEvent(ServiceEvent):
        pass

    assert [define_payload(PayCommand), define_payload(PaidEvent), define_payload(RoomView)] == [
        PayloadDefinition("PayCommand", PayloadKind.SERVICE_COMMAND, PayCommand, lock_id_field="account"),
        PayloadDefinition("PaidEvent", PayloadKind.SERVICE_EVENT, PaidEvent),
        PayloadDefinition("RoomView", PayloadKind.VIEW, RoomView),
    ]


@pytest.mark.parametrize("annotation", [LockId | None, Optional[LockId]], ids=["LockId | None", "Optional[LockId]"])  # noqa: UP045  what older code writes
def test_a_lock_id_may_be_optional(annotation: Any) -> None:  # noqa: ANN401  any annotation may stand there
    class PayCommand(ServiceCommand):
        account: annotation = None

    assert define_payload(PayCommand).lock_id_field == "account"


def test_fields_of_every_usual_type_are_fine() -> None:
    class Colour(enum.Enum):
        RED = "red"

    class Part(BaseModel):
        weight: Decimal

    class PackedEvent(DomainEvent):
        parts: list[Part]
        colour: Colour
        when: datetime
        key: UUID
        raw: bytes
        tags: set[str] = Field(default_factory=set)
        note: str | None = None
        more: dict[str, tuple[int, ...]] = Field(default_factory=dict)

    assert define_payload(PackedEvent).kind is PayloadKind.DOMAIN_EVENT


# -- broken rules ------------------------------------------------------------------------------------------------------


def refusal(payload_type: type[Payload]) -> tuple[str, str | None]:
    with pytest.raises(PayloadDefinitionError) as refused:
        define_payload(payload_type)
    return refused.value.problem, refused.value.remedy


def test_a_domain_command_without_aggregate_id_is_refused() -> None:
    class BookCommand(DomainCommand):
        room: str

    assert refusal(BookCommand) == (
        "BookCommand has no AggregateId field; a domain command addresses exactly one aggregate.",
        "Mark the one field that names it: `identifier: AggregateId`.",
    )


def test_two_aggregate_ids_are_refused() -> None:
    class BookCommand(DomainCommand):
        room: AggregateId
        hotel: AggregateId

    assert refusal(BookCommand)[0] == (
        "BookCommand has 2 AggregateId fields (room, hotel); a domain command addresses exactly one aggregate."
    )


@pytest.mark.parametrize("annotation", [AggregateId | None, list[AggregateId]], ids=["optional", "nested"])
def test_an_optional_or_nested_aggregate_id_is_refused(annotation: Any) -> None:  # noqa: ANN401  any annotation may stand there
    class BookCommand(DomainCommand):
        room: annotation

    assert refusal(BookCommand) == (
        "BookCommand.room makes its AggregateId optional or nests it; a command addresses exactly one aggregate.",
        "Declare it plainly: `room: AggregateId`.",
    )


def test_two_lock_ids_are_refused() -> None:
    class PayCommand(ServiceCommand):
        payer: LockId
        payee: LockId

    assert refusal(PayCommand)[0] == "PayCommand has 2 LockId fields (payer, payee); one value serialises a command."


def test_a_nested_lock_id_is_refused() -> None:
    class PayCommand(ServiceCommand):
        accounts: list[LockId]

    assert refusal(PayCommand) == (
        "PayCommand.accounts nests its LockId; one value serialises a command.",
        "Declare it plainly: `accounts: LockId`, or `accounts: LockId | None = None`.",
    )


@pytest.mark.parametrize("annotation", [threading.Lock().__class__, Annotated[object, "x"]], ids=["a lock", "object"])
def test_a_field_that_cannot_be_written_as_json_is_refused_by_name(annotation: Any) -> None:  # noqa: ANN401  any annotation may stand there
    class SentEvent(DomainEvent):
        model_config = ConfigDict(arbitrary_types_allowed=True)

        fine: int
        handle: annotation

    problem, remedy = refusal(SentEvent)
    assert problem.startswith("SentEvent.handle ")
    assert remedy


def test_a_query_without_its_view_is_refused() -> None:
    class LostQuery(Query):  # type: ignore[type-arg]  # that is the mistake
        number: int

    class WrongQuery(Query[int]):
        pass

    class BareQuery(Query[View]):
        pass

    assert [refusal(LostQuery)[0], refusal(WrongQuery)[0], refusal(BareQuery)[0]] == [
        "LostQuery does not say which view answers it.",
        "WrongQuery asks for int; a query is answered with one view or a list of views.",
        "BareQuery asks for View; a query is answered with one view or a list of views.",
    ]


def test_a_payload_that_derives_from_no_kind_is_refused() -> None:
    class Loose(Payload):
        number: int

    class LooseEvent(Event):
        pass

    assert [refusal(Loose)[0], refusal(LooseEvent)[0]] == [
        "Loose is no payload a model can use; it derives from Payload directly.",
        "LooseEvent is no payload a model can use; it derives from Event directly.",
    ]


def test_a_payload_that_can_change_is_refused() -> None:
    class FluidEvent(DomainEvent):
        model_config = ConfigDict(frozen=False)

    assert refusal(FluidEvent) == (
        "FluidEvent is not frozen; payloads are immutable.",
        "Remove `frozen=False` from its model_config.",
    )


# -- instances ---------------------------------------------------------------------------------------------------------


def test_a_payload_is_immutable() -> None:
    command = OpenCommand(identifier="A")

    with pytest.raises(ValidationError, match="frozen"):
        command.identifier = "B"  # type: ignore[misc]  # that is the mistake


@pytest.mark.parametrize(
    "values",
    [{}, {"identifier": ""}, {"identifier": None}, {"identifier": 5}, {"identifier": "A", "unknown": 1}, {"id": "A"}],
    ids=str,
)
def test_a_command_with_missing_wrong_or_unknown_fields_cannot_be_made(values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        OpenCommand(**values)


@pytest.mark.parametrize("identifier", ["\ud800 first", "last \udfff"], ids=ascii)
def test_an_id_with_a_lone_surrogate_cannot_be_made(identifier: str) -> None:
    with pytest.raises(ValidationError):
        OpenCommand(identifier=identifier)


@pytest.mark.parametrize("context", ["", None, 5])
def test_an_event_needs_a_context_that_has_a_name(context: object) -> None:
    with pytest.raises(ValidationError):
        OpenedEvent(identifier="A", context=context)  # type: ignore[arg-type]  # that is the mistake


# -- annotations -------------------------------------------------------------------------------------------------------


def test_bases_and_generic_forms_are_no_payload_classes() -> None:
    class PageQuery(Query[V], Generic[V]):
        number: int

    none = [Payload, Command, Event, DomainCommand, Query, View, Query[RoomView], BaseModel, int, "OpenCommand", None]

    assert [is_payload_class(candidate) for candidate in none] == [False] * len(none)
    assert is_payload_class(OpenCommand)


def test_payloads_are_found_wherever_an_annotation_mentions_them() -> None:
    annotation = dict[str, OpenedEvent | tuple[OpenCommand, list[OpenedEvent]]] | None

    assert payload_types_in(annotation) == [OpenedEvent, OpenCommand]


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        (int | None, (int, True)),
        (Optional[int], (int, True)),  # noqa: UP045  what older code writes
        (int, (int, False)),
        (int | str | None, (int | str | None, False)),
        (None, (None, False)),
    ],
    ids=str,
)
def test_an_optional_annotation_is_unwrapped(annotation: object, expected: tuple[object, bool]) -> None:
    assert unwrap_optional(annotation) == expected
