"""Time: aware UTC inside, int64 microseconds in columns, the city's zone only at the edges."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Clock(Protocol):
    """Where "now" comes from; a drill brings its own."""

    def now(self) -> datetime:
        """The present, aware UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never jump."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait for ``seconds`` of this clock's time."""
        ...


def micros(moment: datetime) -> int:
    """Microseconds since 1970 UTC of an aware time. Raises ValueError for a naive one."""
    if moment.tzinfo is None:
        raise ValueError("a time without zone cannot be stored")
    return (moment - _EPOCH) // timedelta(microseconds=1)


def moment(at_us: int) -> datetime:
    """The aware UTC time of microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=int(at_us))
