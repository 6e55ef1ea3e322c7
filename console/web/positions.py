"""Positions that a crew's page shares while the crew is on duty, read as those of OwnTracks are."""

from __future__ import annotations

import json
import math
from typing import Any

from console.domain.crews import CrewFix
from console.feeds.bounds import PartRefused
from console.feeds.owntracks import FixReader

_MOST_M = 2_000.0
"""A position less accurate than this says too little (a cell of the phone network)."""


def position(reader: FixReader, crew_id: str, given: dict[str, Any], now_us: int) -> CrewFix:
    """The position in a body: lat, lon (degrees), t (ms since 1970, of the fix), accuracy (m), speed (m/s), heading.

    Its age is that of the fix. Raises PartRefused.
    """
    accuracy, speed = _number(given, "accuracy"), _number(given, "speed")
    if accuracy is not None and not accuracy <= _MOST_M:
        raise PartRefused("position", f"accurate to {accuracy:.0f} m only")
    at = _number(given, "t")
    if at is None or not math.isfinite(at):
        raise PartRefused("time", "t is no time")
    body = {
        "_type": "location",
        "lat": given.get("lat"),
        "lon": given.get("lon"),
        "tst": at / 1000.0,
        "vel": None if speed is None else speed * 3.6,
        "cog": given.get("heading"),
    }
    fix = reader.fix(crew_id, json.dumps(body).encode(), now_us, lambda _kind, _why: None)
    if isinstance(fix, str):  # a location is always one
        raise PartRefused("position", "no position")
    return fix


def _number(given: dict[str, Any], key: str) -> float | None:
    """A number of the body, None where there is none; a whole number that no float holds is infinite."""
    value = given.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf
