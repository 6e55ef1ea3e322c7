"""Pressure compliance, output of the plants, crews and alarm rate as of one picture. What is not known is counted as unknown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from console.domain.alarms import Alarm, AlarmKind, AlarmState
from console.domain.crews import CrewFix, CrewState
from console.domain.limits import Limits
from console.domain.picture import Picture, StationState
from console.domain.readings import Channel, Quality
from maps.city import City

STANDARD_SHARE = 0.97
"""Share of stations within their limits: service standard of a provincial code (pressure at least 0.14 MPa, at least 97 %)."""
_OLDEST_S = 15 * 60.0
"""A value older than this is unknown, whatever else is wrong with its station; loggers send every 5 to 15 minutes."""
_UNUSABLE = (StationState.MISSING, StationState.STALE, StationState.FAULT)
_FLOOD, _DEMANDING, _MANAGEABLE = 10, 5, 2


@dataclass(frozen=True, slots=True)
class Compliance:
    """Stations with a limit of pressure: ``within`` it of the ``known``; ``unknown``: without a usable value now."""

    within: int
    known: int
    unknown: int

    @property
    def share(self) -> float | None:
        """Of the known ones; None when none is known."""
        return self.within / self.known if self.known else None

    @property
    def keeps_standard(self) -> bool | None:
        """Whether the standard is kept, also if all unknown ones broke it or kept it; None where that decides."""
        all_ = self.known + self.unknown
        if not all_ or not self.known:
            return None
        worst, best = self.within / all_, (self.within + self.unknown) / all_
        return True if worst >= STANDARD_SHARE else False if best < STANDARD_SHARE else None


@dataclass(frozen=True, slots=True)
class PlantFlow:
    """What one plant sends out, m³/h; None: not measured or not known now. ``usual_m3h``: what is expected at this hour."""

    name: str
    flow_m3h: float | None
    usual_m3h: float | None


@dataclass(frozen=True, slots=True)
class Output:
    """Output of all plants."""

    plants: tuple[PlantFlow, ...]

    @property
    def unknown(self) -> int:
        """Number of plants whose output is not known."""
        return sum(one.flow_m3h is None for one in self.plants)

    @property
    def total_m3h(self) -> float | None:
        """Of the plants that are known; None when none is."""
        known = [one.flow_m3h for one in self.plants if one.flow_m3h is not None]
        return sum(known) if known else None

    @property
    def usual_m3h(self) -> float | None:
        """Usual output of the same plants; None unless it is known for each of them."""
        usual = [one.usual_m3h for one in self.plants if one.flow_m3h is not None]
        return sum(one for one in usual if one is not None) if usual and None not in usual else None


class AlarmBand(StrEnum):
    """Alarms in ten minutes for one operator, after EEMUA 191."""

    ACCEPTABLE = "acceptable"
    MANAGEABLE = "manageable"
    DEMANDING = "demanding"
    FLOOD = "flood"


class NetworkNow:
    """Looks at pictures of one city; what lies where is found once."""

    def __init__(self, city: City, limits: Limits) -> None:
        self._low, self._high = limits.low[:, Channel.PRESSURE], limits.high[:, Channel.PRESSURE]
        has_pressure = np.array(["pressure" in str(text).split(",") for text in city.stations.channels], dtype=bool)
        self._limited = has_pressure & np.isfinite(self._low)
        self._plants = _meters(city)

    def compliance(self, picture: Picture) -> Compliance:
        """Pressure stations within their limits."""
        usable = self._usable(picture, Channel.PRESSURE) & self._limited
        value = picture.value[:, Channel.PRESSURE]
        within = usable & (value >= self._low) & (value <= self._high)
        return Compliance(int(within.sum()), int(usable.sum()), int((self._limited & ~usable).sum()))

    def output(self, picture: Picture) -> Output:
        """Flow out of each plant, by the meters on the pipes and pumps that leave it."""
        usable = self._usable(picture, Channel.FLOW)
        flow, usual = picture.value[:, Channel.FLOW], picture.expected[:, Channel.FLOW]
        found = []
        for name, (rows, sign) in self._plants.items():
            known = len(rows) > 0 and bool(usable[rows].all())
            expected = float((usual[rows] * sign).sum()) if known else np.nan
            found.append(
                PlantFlow(
                    name,
                    float((flow[rows] * sign).sum()) if known else None,
                    expected if np.isfinite(expected) else None,
                )
            )
        return Output(tuple(found))

    @staticmethod
    def _usable(picture: Picture, channel: Channel) -> NDArray[np.bool_]:
        """Stations whose value of a channel can be relied on now."""
        age_s = picture.age_s()[:, channel]
        good = np.isfinite(picture.value[:, channel]) & (picture.quality[:, channel] == Quality.GOOD)
        return np.asarray(good & (age_s <= _OLDEST_S) & ~np.isin(picture.station_state, _UNUSABLE))


def crews_by_state(crews: tuple[CrewFix, ...]) -> Mapping[CrewState, int]:
    """Number of crews in each state."""
    return Counter(crew.state for crew in crews)


def alarm_band(per_10_min: int) -> AlarmBand:
    """Which band a rate lies in: up to one in ten minutes acceptable, one in five manageable, one in two demanding, ten a flood.

    Source: EEMUA 191, average alarm rates in steady operation, and its definition of a flood.
    """
    if per_10_min >= _FLOOD:
        return AlarmBand.FLOOD
    if per_10_min >= _DEMANDING:
        return AlarmBand.DEMANDING
    return AlarmBand.MANAGEABLE if per_10_min >= _MANAGEABLE else AlarmBand.ACCEPTABLE


def works(alarms: tuple[Alarm, ...]) -> tuple[Alarm, ...]:
    """Works that were entered and are not over."""
    return tuple(
        one for one in alarms if one.kind is AlarmKind.OPERATION and one.code == "works" and one.state is not AlarmState.CLEARED
    )


def _meters(city: City) -> dict[str, tuple[NDArray[np.int64], NDArray[np.float64]]]:
    """(station rows, sign of outflow) of each water plant; none where not every link that leaves it has a meter.

    Measured are the links at the plant's node, else those behind its pumps. Pumping stations pass on what plants have sent.
    """
    meter = {
        str(city.stations.link[row]): row
        for row in range(len(city.stations))
        if str(city.stations.link[row]) and "flow" in str(city.stations.channels[row]).split(",")
    }
    plants, found = city.plants, {}
    for plant in range(len(plants)):
        if str(plants.kind[plant]) != "pumping_station":
            rows, sign = _cut(city, meter, int(plants.node[plant]))
            found[str(plants.name[plant]) or str(plants.asset_id[plant])] = (
                np.array(rows, dtype=np.int64), np.array(sign, dtype=np.float64)
            )  # fmt: skip
    return found


def _cut(city: City, meter: dict[str, int], node: int) -> tuple[list[int], list[float]]:
    network = city.network
    inside = {node}
    for step in range(2):
        leaving = [
            (str(table.asset_id[row]), 1.0 if int(table.from_node[row]) in inside else -1.0)
            for table in (network.pipes, network.pumps, network.valves)
            for row in _at(table.from_node, table.to_node, inside)
        ]
        if leaving and all(link in meter for link, _ in leaving):
            return [meter[link] for link, _ in leaving], [sign for _, sign in leaving]
        if step == 0:
            for table in (network.pumps, network.valves):
                for row in _at(table.from_node, table.to_node, inside):
                    inside |= {int(table.from_node[row]), int(table.to_node[row])}
    return [], []


def _at(start: NDArray[np.int32], end: NDArray[np.int32], inside: set[int]) -> list[int]:
    """Links with one end among these nodes and the other one elsewhere."""
    nodes = list(inside)
    there = np.isin(start, nodes) != np.isin(end, nodes)
    return [int(row) for row in np.flatnonzero(there & (start >= 0) & (end >= 0))]
