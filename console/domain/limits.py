"""Limits: what each channel of each station is held against, from dated rules and the station's own word."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from console.domain.alarms import Priority
from console.domain.readings import CHANNEL_BY_NAME, Channel
from console.domain.values import parsed_json
from maps.city import City
from maps.columns import Floats
from maps.units import kpa_from_mpa

LIMIT_CODES = ("low_pressure", "high_pressure", "below_limit", "above_limit")
"""Findings about the water, not about the station."""

ELEVATION_MATTERS_M = 1.5
"""From here on a station's elevation error counts beside a limit of pressure: 0.015 MPa, a tenth of the service pressure."""

_LARGEST_MPA = 5.0
"""A pressure limit above it was written in kPa."""
_LOW_NAMES, _HIGH_NAMES = ("least", "low"), ("most", "high")


@dataclass(frozen=True, slots=True)
class LimitRule:
    """One limit of a channel.

    ``place``: any, plant (stations at plants and pumping stations), network (all others). ``least``, ``most``,
    ``hysteresis``: internal units, None for no limit. ``article``: source of the limit, "" where no article is known.
    """

    channel: Channel
    place: str
    least: float | None
    most: float | None
    hysteresis: float
    priority: Priority
    article: str = ""


@dataclass(frozen=True, eq=False)
class Limits:
    """Limits of all stations, (stations, channels).

    ``low``, ``high``: internal units, infinite for no limit. ``hysteresis``: distance inside the limit at which an alarm ends.
    ``rule``: index into ``rules`` of each cell, -1 for none; a station's own limit keeps it.
    """

    low: Floats
    high: Floats
    hysteresis: Floats
    rule: NDArray[np.int64]
    rules: tuple[LimitRule, ...]

    @classmethod
    def of(cls, city: City, rules: Sequence[LimitRule]) -> Limits:
        """Rules by place, overridden by the stations' own (layer ``stations``, column ``limits``).

        That is a JSON object as ``{"pressure": [0.14, 0.6], "chlorine": {"least": 0.1}}``: units of files, null for none.
        """
        shape = (len(city.stations), len(Channel))
        low, high, hysteresis = np.full(shape, -np.inf), np.full(shape, np.inf), np.zeros(shape)
        standing = np.full(shape, -1, dtype=np.int64)
        at_plant = stations_at_plants(city)
        for index, rule in enumerate(rules):
            rows = np.flatnonzero({"plant": at_plant, "network": ~at_plant}.get(rule.place, np.ones(shape[0], dtype=bool)))
            low[rows, rule.channel] = -np.inf if rule.least is None else rule.least
            high[rows, rule.channel] = np.inf if rule.most is None else rule.most
            hysteresis[rows, rule.channel] = rule.hysteresis
            standing[rows, rule.channel] = index
        for row, text in enumerate(city.stations.limits):
            for channel, side, value in own_limits(str(text)):
                (low if side == "least" else high)[row, channel] = value
        return cls(low, high, hysteresis, standing, tuple(rules))

    def rule_of(self, row: int, channel: Channel) -> LimitRule | None:
        """The rule that a station's channel stands on."""
        index = int(self.rule[row, channel])
        return self.rules[index] if index >= 0 else None


def stations_at_plants(city: City) -> NDArray[np.bool_]:
    """Stations at a plant, a pumping station or another source, on its node or on a link that begins or ends there."""
    network, stations = city.network, city.stations
    there = np.zeros(len(network.nodes) + 1, dtype=bool)
    there[city.plants.node[city.plants.node >= 0]] = True
    found = there[np.where(stations.node >= 0, stations.node, -1)]
    for row, link in enumerate(stations.link):
        for table in (network.pipes, network.pumps, network.valves):
            if link and table.has(str(link)):
                at = table.row(str(link))
                found[row] |= bool(there[[int(table.from_node[at]), int(table.to_node[at])]].any())
    return found


def own_limits(text: str) -> Iterator[tuple[Channel, str, float]]:
    """(channel, least or most, inside unit) in a station's limits; what is not well-formed is passed over."""
    try:
        given = parsed_json(text) if text.strip() else {}
    except ValueError:
        return
    for name, value in given.items() if isinstance(given, dict) else ():
        channel = CHANNEL_BY_NAME.get(str(name).split("_")[0])
        if channel is not None:
            yield from ((channel, side, _inside(channel, side, limit)) for side, limit in _sides(value))


def _sides(value: Any) -> Iterator[tuple[str, float | None]]:
    if isinstance(value, list) and len(value) == 2:
        value = {"least": value[0], "most": value[1]}
    for name, limit in value.items() if isinstance(value, dict) else ():
        stem = str(name).split("_")[0]
        side = "least" if stem in _LOW_NAMES else "most" if stem in _HIGH_NAMES else ""
        if side and (limit is None or (isinstance(limit, int | float) and np.isfinite(limit))):
            yield side, limit


def _inside(channel: Channel, side: str, limit: float | None) -> float:
    if limit is None:
        return -np.inf if side == "least" else np.inf
    in_mpa = channel is Channel.PRESSURE and abs(limit) <= _LARGEST_MPA
    return kpa_from_mpa(float(limit)) if in_mpa else float(limit)
