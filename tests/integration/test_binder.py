"""The Binder image: what repo2docker would build from this repository, rendered without Docker."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from repo2docker.app import Repo2Docker
from repo2docker.buildpacks import BuildPack, PythonBuildPack

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def build_pack(monkeypatch: pytest.MonkeyPatch) -> BuildPack:
    monkeypatch.chdir(ROOT)
    application = Repo2Docker()
    packs = (kind(application.base_image) for kind in application.buildpacks)
    chosen = next(pack for pack in packs if pack.detect())
    chosen.platform = "linux/amd64"
    return chosen


def test_the_image_is_rendered_from_the_binder_folder(build_pack: BuildPack) -> None:
    dockerfile = build_pack.render({"NB_UID": "1000"})

    assert isinstance(build_pack, PythonBuildPack)
    assert build_pack.python_version == "3.11"
    assert 'pip install --no-cache-dir -r "binder/requirements.txt"' in dockerfile
    assert dockerfile.index("binder/requirements.txt") < dockerfile.index("RUN ./binder/postBuild")


def test_every_file_a_build_step_uses_exists(build_pack: BuildPack) -> None:
    steps = [script for _, script in (*build_pack.get_preassemble_scripts(), *build_pack.get_assemble_scripts())]
    used = set(re.findall(r"binder/[\w.]+", " ".join(steps)))
    copied = set(build_pack.get_preassemble_script_files())
    run = set(build_pack.get_post_build_scripts())
    written = set(re.findall(r"binder/[\w.]+", (ROOT / "binder" / "postBuild").read_text()))

    missing = {name for name in used | copied | run | written if not (ROOT / name).is_file()}

    assert missing == set()
    assert run == {"binder/postBuild"}
    assert os.access(ROOT / "binder" / "postBuild", os.X_OK)


def test_the_first_page_is_the_page_make_lab_opens() -> None:
    settings = json.loads((ROOT / "binder" / "jupyter_config.json").read_text())
    opened = re.search(r"^TOUR := (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)

    pages = {application["default_url"] for application in settings.values()}

    assert opened is not None
    assert pages == {f"/lab/tree/{opened[1]}"}


def test_the_image_gets_the_versions_that_are_tested() -> None:
    tested = _pins(ROOT / "requirements-dev.lock")

    pinned = _pins(ROOT / "binder" / "requirements.txt")

    # A lock for every Python may name a package twice; the image takes the one for its own Python.
    assert {"jupyterlab", "ipykernel", "duckdb", "pydantic"} <= {name for name, _ in pinned}
    assert {name for name, _ in pinned - tested} <= {"notebook", "notebook-shim"}


def _pins(path: Path) -> set[tuple[str, str]]:
    return set(re.findall(r"^([\w.-]+)==([\w.]+)", path.read_text(), re.MULTILINE))
