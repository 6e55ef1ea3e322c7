"""OwnTracks payloads to crew fixes (its JSON booklet): tst epoch seconds, vel km/h, cog degrees.

``x``/``y`` stand in for lat/lon where a city is not georeferenced (our extension).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from console.domain.crews import CrewFix, crew_kind
from console.domain.live import FUTURE_TOLERANCE_US
from console.feeds.bounds import EARLIEST_US, FAR_M, LATEST_US, SPEED_MAX_KMH, PartRefused, Refusal, number, parsed, text
from maps.city import City
from maps.crs import from_wgs84
from maps.gcj02 import shifted_positions

_OTHER_TYPES = frozenset(
    (
        "transition", "waypoint", "waypoints", "lwt", "card", "status", "cmd", "configuration", "dump", "steps", "beacon",
        "request", "response",
    )
)  # fmt: skip
"""Other OwnTracks message types: they hold no position of now, and are counted."""
PING = "ping"
"""What a location is counted as that repeats an old place at the present time (``t`` is p)."""
SHIFTED = "shifted"
"""Trouble of a position that looks like GCJ-02: it is taken as it came, never moved, and marked."""


class FixReader:
    """Reads positions of one city's crews."""

    def __init__(self, city: City) -> None:
        crews = city.crews
        self._names = {str(crew): str(name) for crew, name in zip(crews.asset_id, crews.name, strict=True)}
        self._kinds = {str(crew): crew_kind(str(kind)) for crew, kind in zip(crews.asset_id, crews.kind, strict=True)}
        self._crs = city.network.crs
        self._shifted = shifted_positions(city)
        nodes = city.network.nodes
        usable = np.isfinite(nodes.x) & np.isfinite(nodes.y)
        x, y = (nodes.x[usable], nodes.y[usable]) if usable.any() else (np.zeros(1), np.zeros(1))
        self._box = (float(x.min()) - FAR_M, float(y.min()) - FAR_M, float(x.max()) + FAR_M, float(y.max()) + FAR_M)

    def is_crew(self, crew_id: str) -> bool:
        """Whether the city has this crew."""
        return crew_id in self._names

    def fix(self, crew_id: str, payload: bytes, now_us: int | None, refused: Refusal) -> CrewFix | str:
        """The position in a payload; where it holds none, the kind of message (ping, transition, lwt …). Raises PartRefused.

        ``now_us``: a position more than five seconds ahead of it is refused, as a reading is; None: no clock to compare.
        """
        if not self.is_crew(crew_id):
            raise PartRefused("crew", f"no crew {text(crew_id, 60)!r} in this city")
        body = parsed(payload)
        if not isinstance(body, dict):
            raise PartRefused("shape", "not an object")
        kind = body.get("_type")
        if kind == "encrypted":
            raise PartRefused("encrypted", "the position is encrypted; switch encryption off in the crew's OwnTracks")
        if isinstance(kind, str) and kind in _OTHER_TYPES:
            return kind
        if kind != "location":
            raise PartRefused("shape", f"_type {text(str(kind), 20)!r} is none of OwnTracks")
        if body.get("t") == "p":
            return PING
        at_us = _time(body.get("tst"), now_us)
        x, y = self._place(body)
        speed_kmh = _optional(body, "vel", SPEED_MAX_KMH, refused)
        heading = _optional(body, "cog", 360.0, refused)
        speed = None if speed_kmh is None else speed_kmh / 3.6
        name, kind = self._names[crew_id], self._kinds[crew_id]
        trouble = SHIFTED if self._shifted.is_likely(x, y) else ""
        return CrewFix(crew_id, name, x, y, at_us, heading_deg=heading, speed_mps=speed, kind=kind, trouble=trouble)

    def _place(self, body: dict[str, Any]) -> tuple[float, float]:
        if body.get("lat") is not None and body.get("lon") is not None and self._crs != "local":
            lat, lon = number(body["lat"], "lat"), number(body["lon"], "lon")
            if not (-90 <= lat <= 90 and -180 <= lon <= 180):
                raise PartRefused("position", f"lat {lat:g}, lon {lon:g} is no place on earth")
            easting, northing = from_wgs84(np.array([lon]), np.array([lat]), self._crs)
            x, y = float(easting[0]), float(northing[0])
        elif body.get("x") is not None and body.get("y") is not None:
            x, y = number(body["x"], "x"), number(body["y"], "y")
        else:
            raise PartRefused("position", "a position without lat and lon")
        left, bottom, right, top = self._box
        if not (math.isfinite(x) and math.isfinite(y) and left <= x <= right and bottom <= y <= top):
            raise PartRefused("position", f"more than {FAR_M / 1000:.0f} km from the network")
        return x, y


def _time(tst: object, now_us: int | None) -> int:
    seconds = number(tst, "tst")
    if not 0 < seconds < LATEST_US / 1e6:
        raise PartRefused("time", f"tst {seconds:g} is no time between 1970 and 2100; it counts seconds")
    at_us = round(seconds * 1e6)
    if now_us is None:
        return at_us
    if at_us > now_us + FUTURE_TOLERANCE_US:
        raise PartRefused("future", f"position {(at_us - now_us) / 1e6:.0f} s ahead of the clock; check the phone's time")
    if at_us < EARLIEST_US:
        raise PartRefused("time", f"tst {seconds:g} lies before 2000; check the phone's time")
    return at_us


def _optional(body: dict[str, Any], key: str, most: float, refused: Refusal) -> float | None:
    """A number that a position may lack; -1 means unknown, what is not believable is left out and counted."""
    value = body.get(key)
    if value is None or value == -1:
        return None
    try:
        given = number(value, key)
    except PartRefused as part:
        refused(part.kind, str(part))
        return None
    if 0 <= given <= most:
        return given
    refused("bounds", f"{key} {given:g} is not between 0 and {most:g}")
    return None
