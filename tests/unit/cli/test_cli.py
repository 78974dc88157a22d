"""The command recq-nb, as a shell sees it: text, files and exit codes."""

from __future__ import annotations

import json
import tomllib
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import recq_nb
from recq_nb.cli import main
from recq_nb.flow.lint.rules import RULES

FAULTY = "from recq_nb import ServiceCommand\n\n\nclass NotifiedCommand(ServiceCommand):\n    text: str\n"
REMINDED = FAULTY.replace("NotifiedCommand", "RemindedCommand")
CLEAN = FAULTY.replace("NotifiedCommand", "NotifyCommand")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "faulty.py").write_text(FAULTY)
    (tmp_path / "clean.py").write_text(CLEAN)
    notebook = {"nbformat": 4, "cells": [{"cell_type": "code", "source": "%%recq_payload\n" + REMINDED}]}
    (tmp_path / "faulty.ipynb").write_text(json.dumps(notebook))
    return CliRunner()


def _run(run: CliRunner, *arguments: str) -> Result:
    return run.invoke(main, arguments)


def test_nothing_found_is_exit_code_0(run: CliRunner) -> None:
    result = _run(run, "lint", "clean.py")

    assert (result.exit_code, result.output) == (0, "no findings\n")


def test_a_finding_is_exit_code_1_with_place_rule_and_remedy(run: CliRunner) -> None:
    result = _run(run, "lint", "faulty.ipynb")

    assert result.exit_code == 1
    assert result.output == (
        "faulty.ipynb:cell 1:5: RECQ032 warning: RemindedCommand is a command named in the past tense.\n"
        "  → Name it in the imperative: what is to be done, not what was.\n"
        "\n"
        "1 finding in 1 file\n"
    )


def test_findings_for_programs(run: CliRunner) -> None:
    result = _run(run, "lint", "faulty.py", "--format", "json")

    assert json.loads(result.output) == [
        {
            "rule": "RECQ032",
            "severity": "warning",
            "message": "NotifiedCommand is a command named in the past tense.",
            "remedy": "Name it in the imperative: what is to be done, not what was.",
            "position": {"path": "faulty.py", "line": 4, "column": 1},
        }
    ]


def test_findings_for_github_keep_to_one_line_and_say_the_cell(run: CliRunner) -> None:
    result = _run(run, "lint", "faulty.py", "faulty.ipynb", "--draft", "--format", "github")

    text = (
        "Command is a command named in the past tense. → Name it in the imperative: what is to be done, not what was."
    )
    assert result.output.splitlines() == [
        f"::warning file=faulty.py,line=4,col=1,title=RECQ032::Notified{text}",
        f"::warning file=faulty.ipynb,title=RECQ032::cell 1, line 5: Reminded{text}",
    ]


@pytest.mark.parametrize(
    ("options", "exit_code"),
    [(("--ignore", "RECQ032"), 0), (("--select", "RECQ04,recq05"), 0), (("--select", "RECQ03"), 1)],
)
def test_rules_are_chosen_by_id_or_its_beginning(run: CliRunner, options: tuple[str, ...], exit_code: int) -> None:
    assert _run(run, "lint", "faulty.py", *options).exit_code == exit_code


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("lint",), "name at least one notebook"),
        (("lint", "missing.py"), "missing.py does not exist."),
        (("lint", "faulty.py", "--select", "RECQ999"), "there is no rule RECQ999"),
        (("lint", "--explain", "X1"), "there is no rule X1"),
        (("lint", "faulty.py", "--format", "xml"), "'xml' is not one of"),
        (("graph",), "name at least one notebook"),
        (("draw",), "No such command 'draw'"),
    ],
)
def test_what_cannot_be_understood_is_exit_code_2_and_says_why(
    run: CliRunner, arguments: tuple[str, ...], problem: str
) -> None:
    result = _run(run, *arguments)

    assert result.exit_code == 2
    assert problem in result.output


def test_every_rule_is_listed_and_explained(run: CliRunner) -> None:
    listed = _run(run, "lint", "--rules").output

    assert [line.split()[0] for line in listed.splitlines()] == list(RULES)
    assert _run(run, "lint", "--explain", "recq050").output == RULES["RECQ050"].page


def test_a_graph_is_drawn_as_mermaid_svg_and_json(run: CliRunner, tmp_path: Path) -> None:
    drawn = {form: _run(run, "graph", "clean.py", "--format", form) for form in ("mermaid", "svg", "json")}

    assert {form: result.exit_code for form, result in drawn.items()} == {"mermaid": 0, "svg": 0, "json": 0}
    assert drawn["mermaid"].output.startswith("flowchart LR\n")
    assert ET.fromstring(drawn["svg"].output).tag.endswith("svg")
    assert json.loads(drawn["json"].output)["payloads"][0]["name"] == "NotifyCommand"
    assert _run(run, "graph", "clean.py", "--format", "svg", "-o", "graph.svg").exit_code == 0
    assert (tmp_path / "graph.svg").read_text() == drawn["svg"].output


