"""The repository as the architecture tests read it: the files a commit would hold."""

from __future__ import annotations

import functools
import subprocess
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PACKAGE = ROOT / "recq_nb"


@functools.cache
def files() -> tuple[Path, ...]:
    """Every file that is committed or would be by adding all, relative to the root."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return tuple(Path(name) for name in sorted(set(listed.stdout.split("\0"))) if (ROOT / name).is_file())


def sources(*suffixes: str) -> tuple[Path, ...]:
    """Hand-written files with one of the suffixes; built bundles are left out."""
    return tuple(path for path in files() if path.suffix in suffixes and "static" not in path.parts)


def read(path: Path) -> str:
    """The text of a file of the repository."""
    return (ROOT / path).read_text(encoding="utf-8")


@functools.cache
def project() -> dict[str, object]:
    """What pyproject.toml says."""
    return tomllib.loads(read(Path("pyproject.toml")))
