"""Input bounds: physical bounds of each channel, valid times, texts that every store can hold."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

import msgspec

from console.domain.readings import Channel
from console.domain.texts import storable

BOUNDS: dict[Channel, tuple[float, float]] = {
    # channel              lowest      highest     inside unit; why
    Channel.PRESSURE:       (-101.4,   10_000.0),  # kPa gauge: full vacuum; four times the strongest pipe class
    Channel.FLOW:           (-200_000.0, 200_000.0),  # m³/h, either way: a DN4000 main at 4.4 m/s
    Channel.LEVEL:          (-500.0,    9_000.0),  # m: below a deep well's head; as an elevation, the highest land
    Channel.TURBIDITY:      (-1.0,     10_000.0),  # NTU: zero drift; what no instrument exceeds
    Channel.CHLORINE:       (-1.0,        200.0),  # mg/L: zero drift; disinfection of a new main
    Channel.PH:             (0.0,          14.0),  # pH
    Channel.TEMPERATURE:    (-60.0,       100.0),  # °C: a cabinet in winter; boiling
    Channel.PUMP_ON:        (0.0,           1.0),  # off, on
    Channel.FREQUENCY:      (0.0,         500.0),  # Hz
    Channel.VALVE_POSITION: (-5.0,        105.0),  # %, with the overshoot of an actuator's ends
    Channel.SETPOINT:       (-1e6,          1e6),  # in the unit of what it sets
    Channel.POWER:          (-1e6,          1e6),  # kW; below zero for a turbine
    Channel.BATTERY:        (0.0,         100.0),  # % or V
}  # fmt: skip
"""Values outside these say that a device, a unit or a digit is wrong: they are refused, not shown."""

EARLIEST_US, LATEST_US = 946_684_800_000_000, 4_102_444_800_000_000
"""2000 and 2100: a clock that was never set, and seconds taken for milliseconds, lie outside."""

SPEED_MAX_KMH = 300.0
FAR_M = 5_000_000.0
"""Largest distance of a crew from the network; larger ones are errors."""

_INT_DIGITS = 18


Refusal = Callable[[str, str], None]
"""Counts a part that was refused: (kind, reason)."""


class PartRefused(ValueError):
    """A part of a payload that cannot be used. ``kind`` is counted; the text says where and why."""

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind


def text(value: str, most: int) -> str:
    """A text from outside: cut to ``most`` characters; what PostgreSQL or UTF-8 refuses (U+0000, lone surrogates) replaced."""
    return storable(value[:most])


def sane_time(at_us: int, earliest_us: int = EARLIEST_US) -> int:
    """The time itself. Raises PartRefused outside the years 2000 to 2100."""
    if not earliest_us <= at_us < LATEST_US:
        raise PartRefused("time", f"time {at_us / 1e6:.0f} s since 1970 is not between 2000 and 2100")
    return at_us


def iso_time(value: object) -> datetime | None:
    """An ISO 8601 time with its offset; None where it is none."""
    if not isinstance(value, str):
        return None
    try:
        at: datetime = msgspec.convert(value, Annotated[datetime, msgspec.Meta(tz=True)])
    except ValueError:
        return None
    return at


def number(value: object, name: str) -> float:
    """A finite number. Raises PartRefused."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise PartRefused("value", f"{name} is not a number")
    given = float(value) if abs(value) < 1e308 else math.inf
    if not math.isfinite(given):
        raise PartRefused("bounds", f"{name} is not a finite number")
    return given


def parsed(payload: bytes) -> Any:
    """Lenient JSON parsing, so that valid parts can be used.

    Out-of-range numbers become infinite, invalid bytes are replaced, a byte order mark is ignored.

    Raises PartRefused ("not_json").
    """
    try:
        return json.loads(payload.decode("utf-8-sig", "replace"), parse_int=_whole)
    except RecursionError:
        raise PartRefused("not_json", "nested too deeply") from None
    except ValueError as fault:
        raise PartRefused("not_json", f"not JSON: {fault}") from fault


def _whole(digits: str) -> int | float:
    # int() of thousands of digits is refused by Python and would cost the whole payload.
    return int(digits) if len(digits) <= _INT_DIGITS else float(digits)
