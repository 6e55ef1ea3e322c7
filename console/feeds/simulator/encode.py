"""Payloads of the MQTT contract: readings as arrays, crews as OwnTracks."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import numpy as np

from console.domain.readings import Channel, Quality
from console.feeds.simulator.crews import Tracks
from console.feeds.simulator.sensors import Sample
from maps.units import mpa_from_kpa

_WIRE = {
    Channel.PRESSURE: ("pressure_mpa", mpa_from_kpa(1.0), 5),
    Channel.FLOW: ("flow_m3h", 1.0, 3),
    Channel.LEVEL: ("level_m", 1.0, 3),
    Channel.TURBIDITY: ("turbidity_ntu", 1.0, 3),
    Channel.CHLORINE: ("chlorine_mgl", 1.0, 3),
    Channel.PH: ("ph", 1.0, 2),
    Channel.TEMPERATURE: ("temperature_c", 1.0, 2),
    Channel.PUMP_ON: ("pump_on", 1.0, 0),
    Channel.FREQUENCY: ("frequency", 1.0, 2),
    Channel.BATTERY: ("battery", 1.0, 2),
}
_QUALITY = {Quality.GOOD: "good", Quality.UNCERTAIN: "uncertain", Quality.BAD: "bad"}
_STATIONS_A_MESSAGE = 200

Messages = list[tuple[str, bytes]]


def readings(site: str, station_ids: tuple[str, ...], sample: Sample, at: datetime, numbers: dict[int, int]) -> Messages:
    """``quanmai/v1/<site>/readings``: arrays of at most 200 stations; silent sensors are left out.

    ``numbers``: last sequence number by station row, counted on here.
    """
    stamp = at.isoformat(timespec="milliseconds")
    objects: dict[int, dict[str, Any]] = {}
    for station, channel, value, quality in zip(sample.station, sample.channel, sample.value, sample.quality, strict=True):
        if not np.isfinite(value):
            continue
        key, factor, digits = _WIRE[Channel(int(channel))]
        row = int(station)
        entry = objects.setdefault(row, {"s": station_ids[row], "t": stamp, "v": {}, "q": _QUALITY[Quality(int(quality))]})
        entry["v"][key] = round(float(value) * factor, digits)
    for row, entry in objects.items():
        numbers[row] = entry["n"] = numbers.get(row, 0) + 1
    listed = list(objects.values())
    topic = f"quanmai/v1/{site}/readings"
    parts = [listed[start : start + _STATIONS_A_MESSAGE] for start in range(0, len(listed), _STATIONS_A_MESSAGE)]
    return [(topic, json.dumps(part, ensure_ascii=False, separators=(",", ":")).encode()) for part in parts]


def tracks(crew_ids: tuple[str, ...], where: Tracks, at: datetime) -> Messages:
    """``owntracks/<crew>/phone``: lat/lon, or x/y of the city's own grid where it is not georeferenced."""
    messages: Messages = []
    for row, crew_id in enumerate(crew_ids):
        place = {"lat": where.lat, "lon": where.lon} if where.lat is not None else {"x": where.x, "y": where.y}
        body: dict[str, Any] = {
            "_type": "location",
            "tid": crew_id[-2:],
            "tst": int(at.timestamp()),
            "vel": round(float(where.speed_kmh[row])),
            "cog": round(float(where.course_deg[row])) % 360,
            "acc": 8,
        }
        for key, column in place.items():
            if column is not None:
                body[key] = round(float(column[row]), 7)
        messages.append((f"owntracks/{crew_id}/phone", json.dumps(body, separators=(",", ":")).encode()))
    return messages
