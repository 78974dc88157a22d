"""Magics: RECQ in notebook cells. The only room that knows IPython; it translates and decides nothing."""

from __future__ import annotations

from IPython.core.interactiveshell import InteractiveShell

from recq_nb.magics.installation import load, unload


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Start a session in this shell (``%load_ext recq_nb``). Loading again changes nothing."""
    load(shell)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Close the session and take its names and magics out of this shell (``%unload_ext recq_nb``)."""
    unload(shell)
