"""Traccar's JSON to crew fixes: devices name the crews, positions are read by the time of their fix.

A device is a crew's when its ``uniqueId`` or its attribute ``crew`` is the crew's id. Speed is in knots. Traccar may repeat an
old fix with a new device time: the age of a position is that of ``fixTime``, never another.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from console.domain.clock import micros
from console.domain.crews import CrewFix
from console.feeds.bounds import PartRefused, iso_time, parsed, text
from console.feeds.owntracks import FixReader
from console.feeds.port import CrewTrouble, Decoded, Rejected
from maps.city import City

KMH_PER_KNOT = 1.852
_SAMPLES = 5
_NO_COLON = re.compile(r"([+-]\d{2})(\d{2})$")
_MOST_DEVICES = 20_000


@dataclass
class _Batch:
    fixes: list[CrewFix] = field(default_factory=list)
    troubles: list[CrewTrouble] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    samples: list[Rejected] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)

    def refuse(self, topic: str, kind: str, reason: str) -> None:
        self.refused[kind] += 1
        if len(self.samples) < _SAMPLES:
            self.samples.append(Rejected(topic, kind, reason))


class TraccarDecoder:
    """Knows the devices by their numbers. Used on the engine's thread."""

    def __init__(self, city: City) -> None:
        self._reader = FixReader(city)
        self._crews: dict[int, str] = {}
        self._others: dict[int, str] = {}
        """Devices that are no crew's, by number; their positions are left out without a word after the first."""

    def decode(self, frames: Iterable[str | bytes], now_us: int) -> Decoded:
        """Everything usable of frames: objects with ``devices``, ``positions``, ``events``."""
        batch = _Batch()
        for frame in frames:
            try:
                body = parsed(frame.encode() if isinstance(frame, str) else frame)
                if not isinstance(body, dict):
                    raise PartRefused("shape", "not an object")
            except PartRefused as fault:
                batch.refuse("traccar", fault.kind, str(fault))
                continue
            for device in _list(body, "devices", batch):
                self._take_device(device, batch)
            for position in _list(body, "positions", batch):
                self._take_position(position, now_us, batch)
        return Decoded(
            fixes=tuple(batch.fixes),
            troubles=tuple(batch.troubles),
            refused=dict(batch.refused),
            samples=tuple(batch.samples),
            others=dict(batch.others),
        )

    def _take_device(self, device: object, batch: _Batch) -> None:
        number = device.get("id") if isinstance(device, dict) else None
        if not isinstance(device, dict) or isinstance(number, bool) or not isinstance(number, int):
            batch.refuse("traccar devices", "shape", "a device without its id")
            return
        attributes = device.get("attributes")
        given = attributes.get("crew") if isinstance(attributes, dict) else None  # it may be an empty list
        crew = next((one for one in (given, device.get("uniqueId")) if isinstance(one, str) and self._reader.is_crew(one)), None)
        self._crews.pop(number, None)
        self._others.pop(number, None)
        if crew is not None:
            self._crews[number] = crew
        elif len(self._others) < _MOST_DEVICES:
            name = text(str(device.get("uniqueId")), 60)
            self._others[number] = name
            batch.refuse(
                "traccar devices", "crew", f"device {name!r} is no crew of this city; give it the crew's id as identifier"
            )

    def _take_position(self, position: object, now_us: int, batch: _Batch) -> None:
        number = position.get("deviceId") if isinstance(position, dict) else None
        if not isinstance(position, dict) or isinstance(number, bool) or not isinstance(number, int):
            batch.refuse("traccar positions", "shape", "a position without its deviceId")
            return
        crew = self._crews.get(number)
        if crew is None:
            if number not in self._others:
                batch.refuse("traccar positions", "crew", f"position of device {number}, which the server has not named")
            return
        if position.get("valid") is False:
            batch.others["no_fix"] += 1  # the last one grows older
            return
        try:
            batch.fixes.append(self._fix(crew, position, now_us, batch))
        except PartRefused as fault:
            batch.refuse(f"traccar {crew}", fault.kind, str(fault))
            batch.troubles.append(CrewTrouble(crew, fault.kind))

    def _fix(self, crew: str, position: dict[str, Any], now_us: int, batch: _Batch) -> CrewFix:
        speed, course = position.get("speed"), position.get("course")
        body = {
            "_type": "location",
            "lat": position.get("latitude"),
            "lon": position.get("longitude"),
            "tst": _time(position.get("fixTime")) / 1e6,
            "vel": speed * KMH_PER_KNOT if isinstance(speed, int | float) and not isinstance(speed, bool) else speed,
            "cog": course,
        }
        payload = json.dumps(body).encode()
        fix = self._reader.fix(crew, payload, now_us, lambda kind, why: batch.refuse(f"traccar {crew}", kind, why))
        if isinstance(fix, str):
            raise PartRefused("shape", "no position")
        return fix


def _list(body: dict[str, Any], key: str, batch: _Batch) -> list[Any]:
    found = body.get(key)
    if found is None:
        return []
    if not isinstance(found, list):
        batch.refuse("traccar", "shape", f"{key} is no list")
        return []
    return found


def _time(value: object) -> int:
    """µs of an ISO time; servers write its offset with or without a colon."""
    at = iso_time(_NO_COLON.sub(r"\1:\2", value) if isinstance(value, str) else value)
    if at is None:
        raise PartRefused("time", "fixTime is no time")
    return micros(at)
