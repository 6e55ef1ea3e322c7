"""The contract: messages to typed columns – readings, crew fixes, replies to orders – by topic and payload (``README.md``).

The smallest part that cannot be used is refused (one key, one entry of an array, one payload), counted by kind and sampled
with its topic; the rest is kept, and nothing stops the feed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Annotated, Any

import msgspec
import numpy as np

from console.domain.crews import CrewFix
from console.domain.orders import OrderReply
from console.domain.readings import Channel, Quality, ReadingBatch
from console.feeds.bounds import BOUNDS, EARLIEST_US, LATEST_US, PartRefused, iso_time, number, parsed, sane_time, text
from console.feeds.owntracks import FixReader
from console.feeds.port import CrewTrouble, Decoded, Rejected
from console.feeds.replies import order_reply
from console.feeds.sequence import SequenceWatch
from console.mqtt.message import Message
from maps.city import City
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
_RANGES = {key: (int(channel), factor, *BOUNDS[channel]) for key, (channel, factor) in _KEYS.items()}
"""Key of the wire -> column, factor to the inside unit, lowest and highest in it."""
_SWITCHES = frozenset(("pump_on", "valve_position"))
"""Keys that may be true or false."""

_QUALITY = {"good": Quality.GOOD, "uncertain": Quality.UNCERTAIN, "bad": Quality.BAD}
_SAMPLES_KEPT = 5
_TOPICS_KEPT = 100_000
_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)


class _Reading(msgspec.Struct, gc=False):
    """A well-formed reading; others are parsed part by part. ``n``: the publisher's counter, see sequence.py."""

    t: Annotated[datetime, msgspec.Meta(tz=True)]
    v: dict[str, float | bool]
    q: str = "good"
    s: str = ""
    n: Annotated[int, msgspec.Meta(ge=0)] | None = None


@dataclass
class _Rows:
    """Rows collected from one batch."""

    station: list[int] = field(default_factory=list)
    channel: list[int] = field(default_factory=list)
    at_us: list[int] = field(default_factory=list)
    value: list[float] = field(default_factory=list)
    quality: list[int] = field(default_factory=list)
    fixes: list[CrewFix] = field(default_factory=list)
    replies: list[OrderReply] = field(default_factory=list)
    troubles: list[CrewTrouble] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    samples: list[Rejected] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)

    def refuse(self, message: Message, kind: str, reason: str) -> None:
        self.refused[kind] += 1
        if len(self.samples) < _SAMPLES_KEPT:
            self.samples.append(Rejected(text(message.topic, 200), kind, text(reason, 300)))

    def batch(self) -> ReadingBatch:
        return ReadingBatch(
            np.array(self.station, dtype=np.int32),
            np.array(self.channel, dtype=np.uint8),
            np.array(self.at_us, dtype=np.int64),
            np.array(self.value, dtype=np.float64),
            np.array(self.quality, dtype=np.uint8),
        )


