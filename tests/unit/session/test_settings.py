"""What ``Session`` is told: wrong arguments are refused at once, by name, before anything is opened."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from recq_nb import Session, SettingError, pooled
from recq_nb.modeling.injection import Injector

WRONG: list[tuple[str, object]] = [
    *(("timeout", value) for value in ("x", -1, 0, math.nan, None, True)),
    *(("max_in_flight", value) for value in ("x", -1, 0, 1.5, None, True)),
    *(("max_payload_bytes", value) for value in ("x", -1, 0, None)),
    *(("injector", value) for value in ("x", {"a": 1})),
    *(("executors", value) for value in ("x", {"mail": 8}, {3: pooled(3)}, [pooled(3)])),
    *((name, "off") for name in ("record", "strict", "clock", "ids")),
    *(("store", value) for value in (None, 3, b"todo.duckdb", "")),
]


@pytest.mark.parametrize(("name", "value"), WRONG, ids=map(str, WRONG))
def test_an_argument_no_session_could_work_with_is_refused_by_name(
    name: str, value: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises(SettingError) as refused:
        Session(**{"store": tmp_path / "todo.duckdb", name: value})  # type: ignore[arg-type]  # that is the mistake

    assert refused.value.problem.startswith(f"Session({name}={value!r}): {name} ")
    assert str(refused.value.remedy).startswith("Write e.g. Session(")
    assert list(tmp_path.iterdir()) == []


def test_what_a_session_can_work_with_is_taken() -> None:
    injector: Injector = {int: 3}

    for given in (injector, lambda _: None):
        with Session(timeout=math.inf, max_in_flight=1, injector=given, executors={"mail": pooled(2)}) as session:
            assert repr(session) == "<Session('memory'): 0 events, 0 components, 0 payloads>"
