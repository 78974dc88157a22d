"""The direction of the stairs: import-linter's contracts hold, and would be seen to break."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import grimp
import pytest

from tests.architecture.repository import PACKAGE, ROOT

LAYERS = "Imports point down; siblings do not see each other"
CYCLES = "No cycle inside a layer"
COMPOSITION = "Only session and testing choose adapters"
DUCKDB = "DuckDB stays inside adapters/duckdb"
IPYTHON = "IPython stays inside magics"
BROWSER = "Widget libraries stay inside widgets"
PURE = "Modeling and ports do no I/O and know no event loop"

ROOMS = (
    *("errors", "magics", "modeling", "ports", "runtime", "session", "testing", "widgets", "flow"),
    *("adapters.duckdb", "adapters.local"),
)


def test_every_contract_holds() -> None:
    verdict = _lint(ROOT)

    assert verdict.returncode == 0, verdict.stdout
    assert "0 broken" in verdict.stdout


@pytest.mark.parametrize(
    ("room", "line", "contract"),
    [
        ("errors", "import recq_nb.modeling", LAYERS),
        ("ports", "import recq_nb.runtime", LAYERS),
        ("runtime", "import recq_nb.flow", LAYERS),
        ("widgets", "import recq_nb.session", LAYERS),
        ("utils", "", LAYERS),
        ("modeling", "import recq_nb.modeling.first", CYCLES),
        ("magics", "import recq_nb.adapters.duckdb", COMPOSITION),
        ("session", "import duckdb", DUCKDB),
        ("adapters.local", "import duckdb", DUCKDB),
        ("session", "import IPython", IPYTHON),
        ("magics", "import anywidget", BROWSER),
        ("modeling", "import asyncio", PURE),
        ("ports", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import threading", PURE),
    ],
)
def test_a_wrong_import_breaks_its_contract(tmp_path: Path, room: str, line: str, contract: str) -> None:
    for name in {*ROOMS, room}:
        (tmp_path / "recq_nb" / name.replace(".", "/")).mkdir(parents=True)
    for folder in (tmp_path / "recq_nb").rglob(""):
        (folder / "__init__.py").touch()
    (tmp_path / "recq_nb" / "modeling" / "first.py").write_text("import recq_nb.modeling.second\n")
    (tmp_path / "recq_nb" / "modeling" / "second.py").touch()
    if contract == CYCLES:
        (tmp_path / "recq_nb" / "modeling" / "second.py").write_text(f"{line}\n")
    else:
        (tmp_path / "recq_nb" / room.replace(".", "/") / "__init__.py").write_text(f"{line}\n")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)

    verdict = _lint(tmp_path)

    assert verdict.returncode == 1, verdict.stdout
    assert f"{contract} BROKEN" in verdict.stdout


def test_inside_the_package_only_the_extension_imports_the_public_names_to_hand_them_to_cells() -> None:
    graph = grimp.build_graph("recq_nb", cache_dir=None)

    importers = graph.find_modules_that_directly_import("recq_nb")

    assert importers <= {"recq_nb.magics.extension"}


def test_every_folder_of_the_package_is_a_package() -> None:
    folders = {path.parent for path in PACKAGE.rglob("*.py")}

    assert {folder.name for folder in folders if not (folder / "__init__.py").is_file()} == set()


def _lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=folder,
        env={"PYTHONPATH": str(folder), "COLUMNS": "200"},
        check=False,
        capture_output=True,
        text=True,
    )


def test_a_session_without_tables_and_pictures_does_not_wait_for_their_libraries() -> None:
    heavy = ("pandas", "networkx", "ipywidgets", "IPython")
    program = (
        "import sys\nfrom recq_nb import Session\nwith Session() as recq:\n    recq.status()\n"
        f"print([name for name in {heavy} if name in sys.modules])"
    )

    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)

    assert ran.stdout.strip() == "[]"
