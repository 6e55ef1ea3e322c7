"""Coordinates as people type them, in any system, as places of the network: degrees, metres, zones with and without number."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from maps import crs as crs_of
from maps.city import City
from maps.errors import QuanmaiError
from maps.gcj02 import from_gcj02

_NUMBER = r"[-+]?\d+(?:\.\d+)?"
_CODE = re.compile(r"epsg\s*[:：]?\s*(\d{4,6})", re.IGNORECASE)
_NAMED = {
    "gcj02": re.compile(r"gcj\s*-?\s*0?2?|火星|高德|腾讯", re.IGNORECASE),
    "EPSG:4490": re.compile(r"cgcs\s*2000|国家\s*2000", re.IGNORECASE),
    "EPSG:4326": re.compile(r"wgs\s*-?\s*84|gps", re.IGNORECASE),
}
_DMS = re.compile(r"(\d{1,3})\s*[°度]\s*(?:(\d{1,2})\s*['′分]\s*)?(?:(\d{1,2}(?:\.\d+)?)\s*[\"″秒]\s*)?([nsewNSEW东西南北]?)")
_AROUND_M = 50_000.0
"""Beyond the network's bounds: so far away a place may lie that is not declared to be in a system."""
_SAME_M = 1.0
"""Two systems that agree this closely (CGCS2000 and WGS84) are one answer."""
_GAUSS_KRUGER_3 = range(4534, 4555)
"""CGCS2000 3-degree zones without the zone's number, central meridians 75° to 135° E; 4513 to 4533 are those with it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A place in the network's CRS (m), and the name of the system in which the text was read."""

    x: float
    y: float
    system: str


def entries(text: str, city: City) -> list[Entry]:
    """Places that a text may mean, the network's own system first; [] when it holds no pair of numbers.

    Without a named system those are tried in which the point lies within 50 km of the network. Nothing is snapped.
    """
    named, rest = _system_in(text)
    pair = _pair(rest)
    if pair is None:
        return []
    found: list[Entry] = []
    for entry in _read(pair, named, city):
        known = any(math.hypot(entry.x - one.x, entry.y - one.y) <= _SAME_M for one in found)
        if not known and math.isfinite(entry.x + entry.y) and (named or _is_near(entry, city)):
            found.append(entry)
    return found


def _system_in(text: str) -> tuple[str, str]:
    code = _CODE.search(text)
    if code is not None:
        return f"EPSG:{code[1]}", text[: code.start()] + " " + text[code.end() :]
    for name, pattern in _NAMED.items():
        found = pattern.search(text)
        if found is not None:
            return name, text[: found.start()] + " " + text[found.end() :]
    return "", text


def _pair(text: str) -> tuple[float, float] | None:
    """The two numbers of a text, in its order; degrees with minutes as decimals. None when there is anything else."""
    angles = list(_DMS.finditer(text))
    if len(angles) == 2 and not _DMS.sub("", text).strip(" ,;，；()（）"):
        first, second = (_decimal(one) for one in angles)
        return (second, first) if angles[0][4] and angles[0][4] in "nNsS北南" else (first, second)
    plain = text.strip(" ()（）").replace("\u2009", "")
    parts = re.fullmatch(rf"\D{{0,3}}?({_NUMBER})\s*[,;，；\s]\s*\D{{0,3}}?({_NUMBER})\D{{0,2}}", plain)
    return (float(parts[1]), float(parts[2])) if parts is not None else None


def _decimal(angle: re.Match[str]) -> float:
    value = float(angle[1]) + float(angle[2] or 0) / 60.0 + float(angle[3] or 0) / 3600.0
    return -value if angle[4] and angle[4] in "sSwW南西" else value


def _read(pair: tuple[float, float], named: str, city: City) -> Iterator[Entry]:
    orders = (pair, pair[::-1])
    crs, on_earth = city.network.crs, city.network.georeferenced
    if not named:
        name = crs_of.describe(crs) if on_earth else ""
        yield from (Entry(x, y, name) for x, y in orders)
    if not on_earth:
        return
    if all(abs(value) <= 180.0 for value in pair):
        systems = (named,) if named else ("EPSG:4326", "gcj02")
        for system in systems:
            for lon, lat in orders:
                yield from _from_degrees(lon, lat, system, crs)
    else:
        for system in (named,) if named else _zones(city):
            yield from (one for x, y in orders for one in _transformed(x, y, system, crs))


def _from_degrees(lon: float, lat: float, system: str, crs: str) -> Iterator[Entry]:
    if abs(lat) > 90.0:
        return
    if system == "gcj02":
        lon, lat = from_gcj02(lon, lat)
        yield from (Entry(one.x, one.y, "GCJ-02") for one in _transformed(lon, lat, "EPSG:4326", crs))
        return
    yield from _transformed(lon, lat, system, crs)


def _transformed(x: float, y: float, system: str, crs: str) -> Iterator[Entry]:
    try:
        east, north = crs_of.transform(x, y, system, crs)
        name = "WGS84 (EPSG:4326)" if system == "EPSG:4326" else crs_of.describe(system)
    except QuanmaiError:
        return
    yield Entry(float(east), float(north), name)


def _zones(city: City) -> Iterator[str]:
    """CGCS2000 zones about the city, with and without the zone's number, and UTM."""
    nodes = city.network.nodes
    if not len(nodes):
        return
    lon, _ = crs_of.to_wgs84(float(np.nanmean(nodes.x)), float(np.nanmean(nodes.y)), city.network.crs)
    if not math.isfinite(float(lon)):
        return
    nearest = round(float(lon) / 3.0) - 25  # number of the zone of 3 degrees, from the central meridian 75° E
    for zone in (nearest, nearest - 1, nearest + 1):
        if 0 <= zone < len(_GAUSS_KRUGER_3):
            yield f"EPSG:{_GAUSS_KRUGER_3[zone]}"
            yield f"EPSG:{4513 + zone}"
    yield f"EPSG:{32601 + int((float(lon) + 180.0) // 6.0)}"


def _is_near(entry: Entry, city: City) -> bool:
    nodes = city.network.nodes
    if not len(nodes):
        return False
    inside_x = np.nanmin(nodes.x) - _AROUND_M <= entry.x <= np.nanmax(nodes.x) + _AROUND_M
    return bool(inside_x and np.nanmin(nodes.y) - _AROUND_M <= entry.y <= np.nanmax(nodes.y) + _AROUND_M)
