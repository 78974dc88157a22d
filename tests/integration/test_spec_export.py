"""Exported specifications: whatever of the notebook they use comes along, and the file passes in plain pytest."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from recq_nb import MagicUsageError
from tests.integration.notebook_shell import TODO_COMPONENTS, TODO_PAYLOADS, Notebook

NOTEBOOKS = sorted((Path(__file__).parent.parent.parent / "notebooks").glob("*.ipynb"))
ACCOUNT = """%%recq_payload
class AccountOpenCommand(DomainCommand):
    account_id: AggregateId
    amount: int

class AccountOpenedEvent(DomainEvent):
    account_id: str
    amount: int
"""
ACCOUNT_AGGREGATE = """%%recq_component
class AccountState(AggregateState):
    amount: int = 0

@aggregate
class Account:
    @aggregate_command_handler(init=True)
    def open(self, command: AccountOpenCommand) -> AccountOpenedEvent:
        return AccountOpenedEvent(account_id=command.account_id, amount=net(command.amount))

    @event_sourcing_handler
    def opened(self, event: AccountOpenedEvent) -> AccountState:
        return AccountState(amount=event.amount)
"""
OPENED = """%%recq_spec an account is opened
specification(Account).when(AccountOpenCommand(account_id="A", amount=100)).then(
    AccountOpenedEvent(account_id="A", amount={amount})
)
"""


def export(notebook: Notebook, cells: Sequence[str], path: Path) -> BaseException | None:
    """Run the cells, which must not fail, and export; what that fails with."""
    for cell in cells:
        error = notebook.run(cell).error
        assert error is None, (cell, error)
    return notebook.run(f"%recq specs export '{path}'").error


def pytest_says(path: Path) -> tuple[int, str]:
    """The exit status and the output of plain pytest on a file, away from this project."""
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-c", "/dev/null", "-p", "no:cacheprovider", str(path)],
        cwd=path.parent,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        check=False,
    )
    return ran.returncode, ran.stdout + ran.stderr


HELPERS = [
    "%load_ext recq_nb\nfrom datetime import timedelta\nimport math, json as text",
    "unused = object()\nimport IPython.display",
    "FEE = 3\nRATES = {'net': 2}",
    "RATES['net'] = FEE\nRATES.update(gross=1)",
    "def rounded(amount):\n    return math.floor(amount) - offset()",
    "def net(amount):\n    return rounded(amount) - RATES['net']",
    "def offset():\n    return 0",
    ACCOUNT,
    ACCOUNT_AGGREGATE,
]


def test_what_definitions_and_specifications_use_of_plain_cells_comes_along(notebook: Notebook, tmp_path: Path) -> None:
    path = tmp_path / "test_account.py"
    spec = OPENED.format(amount="EXPECTED")

    assert export(notebook, [*HELPERS, "EXPECTED = net(100)", spec], path) is None

    text = path.read_text(encoding="utf-8")
    assert pytest_says(path)[0] == 0, pytest_says(path)
    assert "unused" not in text
    assert "timedelta" not in text
    assert "load_ext" not in text


AWKWARD: dict[str, list[str]] = {
    "a helper that is defined again after its users": [
        "def net(amount):\n    return amount - 1",
        ACCOUNT,
        ACCOUNT_AGGREGATE,
        "FEE = 7",
        "def net(amount, fee=FEE):\n    return amount - fee",
        OPENED.format(amount=93),
    ],
    "payloads that are defined again after their component": [
        "def net(amount): return amount",
        ACCOUNT,
        ACCOUNT_AGGREGATE,
        ACCOUNT,
        OPENED.format(amount=100),
    ],
    "a class of a plain cell as base and as field": [
        "import enum\nfrom typing import Annotated",
        "class Kind(str, enum.Enum):\n    OPEN = 'open'",
        "class Base:\n    def kind(self): return Kind.OPEN",
        "def net(amount): return amount",
        ACCOUNT,
        ACCOUNT_AGGREGATE.replace("class Account:", "class Account(Base):").replace(
            "        return AccountOpenedEvent(",
            "        assert self.kind() is Kind.OPEN\n        return AccountOpenedEvent(",
        ),
        OPENED.format(amount=100),
    ],
    "annotations that are text": [
        "from __future__ import annotations\ndef net(amount: Money) -> Money: return amount\nMoney = int",
        ACCOUNT.replace("amount: int", "amount: Money"),
        ACCOUNT_AGGREGATE.replace("command: AccountOpenCommand", "command: 'AccountOpenCommand'"),
        OPENED.format(amount=100),
    ],
    "a specification that awaits": [
        "import asyncio",
        "async def later(value):\n    await asyncio.sleep(0)\n    return value",
        "def net(amount): return amount",
        ACCOUNT,
        ACCOUNT_AGGREGATE,
        OPENED.format(amount="await later(100)").replace("an account", "an account that awaits"),
        (
            "%%recq_spec asynchronous loops\nasync def numbers():\n    yield 100\nasync for number in numbers():\n"
            "    specification(Account).when(AccountOpenCommand(account_id='A', amount=number)).then("
            "AccountOpenedEvent(account_id='A', amount=[one async for one in numbers()][0]))"
        ),
    ],
    "names that one specification leaves to the next, and takes from plain cells": [
        "def net(amount): return amount\nbalance = 50",
        ACCOUNT,
        ACCOUNT_AGGREGATE,
        (
            "%%recq_spec first\nbalance = balance + 50\nexpected = AccountOpenedEvent(account_id='A', amount=balance)\n"
            "specification(Account).when(AccountOpenCommand(account_id='A', amount=balance)).then(expected)"
        ),
        (
            "%%recq_spec second\nbalance = 1\nspecification(Account).when("
            "AccountOpenCommand(account_id='B', amount=balance)).then("
            "expected.model_copy(update={'amount': 1, 'account_id': 'B'}))"
        ),
    ],
    "star imports, a fallback import, a registration and a loop": [
        "from math import *\ntry:\n    import no_such_module as codec\nexcept ImportError:\n    codec = None",
        "from functools import singledispatch, cache\n@singledispatch\ndef fee(value): return 0",
        "@fee.register\ndef _(value: int): return floor(2.5)",
        "@cache\ndef unrelated(): return get_ipython()",
        "TABLE = {}\nfor n in range(3):\n    TABLE[n] = n",
        "def net(amount): return amount - fee(amount) - TABLE[2] - (codec is not None)",
        ACCOUNT,
        ACCOUNT_AGGREGATE,
        "%%recq_spec from decimal\nfrom decimal import *\n"
        + OPENED.format(amount="int(Decimal(96))").partition("\n")[2],
    ],
    "a cell that failed, a trace, a timed cell and something shown": [
        "%%time\nfrom datetime import timedelta",
        "%%recq_trace\ndef net(amount): return amount - 1",
        "display(net)\nrecq",
        ACCOUNT,
        ACCOUNT_AGGREGATE,
        "%%recq_spec shown\ndisplay(net)\n" + OPENED.format(amount="99").partition("\n")[2],
    ],
    "names and texts that need care": [
        "def net(amount):\n    '''Two\n    lines.'''\n    return amount if 'Two\\n    l' in net.__doc__ else 0",
        ACCOUNT,
        ACCOUNT_AGGREGATE,
        '%%recq_spec "quoted" \\back — заказ\nnote = """one\n  two"""\nassert len(note) == 9\n'
        + OPENED.format(amount="100").partition("\n")[2],
        "%%recq_spec заказ\n" + OPENED.format(amount="100").partition("\n")[2],
    ],
}


@pytest.mark.parametrize("cells", AWKWARD.values(), ids=AWKWARD.keys())
def test_awkward_notebooks_export_to_files_that_pass(cells: list[str], notebook: Notebook, tmp_path: Path) -> None:
    path = tmp_path / "test_account.py"

    assert export(notebook, cells, path) is None

    status, output = pytest_says(path)
    assert status == 0, output + path.read_text(encoding="utf-8")


def test_what_a_failed_cell_did_not_do_does_not_come_along(notebook: Notebook, tmp_path: Path) -> None:
    path = tmp_path / "test_account.py"
    notebook.run("def net(amount): return amount")
    assert notebook.run("limit = 1\n1 / 0\ndef net(amount): return 'never made'").error is not None

    assert export(notebook, [ACCOUNT, ACCOUNT_AGGREGATE, OPENED.format(amount="100 * limit")], path) is None

    assert pytest_says(path)[0] == 0
    assert "never made" not in path.read_text(encoding="utf-8")


REFUSED = {
    "magic": (
        "from IPython.core.magic import register_line_magic\n@register_line_magic\ndef get(_): return abs\nnet = %get",
        "net uses a magic",
        "plain Python",
    ),
    "run": ("exec('def net(amount): return amount')", "net", "a cell before"),
    "session": ("def net(amount): return recq.status().head and amount or amount", "recq", "needs no session"),
    "shell": ("def net(amount):\n    import os\n    !true\n    return amount", "magic or shell", "plain Python"),
    "await": ("import asyncio\nnet = await asyncio.sleep(0, lambda amount: amount)", "awaiting", "without await"),
}


@pytest.mark.parametrize(("cell", "named", "remedy"), REFUSED.values(), ids=REFUSED.keys())
def test_what_a_file_cannot_repeat_is_refused_by_name(
    cell: str, named: str, remedy: str, notebook: Notebook, tmp_path: Path
) -> None:
    path = tmp_path / "test_account.py"

    error = export(notebook, [cell, ACCOUNT, ACCOUNT_AGGREGATE, OPENED.format(amount=100)], path)

    assert isinstance(error, MagicUsageError)
    assert named in error.problem
    assert remedy in str(error.remedy)
    assert not path.exists()


def test_a_specification_that_is_older_than_what_it_uses_is_named(notebook: Notebook, tmp_path: Path) -> None:
    cells = ["FEE = 1", "def net(amount): return amount - FEE", ACCOUNT, ACCOUNT_AGGREGATE]
    other = "%%recq_spec opening costs nothing else\nassert AccountOpenCommand(account_id='A', amount=1).amount == 1"
    for cell in [*cells, OPENED.format(amount=99), other, ACCOUNT_AGGREGATE, "FEE = 2"]:
        assert notebook.run(cell).error is None

    outdated = notebook.run(f"%recq specs export {tmp_path / 'test_account.py'}").shown[0].splitlines()
    notebook.run(OPENED.format(amount=98))
    renewed = notebook.run(f"%recq specs export {tmp_path / 'test_account.py'}").shown[0].splitlines()

    assert outdated[1:] == ["run again first: an account is opened (changed since: FEE)"]
    assert len(renewed) == 1


def test_a_file_that_cannot_be_written_is_said_in_a_line(notebook: Notebook, tmp_path: Path) -> None:
    cells = ["def net(amount): return amount", ACCOUNT, ACCOUNT_AGGREGATE, OPENED.format(amount=100)]

    error = export(notebook, cells, tmp_path / "none" / "test_account.py")

    assert isinstance(error, MagicUsageError)
    assert "No such file or directory" in error.problem


def test_imports_find_what_the_notebook_added_to_the_path(notebook: Notebook, tmp_path: Path) -> None:
    folder = tmp_path / "lib"
    folder.mkdir()
    (folder / "recq_export_rates.py").write_text("RATE = 3\n")
    path = tmp_path / "test_account.py"
    cells = [
        f"import sys\nLIB = {str(folder)!r}\nsys.path.insert(0, LIB)",
        "from recq_export_rates import RATE",
        "def net(amount): return amount - RATE",
        ACCOUNT,
        ACCOUNT_AGGREGATE,
        OPENED.format(amount=97),
    ]

    try:
        assert export(notebook, cells, path) is None
    finally:
        sys.path.remove(str(folder))

    assert pytest_says(path)[0] == 0, path.read_text(encoding="utf-8")


def test_cells_that_ran_before_the_extension_was_loaded_count_too(empty_notebook: Notebook, tmp_path: Path) -> None:
    path = tmp_path / "test_account.py"
    cells = [
        "def net(amount): return amount - FEE",
        "%load_ext recq_nb\nFEE = 3",
        ACCOUNT,
        ACCOUNT_AGGREGATE,
        OPENED.format(amount=97),
    ]

    assert export(empty_notebook, cells, path) is None

    assert pytest_says(path)[0] == 0


def test_definitions_that_are_gone_do_not_come_along(notebook: Notebook, tmp_path: Path) -> None:
    path = tmp_path / "test_account.py"
    cells = [TODO_PAYLOADS, TODO_COMPONENTS, "def net(amount): return amount", ACCOUNT, ACCOUNT_AGGREGATE]

    assert export(notebook, [*cells, OPENED.format(amount=100)], path) is None

    assert "class TodoListProjection" in path.read_text(encoding="utf-8")
    assert pytest_says(path)[0] == 0


SHIPPED = {
    "00_tour": """added = BookAddedEvent(book_id="B", title="Dune")
