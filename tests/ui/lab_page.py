"""A JupyterLab tab as a test sees it: open a notebook, run it, read what its cells say, keep a picture.

State is read from the application's own models (the server runs with `--expose-app-in-browser`). Two rules hold
everywhere: a predicate is polled with `evaluate`, because Playwright's `wait_for_function` takes the promise of an
asynchronous one for a yes; and the promise of a JupyterLab command is never awaited, because it may never settle.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypedDict, cast
from urllib.parse import quote, urlsplit

from playwright.sync_api import Error, Page, Request, WebSocket

from tests.ui.lab_server import LabServer

Theme = Literal["light", "dark"]
THEMES: dict[Theme, str] = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
POLL_MS = 100
TALLEST = 12_000

# Empty when everything a run needs is up, else what is awaited. Asked again and again, it asks the kernel only once.
_NOT_READY = """path => {
  const panel = window.jupyterapp?.shell?.currentWidget;
  if (panel?.context?.path !== path) return 'the notebook panel';
  if (!panel.context.isReady) return 'the document';
  if (!panel.sessionContext.isReady) return 'the session';
  const kernel = panel.sessionContext.session?.kernel;
  if (!kernel) return 'the kernel';
  if (kernel.connectionStatus !== 'connected') return 'the websocket';
  window.recqAsked ??= new Map();
  if (!window.recqAsked.has(kernel.id)) {
    window.recqAsked.set(kernel.id, false);
    kernel.info.then(() => window.recqAsked.set(kernel.id, true));
  }
  if (!window.recqAsked.get(kernel.id)) return 'the kernel info';
  return kernel.status === 'idle' ? '' : `an idle kernel (${kernel.status})`;
}"""

# Empty when nothing is running or queued. A cell that never ran because an earlier one failed does not count.
_STILL_RUNNING = """() => {
  const panel = window.jupyterapp.shell.currentWidget;
  const cells = panel.content.widgets.filter(cell => cell.model.type === 'code');
  const busy = cells.filter(cell => cell.model.executionState === 'running').length;
  if (busy) return `${busy} cells`;
  const status = panel.sessionContext.session?.kernel?.status;
  if (status !== 'idle') return `an idle kernel (${status})`;
  const failed = cells.some(cell => cell.model.outputs.toJSON().some(output => output.output_type === 'error'));
  const waiting = cells.filter(cell => cell.model.sharedModel.source.trim() && cell.model.executionCount === null);
  return failed || !waiting.length ? '' : `${waiting.length} cells that did not start`;
}"""

_START_CODE = """code => {
  const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
  window.recqPrinted = '';
  window.recqRunning = 'the code';
  const future = kernel.requestExecute({ code, store_history: false });
  future.onIOPub = message => {
    if (message.header.msg_type === 'stream') window.recqPrinted += message.content.text;
    const { ename, evalue } = message.content;
    if (message.header.msg_type === 'error') window.recqPrinted += `${ename}: ${evalue}`;
  };
  future.done.then(() => { window.recqRunning = ''; });
}"""
_UNSAVED = "() => window.jupyterapp.shell.currentWidget.context.model.dirty ? 'the save' : ''"
_STARTED_CODE = "() => window.recqRunning"

# A change of theme draws the splash screen over everything for a moment.
_OTHER_THEME = """name => {
  if (document.body.dataset.jpThemeName !== name) return `the theme ${name}`;
  return document.getElementById('jupyterlab-splash') ? 'the splash screen to go' : '';
}"""

# How tall the tab must be to show the notebook from its first cell to the end of its last.
_SCROLLED_TO_TOP = """() => {
  const node = window.jupyterapp?.shell?.currentWidget?.node;
  const outer = node?.querySelector('.jp-WindowedPanel-outer');
  if (!outer) return window.innerHeight;
  outer.scrollTop = 0;
  const cells = [...node.querySelectorAll('.jp-Cell')];
  const end = Math.max(0, ...cells.map(cell => cell.getBoundingClientRect().bottom));
  return end + window.innerHeight - outer.getBoundingClientRect().bottom + 24;
}"""


class Output(TypedDict, total=False):
    """One output of a cell, in nbformat's words."""

    output_type: str
    name: str
    text: str | list[str]
    data: dict[str, object]
    ename: str
    evalue: str
    traceback: list[str]


class Cell(TypedDict, total=False):
    """One cell of a notebook, in nbformat's words."""

    cell_type: str
    source: str | list[str]
    execution_count: int | None
    outputs: list[Output]
    metadata: dict[str, object]


@dataclass(frozen=True, slots=True)
class CellError:
    """An error that a cell shows."""

    cell: int
    name: str
    text: str


