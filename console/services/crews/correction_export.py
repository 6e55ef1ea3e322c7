"""Corrections as a table or map layer for the GIS: CSV (UTF-8 with its mark, for spreadsheets) or GeoJSON (RFC 7946)."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from io import StringIO
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from console.domain.corrections import Correction, Layer
from maps.city import City
from maps.crs import to_wgs84

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins so is a formula to a spreadsheet."""


def exported(city: City, corrections: Iterable[Correction], form: str) -> bytes:
    """``form``: csv or geojson. Places are those reported, else the dataset's; columns x, y in the network's CRS."""
    rows = [_row(city, one) for one in corrections]
    return _csv(rows) if form == "csv" else _geojson(city, rows)


def _row(city: City, one: Correction) -> dict[str, Any]:
    zone = ZoneInfo(city.info.time_zone)
    x, y = one.place or _recorded(city, one) or (None, None)
    return {
        "id": one.correction_id, "layer": one.layer.value, "asset_id": one.asset_id, "fault": one.fault.value,
        "state": one.state.value, "reported_at": one.at.astimezone(zone).isoformat(timespec="seconds"), "reported_by": one.by,
        "case": one.incident_id, "text": one.text,
        "decided_at": "" if one.decided_at is None else one.decided_at.astimezone(zone).isoformat(timespec="seconds"),
        "decided_by": one.decided_by, "reason": one.reason, "x": x, "y": y, "place_is_reported": one.place is not None,
    }  # fmt: skip


def _recorded(city: City, one: Correction) -> tuple[float, float] | None:
    table = city.network.valves if one.layer is Layer.VALVE else city.hydrants
    if not table.has(one.asset_id):
        return None
    at = table.row(one.asset_id)
    x, y = float(table.x[at]), float(table.y[at])
    return (x, y) if np.isfinite([x, y]).all() else None


def _csv(rows: list[dict[str, Any]]) -> bytes:
    out = StringIO()
    names = list(rows[0]) if rows else ["id"]
    writer = csv.DictWriter(out, names)
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in one.items()} for one in rows)
    return out.getvalue().encode("utf-8-sig")


def _cell(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _geojson(city: City, rows: list[dict[str, Any]]) -> bytes:
    features = []
    for one in rows:
        geometry = None
        if one["x"] is not None and city.network.georeferenced:
            lon, lat = to_wgs84(np.array([one["x"]]), np.array([one["y"]]), city.network.crs)
            geometry = {"type": "Point", "coordinates": [round(float(lon[0]), 7), round(float(lat[0]), 7)]}
        features.append({"type": "Feature", "id": one["id"], "geometry": geometry, "properties": one})
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False, indent=1).encode()