def test_the_schema_of_the_document_is_shown(run: CliRunner) -> None:
    assert json.loads(_run(run, "graph", "--schema").output)["title"] == "RECQ model document, version 1"


def test_the_version_is_said_by_an_option_too(run: CliRunner) -> None:
    assert run.invoke(main, ["--version"]).output == run.invoke(main, ["version"]).output


def test_the_version_is_that_of_the_package(run: CliRunner) -> None:
    assert _run(run, "version").output.startswith(f"recq_nb {recq_nb.__version__} · Python ")


def test_every_command_helps(run: CliRunner) -> None:
    assert {name: _run(run, name, "--help").exit_code for name in main.commands} == dict.fromkeys(main.commands, 0)


def test_the_package_installs_the_command() -> None:
    project = tomllib.loads((Path(recq_nb.__file__).parents[1] / "pyproject.toml").read_text())["project"]

    assert project["scripts"] == {"recq-nb": "recq_nb.cli:main"}


# -- several models ----------------------------------------------------------------------------------------------------

PAYLOADS = """from recq_nb import ServiceCommand

class NotifyCommand(ServiceCommand):
    text: str

class ForgetCommand(ServiceCommand):
    text: str
"""
SERVICE = """from payloads import *

@service
class Mail:
    @command_handler
    def do(self, command: {command}) -> None: ...

@invoker
class Caller:
    @invocation_handler
    async def call(self, commands: CommandGateway) -> None:
        await commands.send({command}(text="x"))
"""


def _cells(path: Path, *cells: str) -> None:
    path.write_text(json.dumps({"cells": [{"cell_type": "code", "source": cell} for cell in cells]}))


def test_each_notebook_of_a_folder_is_a_model_of_its_own(run: CliRunner, tmp_path: Path) -> None:
    folder = tmp_path / "notebooks"
    folder.mkdir()
    (folder / "payloads.py").write_text(PAYLOADS)
    _cells(folder / "one.ipynb", SERVICE.format(command="NotifyCommand"))
    _cells(folder / "two.ipynb", SERVICE.format(command="ForgetCommand"))
    _cells(folder / "three.ipynb", "class NotifyCommand(ServiceCommand):\n    text: list = []")

    result = _run(run, "lint", "notebooks", "--format", "json")

    found = [(one["rule"], one["position"]["path"], one["position"]["line"]) for one in json.loads(result.stdout)]
    assert found == [("RECQ034", "notebooks/three.ipynb", 2)]


def test_a_module_that_no_notebook_finishes_has_its_findings_once(run: CliRunner, tmp_path: Path) -> None:
    (tmp_path / "payloads.py").write_text(PAYLOADS.replace("text: str", "text: list[str] = []", 1))
    _cells(tmp_path / "one.ipynb", SERVICE.format(command="NotifyCommand"))
    _cells(tmp_path / "two.ipynb", SERVICE.format(command="NotifyCommand"))
    (tmp_path / "loose.py").write_text(
        "from recq_nb import ServiceCommand\n\nclass MovedCommand(ServiceCommand): ...\n"
    )

    result = _run(run, "lint", "one.ipynb", "two.ipynb", "payloads.py", "loose.py", "--format", "json")

    found = [(one["rule"], one["position"]["path"], one["position"]["line"]) for one in json.loads(result.stdout)]
    assert found == [
        ("RECQ034", "payloads.py", 4),
        ("RECQ066", "payloads.py", 6),
        ("RECQ032", "loose.py", 3),
    ]


def test_the_shipped_notebooks_have_no_finding_together_either(run: CliRunner) -> None:
    notebooks = Path(recq_nb.__file__).parents[1] / "notebooks"

    result = _run(run, "lint", str(notebooks))

    assert (result.exit_code, result.stdout) == (0, "no findings\n")


def test_a_graph_says_what_it_had_to_leave_out(run: CliRunner, tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("def (")
    (tmp_path / "unclear.py").write_text(
        "from payloads import *\nfrom recq_nb import *\n"
        + SERVICE.format(command="NotifyCommand").replace('NotifyCommand(text="x")', "globals()[name]()")
    )
    (tmp_path / "payloads.py").write_text(PAYLOADS)

    result = _run(run, "graph", "broken.py", "unclear.py")

    assert result.exit_code == 0
    assert "left out: broken.py:1: this cannot be read as Python" in result.stderr
    assert "left out: 1 call whose payload cannot be read; recq-nb lint says which." in result.stderr
