"""The benchmarks can be run, chosen from, and read by a program."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import command_line
from benchmarks.command_line import MEASUREMENTS, main
from benchmarks.result import Limit, Result, Unit
from benchmarks.table import as_text


def test_a_quick_run_prints_facts_and_one_row_for_every_figure_of_the_chosen_budgets(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    exit_code = main(["b6", "B9", "--quick", "--json", "--folder", str(tmp_path)])

    printed = json.loads(capsys.readouterr().out)
    assert exit_code == 0
    assert "fdatasync" in printed["facts"]["disk"]
    assert [row["budget"] for row in printed["results"]] == ["B6", "B6", "B9", "B9", "B9", "B9"]
    assert all(row["ours"] > 0 and row["peer"] > 0 for row in printed["results"] if not row["note"])
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_budget_is_refused_with_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["B99"])

    said = capsys.readouterr().err
    assert all(name in said for name in MEASUREMENTS)


def test_a_missed_budget_fails_the_run_only_when_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    missed = Result("B1", "anything", Unit.PER_SECOND, 1.0, 2.0, "a peer", 0.5, Limit(at_least=1))
    monkeypatch.setitem(command_line.MEASUREMENTS, "B1", lambda _: [missed])

    assert main(["B1", "--folder", str(tmp_path)]) == 0
    assert main(["B1", "--check", "--folder", str(tmp_path)]) == 1


def test_the_table_says_what_was_measured_beside_which_peer_and_whether_the_budget_is_met() -> None:
    met = Result("B1", "file", Unit.PER_SECOND, 4000.0, 1000.0, "SQLite", 4.0, Limit(at_least=1), 0.00014)
    missed = Result("B8", "open", Unit.SECONDS, 2.0, limit=Limit(at_most=1.0))

    titles, *rows = as_text([met, missed]).splitlines()

    assert titles.split() == ["what", "ours", "peer", "ratio", "budget", "fdatasync"]
    assert [row.split() for row in rows] == [
        ["B1", "file", "4,000/s", "1,000/s", "SQLite", "4.00", "x", "≥", "1", "x", "met", "0.14", "ms"],
        ["B8", "open", "2.00", "s", "≤", "1.00", "s", "MISSED"],
    ]
