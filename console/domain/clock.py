"""Time: aware UTC inside, int64 microseconds in columns, the city's zone only at the edges."""

from __future__ import annotations

import time
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


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The present, aware UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that never jump."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait for ``seconds``."""
        time.sleep(seconds)


class DrillClock:
    """A clock that starts at ``start`` (aware) when made and runs ``speed`` times as fast as the real one."""

    def __init__(self, start: datetime, speed: float = 1.0) -> None:
        if start.tzinfo is None or speed <= 0:
            raise ValueError("a drill clock needs an aware start and a speed above zero")
        self.start, self.speed = start.astimezone(UTC), speed
        self._origin = time.monotonic()

    def restart(self, after_s: float = 0.0) -> float:
        """Stand at ``start`` in ``after_s`` real seconds; gives the machine's monotonic clock at that moment."""
        self._origin = time.monotonic() + after_s
        return self._origin

    def origin(self) -> float:
        """The machine's monotonic clock at the moment this clock stands at ``start``."""
        return self._origin

    def now(self) -> datetime:
        """The drill's present, aware UTC."""
        return self.start + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        """Drill seconds since the start."""
        return (time.monotonic() - self._origin) * self.speed

    def sleep(self, seconds: float) -> None:
        """Wait for ``seconds`` of drill time."""
        time.sleep(seconds / self.speed)
