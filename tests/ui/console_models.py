"""Notebook cells for the console: a command with a field of every type, and one that is slow, fails, or is hostile."""

from __future__ import annotations

EVERY_TYPE = """%%recq_payload
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal
from uuid import UUID
from pydantic import BaseModel, Field

class Colour(Enum):
    RED = "red"
    BLUE = "blue"

class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int

class Dog(BaseModel):
    kind: Literal["dog"]
    name: str

class Node(BaseModel):
    name: str
    children: list["Node"] = []

class EverythingCommand(ServiceCommand):
    '''One field of every type.'''
    text: str = Field(min_length=2, description="at least two letters")
    count: int = Field(ge=1, le=9007199254740993)
    ratio: float = 0.5
    price: Decimal
    agreed: bool = False
    colour: Colour
    size: Literal["S", "M"] = "M"
    day: date
    moment: datetime
    hour: time
    wait: timedelta
    ident: UUID
    raw: bytes = b"x"
    tags: list[str]
    odd: set[int]
    pair: tuple[int, str]
    stock: dict[str, int]
    pet: Annotated[Cat | Dog, Field(discriminator="kind")]
    either: int | str
    note: str | None = None
    tree: Node
    anything: Any

class SlowCommand(ServiceCommand):
    pass

class BuggyCommand(ServiceCommand):
    pass

class HostileCommand(ServiceCommand):
    '''<img src=x onerror="document.title=1">'''
    text: str = "<img src=x onerror='document.title=1'>"

class KeptEvent(ServiceEvent):
    text: str
"""
SERVICE = """%%recq_component
import asyncio

@service
class Keeper:
    @command_handler
    def everything(self, command: EverythingCommand) -> KeptEvent:
        kept.append(command)
        return KeptEvent(text=command.text)

    @command_handler
    async def slow(self, command: SlowCommand) -> None:
        await asyncio.sleep(3)

    @command_handler
    def buggy(self, command: BuggyCommand) -> None:
        raise ValueError("<b>a bug</b>")

    @command_handler
    def hostile(self, command: HostileCommand) -> KeptEvent:
        return KeptEvent(text=command.text)
"""
SEARCH_PAYLOADS = """%%recq_payload
class TodoListSearchQuery(Query[list[TodoListView]]):
    name_like: str = ""
"""
SEARCH = """%%recq_component
@projection
class TodoListSearch:
    @query_handler
    def search(self, query: TodoListSearchQuery, rows: Table[TodoListRow]) -> list[TodoListView]:
        found = rows.where("contains(name, $like)", like=query.name_like)
        return [TodoListView(identifier=row.identifier, name=row.name) for row in found]
"""