class LabPage:
    """One tab, in a workspace of its own.

    Attributes:
        page: Playwright's page, for everything this class has no word for.
        foreign_requests: Addresses asked for that are not on this machine; the fixture refuses any.
        page_errors: Exceptions no script of the page caught.
    """

    def __init__(self, page: Page, server: LabServer, artifacts: Path, workspace: str) -> None:
        self.page = page
        self.foreign_requests: list[str] = []
        self.page_errors: list[str] = []
        self._server = server
        self._artifacts = artifacts
        self._workspace = workspace
        page.on("request", self._note_request)
        page.on("websocket", self._note_websocket)
        page.on("pageerror", self._note_error)

    def open_notebook(self, path: str, *, theme: Theme = "light") -> None:
        """Opens a notebook of the server's root and returns once its kernel is ready to run cells."""
        self._server.set_setting("@jupyterlab/apputils-extension", "themes", {"theme": THEMES[theme]})
        self.page.goto(
            f"{self._server.url}/lab/workspaces/{self._workspace}/tree/{quote(path)}?reset&token={self._server.token}"
        )
        self._wait_while(_NOT_READY, path, seconds=60)
        self._wait_for_theme(theme)

    def run_all(self, *, seconds: float = 120) -> None:
        """Clears every output, runs all cells and returns when the last has finished or one has failed."""
        self.command("notebook:clear-all-cell-outputs")
        self.command("notebook:run-all-cells")
        self._wait_while(_STILL_RUNNING, seconds=seconds)

    def execute(self, code: str, *, seconds: float = 30) -> str:
        """Runs code in the notebook's kernel beside its cells; returns what it printed."""
        self.start(code)
        self._wait_while(_STARTED_CODE, seconds=seconds)
        return str(self.page.evaluate("() => window.recqPrinted"))

    def start(self, code: str) -> None:
        """Runs code in the notebook's kernel beside its cells, without waiting for its end."""
        self.page.evaluate(_START_CODE, code)

    @property
    def is_busy(self) -> bool:
        """Whether code given to ``start`` still runs."""
        return bool(self.page.evaluate(_STARTED_CODE))

    def reload(self, path: str) -> None:
        """Saves, then loads the page again, as a reader does with F5; the kernel lives on."""
        self.command("docmanager:save")
        self._wait_while(_UNSAVED, seconds=30)
        self.page.reload()
        self._wait_while(_NOT_READY, path, seconds=60)

    def restart_kernel(self, path: str) -> None:
        """Restarts the notebook's kernel and waits until it is ready."""
        self.page.evaluate(
            "() => { window.recqAsked = undefined;"
            " window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart().catch(console.error); }"
        )
        self._wait_while(_NOT_READY, path, seconds=60)

    def command(self, name: str, **arguments: object) -> None:
        """Starts one of JupyterLab's commands, as its menu would; does not wait for its end."""
        self.page.evaluate(
            "([name, args]) => { window.jupyterapp.commands.execute(name, args).catch(console.error); }",
            [name, arguments],
        )

    def cells(self) -> list[Cell]:
        """The notebook's cells as they are now."""
        return cast(
            "list[Cell]",
            self.page.evaluate("() => window.jupyterapp.shell.currentWidget.content.model.toJSON().cells"),
        )

    def cell_outputs(self, cell: int) -> list[Output]:
        """What a cell shows; cells count from 0, text cells included."""
        return self.cells()[cell].get("outputs", [])

    def cell_text(self, cell: int) -> str:
        """What a cell printed and its last expression's plain text, joined."""
        return "".join(map(_text, self.cell_outputs(cell)))

    def errors(self) -> list[CellError]:
        """Errors shown by cells that are not marked as meant to fail."""
        return [
            CellError(index, output["ename"], output["evalue"])
            for index, cell in enumerate(self.cells())
            if "raises-exception" not in cast("list[str]", cell.get("metadata", {}).get("tags", []))
            for output in cell.get("outputs", [])
            if output["output_type"] == "error"
        ]

    def style(self, selector: str, name: str) -> str:
        """The computed style of the first element that fits."""
        return str(
            self.page.locator(selector).first.evaluate(
                "(node, name) => getComputedStyle(node).getPropertyValue(name)", name
            )
        )

    def set_theme(self, theme: Theme) -> None:
        """Switches an open tab to the light or dark theme."""
        self.command("apputils:change-theme", theme=THEMES[theme])
        self._wait_for_theme(theme)

    def screenshot(self, name: str) -> Path:
        """Keeps a picture of the tab with the whole notebook in it as `artifacts/ui/NAME.png`."""
        before = self.page.viewport_size
        assert before is not None
        height = self.page.evaluate(_SCROLLED_TO_TOP)
        self.page.set_viewport_size(
            {"width": before["width"], "height": min(max(int(height), before["height"]), TALLEST)}
        )
        self.page.evaluate(_SCROLLED_TO_TOP)
        path = self._artifacts / "ui" / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=path)
        self.page.set_viewport_size(before)
        return path

    def _wait_for_theme(self, theme: Theme) -> None:
        self._wait_while(_OTHER_THEME, THEMES[theme], seconds=30)

    def _wait_while(self, awaited: str, argument: object = None, *, seconds: float) -> None:
        waiting_for = ""
        for _ in range(int(seconds * 1000 / POLL_MS)):
            try:
                waiting_for = self.page.evaluate(awaited, argument)
            except Error as error:
                # JupyterLab rewrites its address while it starts, which ends an evaluation under way.
                if "Execution context was destroyed" not in error.message:
                    raise
                waiting_for = "the page"
            if not waiting_for:
                return
            self.page.wait_for_timeout(POLL_MS)
        raise TimeoutError(f"JupyterLab still waits for {waiting_for} after {seconds:.0f} s")

    def _note_request(self, request: Request) -> None:
        self._note_address(request.url)

    def _note_websocket(self, websocket: WebSocket) -> None:
        self._note_address(websocket.url)

    def _note_address(self, url: str) -> None:
        address = urlsplit(url)
        if address.scheme not in {"data", "blob", "about"} and address.hostname != "127.0.0.1":
            self.foreign_requests.append(url)

    def _note_error(self, error: Error) -> None:
        self.page_errors.append(error.message)


def _text(output: Output) -> str:
    text = output.get("text", output.get("data", {}).get("text/plain", ""))
    return "".join(cast("list[str]", text)) if isinstance(text, list) else str(text)