class Decoder:
    """Decodes for one city: its station ids, crews and CRS. ``sequence`` counts lost and repeated messages."""

    def __init__(self, city: City) -> None:
        self._station_rows = {str(name): row for row, name in enumerate(city.stations.asset_id)}
        self._station_ids = city.stations.asset_id
        self._fixes = FixReader(city)
        self._one = msgspec.json.Decoder(_Reading).decode
        self._many = msgspec.json.Decoder(list[_Reading]).decode
        self._routes: dict[str, tuple[str, str]] = {}
        self.sequence = SequenceWatch()

    def decode(self, messages: Iterable[Message], now_us: int | None = None) -> Decoded:
        """Everything usable of ``messages``, in their order.

        ``now_us``: positions and replies ahead of it are judged against it; None: no clock to compare.
        """
        rows = _Rows()
        for message in messages:
            kind, key = self._routes.get(message.topic) or self._route(message.topic)
            try:
                if kind == "one":
                    self._reading(message, key, rows)
                elif kind == "many":
                    self._readings(message, rows)
                elif kind == "fix":
                    self._fix(message, key, now_us, rows)
                elif kind == "reply":
                    rows.replies.append(order_reply(key, message.payload, now_us, partial(rows.refuse, message)))
                else:
                    raise PartRefused("topic", "topic is none of this contract")
            except PartRefused as fault:
                rows.refuse(message, fault.kind, str(fault))
        return Decoded(
            rows.batch(), tuple(rows.fixes), tuple(rows.replies), tuple(rows.troubles),
            dict(rows.refused), tuple(rows.samples), tuple(rows.remarks), others=dict(rows.others),
        )  # fmt: skip

    def _route(self, topic: str) -> tuple[str, str]:
        parts = topic.split("/")
        route = ("", "")
        if parts[0] == "owntracks" and len(parts) >= 2:
            route = ("fix", parts[1])
        elif parts[-1] == "ack" and len(parts) >= 2:
            route = ("reply", parts[-2])
        elif parts[-1] == "readings":
            route = ("many", "")
        elif len(parts) >= 2 and parts[-2] == "readings":
            route = ("one", parts[-1])
        if len(self._routes) >= _TOPICS_KEPT:
            self._routes.clear()
        self._routes[topic] = route
        return route

    # Readings: as they should be in one step; anything else part by part.

    def _reading(self, message: Message, station_id: str, rows: _Rows) -> None:
        try:
            wire = self._one(message.payload)
        except (ValueError, RecursionError):
            self._entry(message, parsed(message.payload), rows, station_id)
        else:
            self._take(message, station_id, wire, rows)

    def _readings(self, message: Message, rows: _Rows) -> None:
        wires: list[_Reading] | None
        try:
            wires = self._many(message.payload)
        except (ValueError, RecursionError):
            wires = None
        if wires is not None:
            for wire in wires:
                try:
                    self._take(message, wire.s, wire, rows)
                except PartRefused as fault:
                    rows.refuse(message, fault.kind, str(fault))
            return
        entries = parsed(message.payload)
        if not isinstance(entries, list):
            raise PartRefused("shape", "not an array of readings")
        for entry in entries:
            try:
                self._entry(message, entry, rows)
            except PartRefused as fault:
                rows.refuse(message, fault.kind, str(fault))

    def _take(self, message: Message, station_id: str, wire: _Reading, rows: _Rows) -> None:
        station = self._station_rows.get(station_id)
        if station is None:
            raise PartRefused("station", f"no station {text(station_id, 60)!r} in this city")
        quality = _QUALITY.get(wire.q)
        if quality is None:
            raise PartRefused("quality", f"quality {text(wire.q, 20)!r} is not good, uncertain or bad")
        at_us = (wire.t - _EPOCH) // _MICROSECOND
        if not EARLIEST_US <= at_us < LATEST_US:
            sane_time(at_us)
        for key, value in wire.v.items():
            known = _RANGES.get(key)
            if known is None:
                rows.refuse(message, "channel", f"{text(key, 40)!r} is no channel of the contract")
                continue
            channel, factor, lowest, highest = known
            inside = value * factor
            # NaN and infinity fail the comparison too.
            if not lowest <= inside <= highest or ((value is True or value is False) and key not in _SWITCHES):
                rows.refuse(message, *_why_not(station_id, key, value))
                continue
            rows.station.append(station)
            rows.channel.append(channel)
            rows.at_us.append(at_us)
            rows.value.append(inside)
            rows.quality.append(quality)
        if wire.n is not None:
            self._number(station, wire.n, at_us, rows)

    def _entry(self, message: Message, entry: Any, rows: _Rows, station_id: str | None = None) -> None:
        """One malformed reading: keep its usable parts."""
        if not isinstance(entry, dict):
            raise PartRefused("shape", "a reading that is no object")
        given = station_id if station_id is not None else entry.get("s")
        if not isinstance(given, str):
            raise PartRefused("station", "a reading without its station")
        values, quality = entry.get("v"), entry.get("q", "good")
        if not isinstance(values, dict):
            raise PartRefused("shape", f"{text(given, 60)}: no values ('v')")
        if not isinstance(quality, str):
            raise PartRefused("quality", f"{text(given, 60)}: the quality is no text")
        at = iso_time(entry.get("t"))
        if at is None:
            raise PartRefused("time", f"{text(given, 60)}: {text(str(entry.get('t')), 40)!r} is no ISO 8601 time with its offset")
        usable: dict[str, float | bool] = {}
        for key, value in values.items():
            if isinstance(value, bool) or key not in _RANGES:
                usable[key] = bool(value)  # judged by its key
                continue
            try:
                usable[key] = number(value, f"{text(given, 60)}: {key}")
            except PartRefused as fault:
                rows.refuse(message, fault.kind, str(fault))
        count = entry.get("n")
        if count is not None and not (isinstance(count, int) and not isinstance(count, bool) and count >= 0):
            rows.refuse(message, "number", f"{text(given, 60)}: the number 'n' is no whole number")
            count = None
        self._take(message, given, _Reading(at, usable, quality, given, count), rows)

    def _number(self, station: int, count: int, at_us: int, rows: _Rows) -> None:
        remark = self.sequence.see(station, count, at_us)
        if remark and len(rows.remarks) < _SAMPLES_KEPT:
            rows.remarks.append(f"{self._station_ids[station]}: {remark}")

    def _fix(self, message: Message, crew_id: str, now_us: int | None, rows: _Rows) -> None:
        try:
            fix = self._fixes.fix(crew_id, message.payload, now_us, partial(rows.refuse, message))
        except PartRefused as fault:
            if self._fixes.is_crew(crew_id):
                rows.troubles.append(CrewTrouble(crew_id, fault.kind))
            raise
        if isinstance(fix, str):
            rows.others[fix] += 1
        else:
            rows.fixes.append(fix)


def _why_not(station_id: str, key: str, value: float | bool) -> tuple[str, str]:
    channel, factor = _KEYS[key]
    if isinstance(value, bool):
        return "value", f"{text(station_id, 60)}: {key} is not a number"
    lowest, highest = (bound / factor for bound in BOUNDS[channel])
    return "bounds", f"{text(station_id, 60)}: {key} {value:g} is not between {lowest:g} and {highest:g}"
