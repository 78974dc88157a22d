"""Which browser the tests drive: one that is installed, or else one that can be.

`python -m tests.ui.chromium` prints its path and installs one where none is found.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MISSING = (
    "recq_nb: the browser tests need Chromium or Chrome and none could be installed; install one"
    " (Debian: apt install chromium) or name one: RECQ_CHROMIUM=/path/to/chromium"
)


class BrowserMissingError(RuntimeError):
    """No browser is here."""


def find_chromium() -> Path:
    """The browser the user named, one on the PATH, or the one Playwright downloaded earlier.

    Raises:
        BrowserMissingError: There is none.
    """
    found = _named() or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        with sync_playwright() as playwright:
            found = playwright.chromium.executable_path
    if not Path(found).is_file():
        raise BrowserMissingError(MISSING)
    return Path(found)


def install_chromium() -> None:
    """Tries Debian's package, then Playwright's own download; says nothing about failure: the caller looks again."""
    for commands in (_apt(), [[sys.executable, "-m", "playwright", "install", "chromium"]]):
        if commands and all(_succeeds(command) for command in commands):
            return


def _named() -> str | None:
    return os.environ.get("RECQ_CHROMIUM")


def _apt() -> list[list[str]]:
    if shutil.which("apt-get") is None:
        return []
    if os.geteuid() == 0:
        root = []
    elif shutil.which("sudo"):
        # Without a terminal nobody can type a password: fail instead of waiting.
        root = ["sudo"] if sys.stdin is not None and sys.stdin.isatty() else ["sudo", "-n"]
    else:
        return []
    apt = [*root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
    return [[*apt, "update"], [*apt, "install", "-y", "--no-install-recommends", "chromium", "fonts-liberation"]]


def _succeeds(command: list[str]) -> bool:
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        print(done.stdout, file=sys.stderr)
    return done.returncode == 0


def main() -> int:
    """Prints the browser's path, having installed one if need be."""
    try:
        path = find_chromium()
    except BrowserMissingError:
        if _named() is None:
            print("recq_nb: no Chromium found; installing one", file=sys.stderr)
            install_chromium()
        try:
            path = find_chromium()
        except BrowserMissingError as error:
            print(error, file=sys.stderr)
            return 1
    print(f"recq_nb: browser tests use {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
