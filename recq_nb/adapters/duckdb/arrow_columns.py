"""Arrow arrays from Python values, without the pause that pyarrow takes the first time."""

from __future__ import annotations

import array
import sys
from collections.abc import Callable, Sequence
from types import NoneType
from typing import Any

import pyarrow as pa


def _text(values: Sequence[Any]) -> pa.Array[Any]:
    if not set(map(type, values)) <= {str, NoneType}:
        raise TypeError
    builder = pa.lib.StringBuilder()
    builder.append_values(values)
    return builder.finish()


def _numbers(code: str, kind: pa.DataType) -> Callable[[Sequence[Any]], pa.Array[Any]]:
    def numbers(values: Sequence[Any]) -> pa.Array[Any]:
        packed = array.array(code, values)
        return pa.Array.from_buffers(kind, len(packed), [None, pa.py_buffer(packed)])

    return numbers


_BUILDERS: dict[pa.DataType, Callable[[Sequence[Any]], pa.Array[Any]]] = {
    pa.string(): _text,
    **{kind: _numbers("q", kind) for kind in (pa.int64(), pa.timestamp("us", tz="UTC"))},
    pa.int32(): _numbers("i", pa.int32()),
    pa.float64(): _numbers("d", pa.float64()),
}


def arrow_array(values: Sequence[object], kind: pa.DataType) -> pa.Array[Any]:
    """What ``pa.array`` gives, which imports pandas the first time, to learn whether the values are pandas' own.

    That takes a second in which nothing is stored. As long as nobody else has imported pandas, columns of text and of
    numbers are built without; ``pa.array`` is quicker after that, and has the last word on whatever else there is.

    Raises:
        pa.ArrowException, OverflowError, TypeError, ValueError: A value is none of this kind; ``pa.array`` says so.
    """
    build = _BUILDERS.get(kind) if "pandas" not in sys.modules else None
    if build is not None:
        try:
            return build(values)
        except (TypeError, ValueError, OverflowError):
            pass
    return pa.array(values, type=kind)
