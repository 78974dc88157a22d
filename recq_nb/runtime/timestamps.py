"""Timestamps as the stores keep them: microseconds since the epoch, UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def timestamp_of(microseconds: int) -> datetime:
    """Microseconds since the epoch as a moment, UTC."""
    return _EPOCH + timedelta(0, 0, microseconds)


def microseconds_of(moment: datetime) -> int:
    """A moment as microseconds since the epoch, exactly."""
    return (moment - _EPOCH) // _MICROSECOND
