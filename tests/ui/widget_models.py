"""Notebook cells of a small model, for the tests of widgets."""

from __future__ import annotations

from tests.integration.notebook_shell import TODO_COMPONENTS, TODO_PAYLOADS

LOAD = "%load_ext recq_nb"
MODEL = (LOAD, TODO_PAYLOADS, TODO_COMPONENTS)
"""The todo list, as the tests of the magics have it."""
