"""Notebook cells of a small model, for the tests of widgets."""

from __future__ import annotations

from tests.integration.notebook_shell import TODO_COMPONENTS, TODO_PAYLOADS

LOAD = "%load_ext recq_nb"
MODEL = (LOAD, TODO_PAYLOADS, TODO_COMPONENTS)
"""The todo list, as the tests of the magics have it."""
SEND_WHILE_BUSY = """
import threading, time
threading.Timer(0.5, lambda: recq.send(TodoListCreateCommand(identifier="BUSY", name="Busy"))).start()
time.sleep(5)
"""
"""A cell that keeps the kernel busy for five seconds, while a timer of its own sends."""
RUN_50_TIMES = f"""
for _ in range(50):
    get_ipython().run_cell({TODO_COMPONENTS!r}, silent=True).raise_error()
"""
"""A cell that defines the components again and again."""
