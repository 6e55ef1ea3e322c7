"""TopicMapping: topics and fields of other systems as readings of this contract (``mapping.toml``).

A mapped message becomes a message of the contract before it is decoded, so that bounds, times and refusals are the same.
"""

from __future__ import annotations

import json
import math
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from console.domain.readings import CHANNEL_BY_NAME
from console.mqtt.message import Message
from maps.errors import InputFault

UNITS: Mapping[str, Mapping[str, float]] = {
    "pressure": {"MPa": 1.0, "kPa": 1e-3, "bar": 0.1, "m": 9.80665e-3, "kgf/cm²": 0.0980665},
    "flow": {"m³/h": 1.0, "L/s": 3.6, "m³/d": 1 / 24, "m³/s": 3600.0},
    "level": {"m": 1.0, "cm": 0.01, "mm": 0.001},
    "turbidity": {"NTU": 1.0},
    "chlorine": {"mg/L": 1.0},
    "temperature": {"°C": 1.0},
}
"""Channel -> unit -> factor to the unit of the contract, the usual one first; other channels have none."""
_KEYS = {
    "pressure": "pressure_mpa",
    "flow": "flow_m3h",
    "level": "level_m",
    "turbidity": "turbidity_ntu",
    "chlorine": "chlorine_mgl",
    "temperature": "temperature_c",
}
_MOST_FIELDS = 60
_MOST_DEPTH = 4
_MOST_TOPICS = 100_000
"""Topics whose mapped values are remembered; a broker with more is looked up anew."""
_LEVEL = re.compile(r"\{([1-9]\d?)\}")
_FAR_S = 1e11
"""Numbers above it are milliseconds since 1970."""


@dataclass(frozen=True, slots=True)
class MappedValue:
    """One field of a topic. ``field``: keys joined with dots, list items by number, "" for a payload that is a number.

    ``topic``: ``+`` stands for any one level, as in MQTT. ``station``: an id; ``{3}`` in it is the topic's third level, which has
    to be a ``+``: ``scada/+/+/data`` with ``PT-{3}`` maps all stations at once. ``time``: field of the time (ISO 8601, or seconds
    or milliseconds since 1970); "" takes the time of arrival.
    """

    topic: str
    field: str
    station: str
    channel: str
    unit: str = ""
    time: str = ""

    def station_in(self, levels: Sequence[str]) -> str:
        """The station of a message, by the levels of its topic."""
        return _LEVEL.sub(lambda found: levels[int(found[1]) - 1], self.station)

    def fits(self, topic: str) -> bool:
        """Whether a topic is this one."""
        return self.topic == topic or ("+" in self.topic and _fits(self.topic.split("/"), topic.split("/")))

    @property
    def key(self) -> str:
        """Key of the contract."""
        return _KEYS.get(self.channel, self.channel)

    @property
    def factor(self) -> float:
        """To the unit of the contract."""
        return UNITS.get(self.channel, {}).get(self.unit, 1.0)


class TopicMapping:
    """All mapped values, by topic."""

    def __init__(self, values: Iterable[MappedValue]) -> None:
        self.values = tuple(values)
        self._by_topic: dict[str, tuple[MappedValue, ...]] = {}

    @property
    def topics(self) -> tuple[str, ...]:
        """Topics to subscribe to."""
        return tuple(dict.fromkeys(one.topic for one in self.values))

    def translated(self, messages: Sequence[Message], arrived: Callable[[], datetime]) -> list[Message]:
        """Messages of the contract in place of mapped ones; others, and mapped ones that hold nothing, stay as they are."""
        if not self.values:
            return list(messages)
        made = list[Message]()
        for message in messages:
            mapped = self._of(message.topic)
            readings = list(_readings(message, mapped, arrived)) if mapped else []
            made += readings or [message]
        return made

    def _of(self, topic: str) -> tuple[MappedValue, ...]:
        """Mapped values of a topic: those that name it, and those of wildcards for fields that no other names."""
        found = self._by_topic.get(topic)
        if found is None:
            named = [one for one in self.values if one.topic == topic]
            fields = {one.field for one in named}
            wild = [one for one in self.values if one.topic != topic and one.fits(topic) and one.field not in fields]
            found = (*named, *wild)
            if len(self._by_topic) < _MOST_TOPICS:
                self._by_topic[topic] = found
        return found

    @classmethod
    def read(cls, path: Path) -> TopicMapping:
        """A mapping file. Raises InputFault with the entry that is wrong."""
        try:
            content = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
            raise InputFault(f"{path}: cannot be read as a mapping of topics ({fault})") from fault
        listed = content.get("value", [])
        if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
            raise InputFault(f"{path}: values are written as [[value]] tables")
        return cls(_value(f"{path}, value {number}", told) for number, told in enumerate(listed, start=1))

    def toml(self) -> str:
        """The file's text."""
        lines = ["# Topics and fields of other systems as readings of stations (settings: mqtt_mapping)."]
        for one in self.values:
            lines += ["", "[[value]]"]
            for name in ("topic", "field", "station", "channel", "unit", "time"):
                if (text := getattr(one, name)) or name == "field":
                    lines.append(f"{name} = {json.dumps(text, ensure_ascii=False)}".replace("\x7f", "\\u007f"))
        return "\n".join(lines) + "\n"


