"""Bundles: the built ES modules of the front end, as the wheel carries them."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from recq_nb.errors import RecqError

_STATIC = Path(__file__).parent / "static"
LOADER = "loader"


@lru_cache
def bundle_text(name: str) -> str:
    """The text of one module.

    Raises:
        RecqError: It was not built, which only happens in a source checkout.
    """
    path = _STATIC / f"{name}.js"
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise RecqError(
            f"the front end of recq.{name}() has not been built.", remedy="Run `make widgets`, then restart the kernel."
        ) from None


@lru_cache
def bundle_digest(name: str) -> str:
    """What tells this build of a module from any other."""
    return hashlib.sha256(bundle_text(name).encode()).hexdigest()[:16]


def bundle_names() -> frozenset[str]:
    """The modules that have been built."""
    return frozenset(path.stem for path in _STATIC.glob("*.js"))
