"""Checking what was typed: pydantic is the one who says whether it is right, and where it is not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from recq_nb.modeling.payload import Payload
from recq_nb.widgets.protocol.console import BranchChoice, FormNode, InputProblem

Path = list[str | int]
_MOST_PROBLEMS = 100


class CheckedInput(NamedTuple):
    """A payload, or what is wrong with what was typed; never both."""

    payload: Payload | None
    problems: list[InputProblem]


def check_input(
    payload_type: type[Payload], form: FormNode, text: str, branches: Sequence[BranchChoice] = ()
) -> CheckedInput:
    """Have pydantic read what was typed.

    Args:
        payload_type: What it is to become.
        form: Its form, so that a problem is shown at its field.
        text: JSON.
        branches: What was chosen for the unions; of a union's problems only those with that choice are of interest.
    """
    try:
        return CheckedInput(payload_type.model_validate_json(text), [])
    except ValidationError as error:
        problems: dict[str, InputProblem] = {}
        seen_branches: dict[str, list[str]] = {}
        chosen = {repr(choice["path"]): choice["branch"] for choice in branches}
        for detail in error.errors(include_url=False, include_input=False):
            place = _Place(form, chosen, seen_branches)
            if place.follow(detail["loc"]):
                known = problems.setdefault(repr(place.path), {"path": place.path, "text": ""})
                known["text"] = "; ".join(filter(None, [known["text"], _said(detail)]))
        if not problems:  # every branch that failed was one that is not chosen: say it of the whole
            problems[""] = {"path": [], "text": _said(error.errors()[0])}
        return CheckedInput(None, list(problems.values())[:_MOST_PROBLEMS])
    except Exception as error:  # noqa: BLE001  border: a validator of the modeller's own that fails is what is wrong
        return CheckedInput(None, [{"path": [], "text": f"{type(error).__name__}: {error}"}])


def _said(detail: ErrorDetails) -> str:
    text = detail["msg"]
    return text.removeprefix("Value error, ").removeprefix("Assertion failed, ") or text


class _Place:
    """Follows pydantic's location down the form; what the form does not know ends the way."""

    def __init__(self, form: FormNode, chosen: dict[str, int], seen: dict[str, list[str]]) -> None:
        self.path: Path = []
        self._node: FormNode | None = form
        self._chosen = chosen
        self._seen = seen

    def follow(self, location: Sequence[str | int]) -> bool:  # noqa: C901  one case a control
        """Go there; False where it leads into a branch that was not chosen."""
        rest = list(location)
        while rest and self._node is not None:
            node, step = self._node, rest[0]
            match node["control"]:
                case "optional":
                    self._node = node["nodes"][0]
                    continue
                case "union":
                    branch = self._branch(node, str(rest.pop(0)))
                    if branch != self._chosen.get(repr(self.path), branch):
                        return False
                    self._node = node["nodes"][branch]
                    continue
                case "object":
                    child = next((one for one in node["nodes"] if one["name"] == step), None)
                    if child is None:
                        return True
                    self._node = child
                case "list":
                    self._node = node["nodes"][0]
                case "tuple" if isinstance(step, int) and step < len(node["nodes"]):
                    self._node = node["nodes"][step]
                case "map":
                    if rest[1:2] == ["[key]"]:
                        self.path += [str(step), "[key]"]
                        return True
                    self._node = node["nodes"][1]
                    step = str(step)
                case _:
                    return True
            self.path.append(step)
            rest.pop(0)
        return True

    def _branch(self, node: FormNode, tag: str) -> int:
        """Which branch a tag stands for: the one it names, else pydantic goes through them in order."""
        for index, one in enumerate(node["nodes"]):
            fields = one["nodes"] if one["control"] == "object" else []
            if one["label"] == tag or any(
                tag in (c["label"] for c in f["choices"]) for f in fields if f["control"] == "const"
            ):
                return index
        seen = self._seen.setdefault(repr(self.path), [])
        if tag not in seen:
            seen.append(tag)
        return min(seen.index(tag), len(node["nodes"]) - 1)
