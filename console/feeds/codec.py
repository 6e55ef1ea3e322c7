"""Raw messages to typed columns: readings, crew fixes, replies to orders (design section 4, MQTT).

A payload that is not valid is counted and sampled with its topic; it never stops the feed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated

import msgspec
import numpy as np

from console.domain.clock import micros
from console.domain.crews import CrewFix
from console.domain.orders import OrderReply
from console.domain.readings import Channel, Quality, ReadingBatch
from console.feeds.inbox import Message
from maps.city import City
from maps.crs import from_wgs84
from maps.units import kpa_from_mpa

_KEYS: dict[str, tuple[Channel, float]] = {
    "pressure_mpa": (Channel.PRESSURE, kpa_from_mpa(1.0)),
    "flow_m3h": (Channel.FLOW, 1.0),
    "level_m": (Channel.LEVEL, 1.0),
    "turbidity_ntu": (Channel.TURBIDITY, 1.0),
    "chlorine_mgl": (Channel.CHLORINE, 1.0),
    "ph": (Channel.PH, 1.0),
    "temperature_c": (Channel.TEMPERATURE, 1.0),
    "pump_on": (Channel.PUMP_ON, 1.0),
    "frequency": (Channel.FREQUENCY, 1.0),
    "valve_position": (Channel.VALVE_POSITION, 1.0),
    "setpoint": (Channel.SETPOINT, 1.0),
    "power": (Channel.POWER, 1.0),
    "battery": (Channel.BATTERY, 1.0),
}
_QUALITY = {"good": Quality.GOOD, "uncertain": Quality.UNCERTAIN, "bad": Quality.BAD}
_SAMPLES_KEPT = 5


class _Reading(msgspec.Struct):
    t: Annotated[datetime, msgspec.Meta(tz=True)]
    v: dict[str, float | bool]
    q: str = "good"
    s: str = ""


class _OwnTracks(msgspec.Struct):
    """OwnTracks' location (its JSON booklet): tst epoch seconds, vel km/h, cog degrees.

    ``x``/``y`` stand in for lat/lon where a city is not georeferenced (our extension).
    """

    type: str = msgspec.field(name="_type", default="")
    tst: float = 0.0
    lat: float | None = None
    lon: float | None = None
    vel: float | None = None
    cog: float | None = None
    x: float | None = None
    y: float | None = None


class _Reply(msgspec.Struct):
    order_id: str
    state: str
    t: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    text: str = ""
    burst_pipe: str = ""


@dataclass(frozen=True, slots=True)
class Rejected:
    """One payload that could not be used: where it came from and why."""

    feed: str
    topic: str
    reason: str


@dataclass(frozen=True, eq=False)
class Decoded:
    """What one drained batch held; ``rejected`` counts all, ``samples`` shows the first few."""

    readings: ReadingBatch
    fixes: tuple[CrewFix, ...] = ()
    replies: tuple[OrderReply, ...] = ()
    rejected: int = 0
    samples: tuple[Rejected, ...] = ()


@dataclass
class _Rows:
    station: list[int] = field(default_factory=list)
    channel: list[int] = field(default_factory=list)
    at_us: list[int] = field(default_factory=list)
    value: list[float] = field(default_factory=list)
    quality: list[int] = field(default_factory=list)

    def batch(self) -> ReadingBatch:
        return ReadingBatch(
            np.array(self.station, dtype=np.int32),
            np.array(self.channel, dtype=np.uint8),
            np.array(self.at_us, dtype=np.int64),
            np.array(self.value, dtype=np.float64),
            np.array(self.quality, dtype=np.uint8),
        )


class Decoder:
    """Decodes for one city: knows its station ids, crews and CRS."""

    def __init__(self, city: City) -> None:
        self._station_rows = {str(name): row for row, name in enumerate(city.stations.asset_id)}
        self._crew_names = dict(zip(city.crews.asset_id, city.crews.name, strict=True))
        self._crs = city.network.crs
        self._one = msgspec.json.Decoder(_Reading)
        self._many = msgspec.json.Decoder(list[_Reading])
        self._track = msgspec.json.Decoder(_OwnTracks)
        self._reply = msgspec.json.Decoder(_Reply)

    def decode(self, messages: Iterable[Message]) -> Decoded:
        """Everything usable of ``messages``, in their order."""
        rows, fixes, replies = _Rows(), list[CrewFix](), list[OrderReply]()
        rejected, samples = 0, list[Rejected]()
        for message in messages:
            try:
                parts = message.topic.split("/")
                if parts[0] == "owntracks":
                    fixes += self._fix(parts, message.payload)
                elif parts[-1] == "ack":
                    replies.append(self._order_reply(parts, message.payload))
                else:
                    self._readings(parts, message.payload, rows)
            except (ValueError, IndexError, OverflowError) as fault:  # msgspec's errors are ValueErrors
                rejected += 1
                if len(samples) < _SAMPLES_KEPT:
                    samples.append(Rejected(message.feed, message.topic, str(fault)))
        return Decoded(rows.batch(), tuple(fixes), tuple(replies), rejected, tuple(samples))

    def _readings(self, parts: list[str], payload: bytes, rows: _Rows) -> None:
        if parts[-1] == "readings":
            wires = [(wire.s, wire) for wire in self._many.decode(payload)]
        elif len(parts) >= 2 and parts[-2] == "readings":
            wires = [(parts[-1], self._one.decode(payload))]
        else:
            raise ValueError("topic is none of this contract")
        checked = [self._values(station_id, wire) for station_id, wire in wires]
        for station, at_us, quality, values in checked:
            for channel, value in values:
                rows.station.append(station)
                rows.channel.append(channel)
                rows.at_us.append(at_us)
                rows.value.append(value)
                rows.quality.append(quality)

    def _values(self, station_id: str, wire: _Reading) -> tuple[int, int, int, list[tuple[int, float]]]:
        station = self._station_rows.get(station_id)
        if station is None:
            raise ValueError(f"no station {station_id[:60]!r} in this city")
        quality = _QUALITY.get(wire.q)
        if quality is None:
            raise ValueError(f"quality {wire.q[:20]!r} is not good, uncertain or bad")
        values = []
        for key, value in wire.v.items():
            known = _KEYS.get(key)
            if known is None or not math.isfinite(value):
                raise ValueError(f"{key[:40]!r} is no channel of the contract or not a finite number")
            values.append((int(known[0]), float(value) * known[1]))
        return station, micros(wire.t), int(quality), values

    def _fix(self, parts: list[str], payload: bytes) -> list[CrewFix]:
        track = self._track.decode(payload)
        if track.type != "location":
            return []  # OwnTracks also sends waypoints, transitions and status: not positions
        crew_id = parts[1]
        if crew_id not in self._crew_names:
            raise ValueError(f"no crew {crew_id[:60]!r} in this city")
        if track.lat is not None and track.lon is not None and self._crs != "local":
            easting, northing = from_wgs84(np.array([track.lon]), np.array([track.lat]), self._crs)
            x, y = float(easting[0]), float(northing[0])
        elif track.x is not None and track.y is not None:
            x, y = track.x, track.y
        else:
            raise ValueError("a position without lat and lon")
        if not (math.isfinite(x) and math.isfinite(y)):
            raise ValueError("a position outside the city's projection")
        speed = None if track.vel is None else track.vel / 3.6
        at_us = round(track.tst * 1e6)
        return [CrewFix(crew_id, str(self._crew_names[crew_id]), x, y, at_us, heading_deg=track.cog, speed_mps=speed)]

    def _order_reply(self, parts: list[str], payload: bytes) -> OrderReply:
        reply = self._reply.decode(payload)
        at = reply.t.astimezone(UTC) if reply.t is not None else None
        return OrderReply(reply.order_id, parts[-2], reply.state, at, reply.text[:500], reply.burst_pipe)
