"""What no file of the repository says: where it was made, where its packages came from, what is left undone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

from tests.architecture.repository import ROOT, files, read, sources

# Hosts a text may name; packages come from wherever the reader's own settings say.
HOSTS = {
    "127.0.0.1",
    "localhost",
    "elsewhere.invalid",
    "json-schema.org",
    "keepachangelog.com",
    "mybinder.org",
    "semver.org",
    "www.apache.org",
    "www.conventionalcommits.org",
    "www.w3.org",
}
BINARY = {".png", ".woff2", ".ico", ".gif"}
MACHINE = re.compile("|".join([re.escape(str(ROOT.parent)) + "/", r"/(?:home|root|Users)/\w", r"[A-Z]:\\\\Users"]))
UNDONE = re.compile(r"\b(?:TODO(?!_|\w)|FIXME|XXX|HACK)\b(?!\W*#\d+)")
SILENT = re.compile(r"pytest\.(?:skip|importorskip|xfail)\(|mark\.(?:skip|skipif|xfail)\b|@(?:unittest\.)?skip")


def test_no_path_of_the_machine_it_was_made_on() -> None:
    assert _lines_with(MACHINE, _texts()) == []


def test_no_host_but_those_a_reader_is_sent_to() -> None:
    named = {
        (path, host)
        for path in _texts()
        if path.name != "package-lock.json"  # names the pages of its packages' sponsors
        for url in re.findall(r"(?:https?|wss?)://[^\s\"'`<>)\]\\]+", read(path))
        if (host := urlsplit(url).hostname) is not None
    }

    assert {(str(path), host) for path, host in named if host not in HOSTS and "{" not in host} == set()


def test_lock_files_name_no_package_index() -> None:
    locks = [ROOT / "requirements-dev.lock", ROOT / "requirements-lab.lock", ROOT / "binder" / "requirements.txt"]

    options = {line for lock in locks for line in lock.read_text().splitlines() if line.startswith("-")}

    assert options == set()


def test_nothing_is_left_undone_without_an_issue() -> None:
    assert _lines_with(UNDONE, _others(sources(".py", ".ts", ".tsx"))) == []


def test_no_test_is_skipped() -> None:
    tests = [path for path in sources(".py") if path.parts[0] == "tests"]

    assert _lines_with(SILENT, _others(tests)) == []


def _texts() -> Iterator[Path]:
    return (path for path in files() if path.suffix not in BINARY)


def _others(paths: Iterable[Path]) -> Iterator[Path]:
    """All but this file, which names what it looks for."""
    return (path for path in paths if path.name != Path(__file__).name)


def _lines_with(pattern: re.Pattern[str], paths: Iterable[Path]) -> list[str]:
    return [
        f"{path}:{number}: {line.strip()[:120]}"
        for path in paths
        for number, line in enumerate(read(path).splitlines(), start=1)
        if pattern.search(line)
    ]
