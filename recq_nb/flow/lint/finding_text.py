"""Findings as text: for people, for programs, and for GitHub's annotations of a pull request."""

from __future__ import annotations

import json
from collections.abc import Sequence

from recq_nb.flow.finding import Finding, Severity
from recq_nb.flow.model_document import finding_document

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def as_text(findings: Sequence[Finding]) -> str:
    """Two lines a finding, and a summary."""
    if not findings:
        return "no findings\n"
    files = len({finding.position.path for finding in findings})
    counted = f"{len(findings)} finding{'s' * (len(findings) != 1)} in {files} file{'s' * (files != 1)}"
    return "\n".join([*map(str, findings), "", counted, ""])


def as_json(findings: Sequence[Finding]) -> str:
    """A list of objects as the model document has them."""
    return json.dumps([finding_document(finding) for finding in findings], indent=2, ensure_ascii=False) + "\n"


def as_github(findings: Sequence[Finding]) -> str:
    """Workflow commands, one line each. A line of a notebook's cell is no line of its file, so the text says both."""
    return "".join(map(_annotation, findings))


def _annotation(finding: Finding) -> str:
    place = finding.position
    properties = [f"file={_property(place.path)}"]
    message = f"{finding.message} → {finding.remedy}"
    if place.cell:
        message = f"cell {place.cell}, line {place.line}: {message}"
    else:
        properties += [f"line={place.line}", f"col={place.column}"]
    properties.append(f"title={_property(finding.rule)}")
    return f"::{_COMMANDS[finding.severity]} {','.join(properties)}::{_data(message)}\n"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


FORMATS = {"text": as_text, "json": as_json, "github": as_github}
"""Every format by its name on the command line."""
