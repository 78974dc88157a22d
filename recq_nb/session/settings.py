"""What a session may be told when it is made: checked at once, so that nothing fails later and elsewhere."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping

from recq_nb.errors import SettingError
from recq_nb.modeling.executor import ExecutorDefinition


def check_settings(**settings: object) -> None:
    """Check arguments of ``Session`` by name.

    Raises:
        SettingError: One of them is not what it has to be; nothing was opened.
    """
    for name, value in settings.items():
        _CHECKS[name](name, value)


def _wrong(name: str, value: object, must: str, example: str) -> SettingError:
    return SettingError(f"Session({name}={value!r}): {name} {must}.", remedy=f"Write e.g. Session({example}).")


def _store(name: str, value: object) -> None:
    if not isinstance(value, str | os.PathLike) or not os.fspath(value) or not isinstance(os.fspath(value), str):
        raise _wrong(name, value, 'is "memory" or the path of a file', 'store="todo.duckdb"')


def _timeout(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value) or value <= 0:
        raise _wrong(name, value, "is a number of seconds above 0", "timeout=30")


def _count(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise _wrong(name, value, "is a whole number of at least 1", f"{name}=4096")


def _claim(name: str, value: object) -> None:
    if not isinstance(value, bool):
        raise _wrong(name, value, "is True or False", f"{name}=True")


def _injector(name: str, value: object) -> None:
    if value is None or callable(value):
        return
    if not isinstance(value, Mapping) or not all(isinstance(key, type) for key in value):
        raise _wrong(
            name,
            value,
            "maps types to objects, or is a function from type to object",
            "injector={Mailer: mailer}",
        )


def _executors(name: str, value: object) -> None:
    right = value is None or (
        isinstance(value, Mapping)
        and all(isinstance(key, str) and isinstance(one, ExecutorDefinition) for key, one in value.items())
    )
    if not right:
        raise _wrong(name, value, "maps names to executors", 'executors={"mail": pooled(8)}')


def _clock(name: str, value: object) -> None:
    if value is not None and not (callable(getattr(value, "now", None)) and callable(getattr(value, "sleep", None))):
        raise _wrong(name, value, "is a clock, with now() and sleep()", "clock=ManualClock()")


def _ids(name: str, value: object) -> None:
    if value is not None and not callable(getattr(value, "next_id", None)):
        raise _wrong(name, value, "is a source of ids, with next_id()", "ids=SequentialIds()")


_CHECKS = {
    "store": _store,
    "injector": _injector,
    "executors": _executors,
    "timeout": _timeout,
    "max_in_flight": _count,
    "max_payload_bytes": _count,
    "record": _claim,
    "strict": _claim,
    "clock": _clock,
    "ids": _ids,
}
