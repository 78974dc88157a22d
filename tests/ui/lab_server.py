"""A JupyterLab of the tests' own: its port, token, settings and kernels are shared with nothing else."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Self

ANSWER_WITHIN = 60.0
STOP_WITHIN = 10.0


class LabServer:
    """JupyterLab on a free port of 127.0.0.1, serving `root`, for the length of a `with` block.

    Attributes:
        root: The folder the server shows; a test writes its notebooks there.
        url: Where it answers, without a path.
        token: What every request must carry.
    """

    def __init__(self, home: Path) -> None:
        self.root = home / "root"
        self.token = secrets.token_hex(16)
        self.url = ""
        self._home = home
        self._log = home / "server.log"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.root.mkdir(parents=True)
        # Showing every cell at once keeps a long notebook's outputs in the page, for screenshots and look-ups.
        self.set_setting("@jupyterlab/notebook-extension", "tracker", {"windowingMode": "none"})
        self.set_setting("@jupyterlab/docmanager-extension", "plugin", {"autosave": False})
        self._start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None
        self._process.terminate()
        try:
            self._process.wait(STOP_WITHIN)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def set_setting(self, extension: str, plugin: str, values: dict[str, object]) -> None:
        """Writes one of JupyterLab's user settings; a page opened later obeys it."""
        path = self._home / "config" / "lab" / "user-settings" / extension / f"{plugin}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values))

    def request(self, method: str, path: str) -> object:
        """Calls the server's REST API and returns the decoded answer, None for an empty one."""
        request = urllib.request.Request(
            f"{self.url}{path}", method=method, headers={"Authorization": f"token {self.token}"}
        )
        with urllib.request.urlopen(request, timeout=STOP_WITHIN) as answer:
            body = answer.read()
        return json.loads(body) if body else None

    def kernels(self) -> list[str]:
        """Ids of the kernels that run."""
        answer = self.request("GET", "/api/kernels")
        assert isinstance(answer, list)
        return [str(kernel["id"]) for kernel in answer]

    def shut_down_kernels(self) -> None:
        """Ends every kernel and waits until each is gone."""
        for kernel in self.kernels():
            self.request("DELETE", f"/api/kernels/{kernel}")

    def log(self) -> str:
        """What the server and its kernels have printed."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def _start(self) -> None:
        port = _free_port()
        self.url = f"http://127.0.0.1:{port}"
        command = [
            *(sys.executable, "-m", "jupyterlab", "--no-browser", "--expose-app-in-browser"),
            "--ServerApp.ip=127.0.0.1",
            f"--ServerApp.port={port}",
            "--ServerApp.port_retries=0",
            f"--ServerApp.root_dir={self.root}",
            f"--IdentityProvider.token={self.token}",
            "--LabApp.news_url=None",
            *(["--allow-root"] if os.geteuid() == 0 else []),
        ]
        folders = {
            name: str(self._home / folder)
            for name, folder in {
                "IPYTHONDIR": "ipython",
                "JUPYTER_CONFIG_DIR": "config",
                "JUPYTER_DATA_DIR": "data",
                "JUPYTER_RUNTIME_DIR": "runtime",
            }.items()
        }
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command,
                env={**os.environ, **folders},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._wait_until_it_answers()

    def _wait_until_it_answers(self) -> None:
        assert self._process is not None
        give_up = time.monotonic() + ANSWER_WITHIN
        while time.monotonic() < give_up:
            if self._process.poll() is not None:
                raise RuntimeError(f"JupyterLab ended with {self._process.returncode}:\n{self.log()}")
            try:
                self.request("GET", "/api/status")
            except urllib.error.URLError:
                time.sleep(0.1)
            else:
                return
        self._process.kill()
        self._process.wait()
        raise RuntimeError(f"JupyterLab does not answer after {ANSWER_WITHIN:.0f} s:\n{self.log()}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