def numbers_in(payload: bytes) -> dict[str, float]:
    """Fields of a payload that hold numbers: path -> value; {} where it is neither JSON nor a number."""
    found: dict[str, float] = {}
    _walk(_parsed(payload), "", found, 0)
    return found


def times_in(payload: bytes) -> list[str]:
    """Fields of a payload that hold a time."""
    content, found = _parsed(payload), list[str]()
    if isinstance(content, dict):
        found = [str(key) for key, value in content.items() if _time(value) is not None and not isinstance(value, bool)]
    return found


def _value(place: str, told: Mapping[str, Any]) -> MappedValue:
    wrong = next((name for name, value in told.items() if not isinstance(value, str)), None)
    if wrong is not None:
        raise InputFault(f"{place}: {wrong} is not a text; put it in quotes")
    if unknown := sorted(told.keys() - {"topic", "field", "station", "channel", "unit", "time"}):
        raise InputFault(f"{place}: {unknown[0]!r} is unknown")
    if missing := [name for name in ("topic", "station", "channel") if not told.get(name)]:
        raise InputFault(f"{place}: {missing[0]} is missing")
    _check_wildcards(place, told["topic"], told["station"])
    channel, unit = told["channel"], told.get("unit", "")
    if channel not in CHANNEL_BY_NAME:
        raise InputFault(f"{place}: channel {channel!r} is none of {', '.join(CHANNEL_BY_NAME)}")
    if unit and unit not in UNITS.get(channel, {}):
        raise InputFault(f"{place}: unit {unit!r} of {channel} is none of {', '.join(UNITS.get(channel, {})) or '(none)'}")
    return MappedValue(told["topic"], told.get("field", ""), told["station"], channel, unit, told.get("time", ""))


def _check_wildcards(place: str, topic: str, station: str) -> None:
    """Raises InputFault for what cannot be matched or names no station."""
    levels = topic.split("/")
    if "#" in topic:
        raise InputFault(f"{place}: topic {topic!r} has the wildcard #; use + for each level, such as scada/+/+")
    if any("+" in level and level != "+" for level in levels):
        raise InputFault(f"{place}: topic {topic!r}: + stands for a whole level, between slashes")
    asked = [int(number) for number in _LEVEL.findall(station)]
    if "+" in levels and not asked:
        raise InputFault(
            f"{place}: topic {topic!r} has wildcards; name the station by a level of it, such as {{{levels.index('+') + 1}}}"
        )
    if wrong := [number for number in asked if number > len(levels) or levels[number - 1] != "+"]:
        raise InputFault(f"{place}: station {station!r}: level {wrong[0]} of topic {topic!r} is no +")


def _fits(pattern: Sequence[str], levels: Sequence[str]) -> bool:
    return len(pattern) == len(levels) and all(wanted in ("+", level) for wanted, level in zip(pattern, levels, strict=True))


def _readings(message: Message, mapped: Sequence[MappedValue], arrived: Callable[[], datetime]) -> Iterator[Message]:
    content = _parsed(message.payload)
    found: dict[tuple[str, str], dict[str, float]] = {}
    levels = message.topic.split("/")
    for one in mapped:
        value = _number(_at(content, one.field))
        told = _time(_at(content, one.time)) if one.time else arrived()
        if value is None or told is None:
            continue
        found.setdefault((one.station_in(levels), told.isoformat()), {})[one.key] = value * one.factor
    if not found:
        return
    entries = [{"s": station, "t": at, "v": values} for (station, at), values in found.items()]
    yield Message("mapped/readings", json.dumps(entries).encode())


def _parsed(payload: bytes) -> Any:
    try:
        return json.loads(payload)
    except (ValueError, RecursionError):
        return _number(payload.decode("utf-8", "replace").strip().replace(",", "."))


def _at(content: Any, path: str) -> Any:
    for part in path.split(".") if path else ():
        if isinstance(content, dict):
            content = content.get(part)
        elif isinstance(content, list) and part.isdigit() and int(part) < len(content):
            content = content[int(part)]
        else:
            return None
    return content


def _number(value: Any) -> float | None:
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, bool | int | float) and math.isfinite(value):
        return float(value)
    return None


def _time(value: Any) -> datetime | None:
    """A time with its offset; naive texts say no offset and are none."""
    if isinstance(value, str):
        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            return None
        return found if found.tzinfo is not None else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 946_684_800 <= abs(value) < 4.2e12:
        return None
    return datetime.fromtimestamp(value / 1000 if value > _FAR_S else value, UTC)


def _walk(content: Any, path: str, found: dict[str, float], depth: int) -> None:
    if len(found) >= _MOST_FIELDS or depth > _MOST_DEPTH:
        return
    if isinstance(content, dict | list):
        items = content.items() if isinstance(content, dict) else enumerate(content)
        for key, value in items:
            if "." not in str(key):
                _walk(value, f"{path}.{key}" if path else str(key), found, depth + 1)
    elif (value := _number(content)) is not None:
        found[path] = value