lent = BookLentEvent(book_id="B", reader="Ada")
story = specification(Book).given(added, lent)
story.when(BookLendCommand(book_id="B", reader="Bob")).then_rejected("book.lent", "Ada has it")
specification(BookProjector).given(added, lent).then_rows(
    BookRow, [BookRow(book_id="B", title="Dune", reader="Ada", times_lent=1)]
)
specification(BookProjection, BookProjector).given(added).when(BookFindQuery(book_id="B")).then(
    BookView(title="Dune", reader=None)
)""",
    "01_todo_list": """created = TodoListCreatedEvent(identifier="T", name="Groceries")
create = TodoListCreateCommand(identifier="T", name="Groceries")
specification(TodoListAggregate).when(create).then(created).then_state(TodoListState())
specification(TodoListAggregate).when(create.model_copy(update={"name": " "})).then_rejected("todo_list.name")
specification(TodoListProjection, TodoListProjector).given(created).when(
    TodoListListItemViewSearchQuery(name_like="groc")
).then([TodoListListItemView(identifier="T", name="Groceries")])""",
    "02_complexity": """hour = timedelta(hours=1)
placed = OrderPlacedEvent(order_id="O", customer="Ada L", item_id="I", pay_within=hour)
late = OrderCancelCommand(order_id="O", reason="not paid in time")
story = specification(OrderSaga).given(placed)
story.then_sent(StockReserveCommand(item_id="I", order_id="O")).then_scheduled(late, after=hour)
story.when_time_passes(hour).then_sent(late)
story.given(OrderConfirmedEvent(order_id="O", customer="Ada L")).when_time_passes(timedelta(days=2)).then_sent()
specification(NotificationService).when(NotificationSendCommand(text="hello")).then()
assert outbox[-1] == "hello" """,
    "03_see_the_flow": """placed = OrderPlacedEvent(order_id="O", item_id="I", account_id="A", price=3)
reserve, charge = StockReserveCommand(item_id="I"), AccountChargeCommand(account_id="A", amount=3)
specification(Checkout).when(placed).then_sent(reserve, charge, OrderConfirmCommand(order_id="O"))
specification(Checkout).rejects(AccountChargeCommand, "account.empty").when(placed).then_sent(
    reserve, charge, StockReleaseCommand(item_id="I"), OrderRejectCommand(order_id="O", reason="account.empty")
)""",
}


@pytest.mark.parametrize("shipped", NOTEBOOKS, ids=lambda path: path.stem)
def test_specifications_of_every_shipped_model_pass_in_pytest(
    shipped: Path, notebook: Notebook, tmp_path: Path
) -> None:
    path = tmp_path / "test_model.py"
    document = json.loads(shipped.read_text(encoding="utf-8"))
    for cell in document["cells"]:
        if cell["cell_type"] == "code":
            notebook.run("".join(cell["source"]))

    assert export(notebook, [f"%%recq_spec {shipped.stem}\n{SHIPPED[shipped.stem]}"], path) is None

    status, output = pytest_says(path)
    assert (status, "1 passed" in output) == (0, True), output
