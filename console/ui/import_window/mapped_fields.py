"""MappedFields: what the live test has mapped so far, and the newest value of each station by it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from console.feeds.codec import Decoder
from console.feeds.mapping import MappedValue, TopicMapping
from console.mqtt.listening import Heard
from console.mqtt.message import Message
from maps.city import City

Key = tuple[str, str]
"""(topic, perhaps with wildcards; field)."""


@dataclass(frozen=True, slots=True)
class Newest:
    """``value``: inside unit; ``at_s``: monotonic time of its message."""

    value: float
    at_s: float


class MappedFields:
    """Values are decoded as the feed would: what its bounds refuse shows no value here either."""

    def __init__(self, city: City) -> None:
        self._decoder = Decoder(city)
        self._fields: dict[Key, MappedValue] = {}
        self._newest: dict[Key, dict[str, Newest]] = {}

    def __len__(self) -> int:
        return len(self._fields)

    def __iter__(self) -> Iterator[tuple[Key, MappedValue]]:
        return iter(self._fields.items())

    def take(self, values: Iterable[MappedValue]) -> None:
        """Go on with a mapping made before."""
        self._fields = {(one.topic, one.field): one for one in values}

    def add(self, one: MappedValue) -> None:
        """Map a field, anew where it was mapped already."""
        self._fields[one.topic, one.field] = one
        self._newest.pop((one.topic, one.field), None)

    def remove(self, key: Key) -> None:
        """No longer map a field."""
        self._fields.pop(key, None)
        self._newest.pop(key, None)

    def known(self, topic: str, field: str) -> MappedValue | None:
        """How a field of a topic is mapped, by its name or a wildcard; None where it is not."""
        return next((one for (_, mine), one in self if mine == field and one.fits(topic)), None)

    def read(self, heard: Sequence[Heard]) -> None:
        """Decode what was heard since."""
        for one in heard:
            for key, mapped in self:
                if not mapped.fits(one.topic):
                    continue
                station, found = mapped.station_in(one.topic.split("/")), self._newest.setdefault(key, {})
                if station in found and found[station].at_s >= one.at_s:
                    continue
                translated = TopicMapping([mapped]).translated([Message(one.topic, one.payload)], lambda: datetime.now(UTC))
                batch = self._decoder.decode(translated).readings
                if len(batch.value):
                    found[station] = Newest(float(batch.value[-1]), one.at_s)

    def newest(self, key: Key) -> dict[str, Newest]:
        """Station -> newest value of a mapped field."""
        return self._newest.get(key, {})

    def values(self) -> dict[tuple[str, str], float]:
        """(station, channel) -> newest value, inside unit."""
        return {(station, one.channel): found.value for key, one in self for station, found in self.newest(key).items()}

    def heard_since(self, at_s: float) -> set[str]:
        """Stations with a value since then, monotonic."""
        return {station for key, _ in self for station, found in self.newest(key).items() if found.at_s >= at_s}

    def toml(self) -> str:
        """The mapping file's text."""
        return TopicMapping(self._fields.values()).toml()
