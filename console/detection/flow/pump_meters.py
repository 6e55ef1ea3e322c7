"""Pump states from their channels, or from the metered outflow of their station: pumps that switched and pumps that did not."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

import numpy as np
from numpy.typing import NDArray

from console.domain.readings import Channel
from maps.city import City
from maps.columns import Floats

_HELD_TICKS = 3
_OF_USUAL = 0.35
"""Relative change of a pump's flow that counts as switching (or throttling)."""
_OF_OUTFLOW, _LEAST_M3H = 0.12, 1.0
"""Relative fall of a station's outflow between ticks that means a pump stop: demand alone changes less."""


class SteadyPumps(frozenset[int]):
    """Rows of pumps that report and were not switched.

    ``rising``, ``falling``: those whose station delivers significantly more, or less, than just before: none of them stopped, or
    started, respectively.
    """

    rising: frozenset[int]
    falling: frozenset[int]

    @classmethod
    def of(cls, rows: Iterable[int], rising: Iterable[int], falling: Iterable[int]) -> Self:
        """The set with the rows of rising and falling delivery."""
        made = cls(rows)
        made.rising, made.falling = frozenset(rising), frozenset(falling)
        return made


class PumpChannels:
    """Tracks the pump_on, frequency and flow channels of pumps, and the metered outflow of pumping stations."""

    def __init__(self, city: City, running: NDArray[np.bool_] | None = None) -> None:
        """``running``: (pumps,) whether each runs at some time of the model's day; None for all."""
        pumps = city.network.pumps
        links = [(row, pumps.row(str(link))) for row, link in enumerate(city.stations.link) if link and pumps.has(str(link))]
        self._station = np.array([row for row, _ in links], dtype=np.int64)
        self._pump = np.array([pump for _, pump in links], dtype=np.int64)
        self._last = np.full((len(links), len(Channel)), np.nan)
        self._since = np.full(len(links), _HELD_TICKS + 1, dtype=np.int64)
        self._outflow = _Outflow(city, frozenset(self._pump.tolist()), running)

    def read(self, value: NDArray[np.float64], usable: NDArray[np.bool_]) -> tuple[frozenset[int], SteadyPumps]:
        """(pump rows switched within the last ticks, reporting pump rows without a switch); arrays (stations, channels)."""
        lost, kept, risen = self._outflow.read(value, usable)
        if not len(self._station):
            return lost, SteadyPumps.of(kept, risen, lost)
        seen = np.where(usable[self._station], value[self._station], np.nan)
        before = self._last
        on, flow = Channel.PUMP_ON, Channel.FLOW
        switched = np.isfinite(seen[:, on]) & np.isfinite(before[:, on]) & ((seen[:, on] > 0.5) != (before[:, on] > 0.5))
        change = np.abs(seen[:, flow] - before[:, flow])
        switched |= change > _OF_USUAL * np.maximum(np.abs(seen[:, flow]), np.abs(before[:, flow])) + 1.0
        self._since = np.where(switched, 0, self._since + 1)
        heard = np.isfinite(seen[:, on]) | np.isfinite(seen[:, flow])
        self._last = np.where(np.isfinite(seen), seen, before)
        recent = self._since < _HELD_TICKS
        steady = SteadyPumps.of(kept | set(self._pump[heard & ~recent].tolist()), risen, lost)
        return lost | frozenset(self._pump[recent].tolist()), steady


class _Outflow:
    """Metered outflow of pumping stations on whose mains all flows are measured."""

    def __init__(self, city: City, own: frozenset[int], running: NDArray[np.bool_] | None) -> None:
        """``own``: pumps with channels of their own."""
        network, pumps = city.network, city.network.pumps
        meter = {str(link): row for row, link in enumerate(city.stations.link) if link}
        groups: dict[int, list[int]] = {}
        for pump in np.flatnonzero((pumps.from_node >= 0) & (pumps.to_node >= 0)).tolist():
            groups.setdefault(int(pumps.to_node[pump]), []).append(pump)
        self._pumps: list[frozenset[int]] = []
        group, station, sign = [], [], []
        for outlet, members in groups.items():
            mains = network.pipes_at(outlet)
            names = [str(network.pipes.asset_id[pipe]) for pipe in mains]
            if not names or own & set(members) or not all(name in meter for name in names):
                continue
            group += [len(self._pumps)] * len(names)
            station += [meter[name] for name in names]
            sign += [1.0 if int(network.pipes.from_node[pipe]) == outlet else -1.0 for pipe in mains]
            usual = [pump for pump in members if running is None or running[pump]]
            self._pumps.append(frozenset(usual or members))
        self._group, self._station = np.array(group, dtype=np.int64), np.array(station, dtype=np.int64)
        self._sign = np.array(sign)
        count = len(self._pumps)
        self._before: Floats = np.full(count, np.nan)
        self._since_lost, self._since_risen = (np.full(count, _HELD_TICKS + 1, dtype=np.int64) for _ in range(2))

    def read(
        self, value: NDArray[np.float64], usable: NDArray[np.bool_]
    ) -> tuple[frozenset[int], frozenset[int], frozenset[int]]:
        """Pump rows of stations that (lost much of their outflow, kept it, deliver more) within the last ticks."""
        if not self._pumps:
            return frozenset(), frozenset(), frozenset()
        flow = np.where(usable[self._station, Channel.FLOW], value[self._station, Channel.FLOW], np.nan) * self._sign
        now = np.bincount(self._group, weights=flow, minlength=len(self._pumps)).astype(np.float64)
        change, least = now - self._before, _OF_OUTFLOW * np.fmax(np.abs(self._before), np.abs(now)) + _LEAST_M3H
        heard = np.isfinite(change)
        self._since_lost = np.where(heard & (change < -least), 0, self._since_lost + 1)
        self._since_risen = np.where(heard & (change > least), 0, self._since_risen + 1)
        self._before = np.where(np.isfinite(now), now, self._before)
        lost, risen = self._since_lost < _HELD_TICKS, self._since_risen < _HELD_TICKS
        return self._of(lost), self._of(heard & ~lost & ~risen), self._of(risen & ~lost)

    def _of(self, chosen: NDArray[np.bool_]) -> frozenset[int]:
        return frozenset[int]().union(*(self._pumps[group] for group in np.flatnonzero(chosen)))
