"""What the magics show, in a real JupyterLab: readable in both themes, and nothing a model says becomes markup."""

from __future__ import annotations

import re

import pytest

from tests.integration.notebook_shell import TODO_COMPONENTS, TODO_PAYLOADS
from tests.ui.conftest import Scratch
from tests.ui.lab_page import LabPage, Theme

HOSTILE = """%%recq_payload
class RenameCommand(ServiceCommand):
    text: str = "<img src=x onerror='document.title=1'>"

class RenamedEvent(ServiceEvent):
    pass
"""
SERVICE = """%%recq_component
@service
class Renamer:
    @command_handler
    def rename(self, command: RenameCommand) -> RenamedEvent:
        return RenamedEvent()

@invoker
class TodoListInvoker:
    @invocation_handler
    async def create(self, name: str, commands: CommandGateway) -> None: ...
"""
BROKEN = "%%recq_payload\nclass TodoListView(View):\n    identifier: Strin\n"
READABLE = 4.5  # WCAG 2.2, 1.4.3, for text of this size


def _luminance(rgb: tuple[float, float, float]) -> float:
    linear = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in rgb)
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def _contrast(one: tuple[float, float, float], other: tuple[float, float, float]) -> float:
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _over(layers: list[str], last_opacity: float = 1.0) -> tuple[float, float, float]:
    """Computed colours laid over each other, the lowest first."""
    red, green, blue = 1.0, 1.0, 1.0
    for place, layer in enumerate(layers, start=1):
        parts = [float(part) for part in re.findall(r"[\d.]+", layer.removeprefix("color(srgb"))]
        if layer.startswith("rgb"):
            parts[:3] = [part / 255 for part in parts[:3]]
        alpha = (parts[3] if len(parts) > 3 else 1.0) * (last_opacity if place == len(layers) else 1.0)
        red, green, blue = (
            alpha * over + (1 - alpha) * under for over, under in zip(parts[:3], (red, green, blue), strict=True)
        )
    return red, green, blue


# For each text of a report: its colour and opacity, and the backgrounds below it from the page's up to its own.
_COLOURS = """() => [...document.querySelectorAll('.recq-report :is(p, th, td, span, code)')]
  .filter(node => node.textContent.trim())
  .map(node => {
    const backgrounds = [];
    let opacity = 1;
    for (let at = node; at; at = at.parentElement) {
      backgrounds.unshift(getComputedStyle(at).backgroundColor);
      opacity *= Number(getComputedStyle(at).opacity);
    }
    return [node.textContent, getComputedStyle(node).color, opacity, backgrounds];
  })"""


@pytest.mark.ui
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_reports_are_readable(lab: LabPage, scratch: Scratch, theme: Theme) -> None:
    path = scratch.notebook(
        "%load_ext recq_nb", TODO_PAYLOADS, TODO_COMPONENTS, HOSTILE, SERVICE, "%recq", "%recq help", BROKEN
    )
    lab.open_notebook(path, theme=theme)

    lab.run_all()

    assert [(error.cell, error.name) for error in lab.errors()] == [(7, "PayloadDefinitionError")]
    lab.screenshot(f"magics-{theme}")
    texts = lab.page.evaluate(_COLOURS)
    assert len(texts) > 50
    dim = {
        text: ratio
        for text, colour, opacity, backgrounds in texts
        if (ratio := _contrast(_over([*backgrounds, colour], opacity), _over(backgrounds))) < READABLE
    }
    assert dim == {}
    assert lab.page.locator(".recq-report img").count() == 0
    assert lab.page.title() != "1"
