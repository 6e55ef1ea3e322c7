"""Metered DMAs: assigns flow meters to DMAs, tests inflow changes, and detects open boundary valves from opposite changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from console.detection.finding import BurstFinding, StationFinding
from console.detection.flow.dma_balance import RISING_SIGMAS, ZoneInflow, balanced
from console.detection.flow.dma_borders import metered_zones
from console.detection.flow.pressure_zones import Partition, ZoneLink
from console.detection.history import History
from console.detection.medians import known_median
from console.domain.alarms import Evidence
from console.domain.clock import micros, moment
from console.domain.notes import Note, Quantity
from console.domain.readings import Channel
from maps.city import City
from maps.columns import Floats
from maps.network import PipeStatus, ValveState

CLEAR_SIGMAS = 4.0
ALIKE = 0.35
"""Two inflow changes are opposite when their sum is below this share of the larger."""
_LASTING_TICKS = 5
_MEMORY = 1.0 / 240.0
_KNOWN_TICKS = 30
"""Least number of samples for a noise estimate of a meter."""
_LAG_S = 3600.0
_DAY_US, _QUARTER_US, _COURSE_DAYS = 86_400_000_000, 900_000_000, 2.5
_LEAST_M3H, _LEAST_SHARE = 1.0, 0.03
_MOST_VALVES = 5


@dataclass(frozen=True, eq=False)
class _Pair:
    """Two zones with closed valves between them."""

    first: int
    second: int
    valves: tuple[str, ...]


class MeteredZones:
    """Compares the inflow of every DMA with its expected value. Call ``tick`` once a tick, then ``weighed``."""

    def __init__(self, city: City) -> None:
        self._city = city
        self._zone = metered_zones(city)
        self._station, self._from, self._to = self._meters()
        self._pairs, self._whole = self._boundaries(), self._wholly_metered()
        self._heard = np.zeros(len(self._station), dtype=np.int64)
        self._noise: Floats = np.full(len(self._station), np.nan)
        self._latest: Floats = np.full(len(self._station), np.nan)
        self._latest_us = np.zeros(len(self._station), dtype=np.int64)
        self._scatter = np.full(len(self._station), np.nan)
        self._net_noise: dict[int, float] = {}
        self._since = np.zeros(len(self._pairs), dtype=np.int64)
        self._active = np.zeros(len(self._pairs), dtype=bool)
        self._deviation = np.full(len(self._station), np.nan)

    def tick(
        self, value: Floats, expected: Floats, fresh: NDArray[np.bool_], now_us: int, *, disturbed: bool = False
    ) -> list[StationFinding]:
        """Findings that began or ended; arrays (stations, channels), internal units. ``fresh``: samples of this tick.

        ``disturbed``: a burst is open and reroutes flows, so that no new finding is raised.
        """
        if not len(self._station):
            return []
        seen, usual = value[self._station, Channel.FLOW], expected[self._station, Channel.FLOW]
        self._deviation = np.where(fresh[self._station, Channel.FLOW], seen - usual, np.nan)
        self._noise = sigma = self._sigma(usual)
        heard = np.isfinite(self._deviation)
        self._heard += heard
        self._latest = np.where(heard, self._deviation, self._latest)
        self._latest_us[heard] = now_us
        found = []
        if not disturbed:
            found = [one for index in self._active_pairs(sigma) for one in self._judge(index, self._pairs[index], sigma, now_us)]
        self._learn(sigma)
        return found

    @property
    def boundaries(self) -> tuple[tuple[int, int, tuple[str, ...]], ...]:
        """Pairs of metered zones with the closed valves between them."""
        return tuple((pair.first, pair.second, pair.valves) for pair in self._pairs)

    def between(self, one: int, other: int) -> tuple[str, ...]:
        """Closed valves between two metered zones."""
        pair = tuple(sorted((one, other)))
        return next((found.valves for found in self._pairs if (found.first, found.second) == pair), ())

    def wholly_metered(self) -> Partition:
        """Partition of the DMAs whose open inlets are all metered, with these links."""
        meters = zip(self._station.tolist(), self._from.tolist(), self._to.tolist(), strict=True)
        links = self._city.stations.link
        # Two stations on one link measure the same water.
        ways = {str(links[row]): ZoneLink(str(links[row]), False, start, end, ((row, 1.0),)) for row, start, end in meters}
        return Partition(self._zone.astype(np.int64), self._whole, tuple(ways.values()))

    def learn(self, history: History) -> None:
        """Estimate the meters' noise from burst-free history: change of flow within an hour after subtracting the daily profile.

        Without it no meter could be used in the first half hour.
        """
        flows = history.value.get(int(Channel.FLOW))
        if flows is None or len(history.at_us) < 2 or not len(self._station):
            return
        lag = max(round(_LAG_S * 1e6 / float(np.median(np.diff(history.at_us)))), 1)
        above = self._less_course(flows[:, self._station], history.at_us)
        step = np.abs(above[lag:] - above[:-lag]) / np.sqrt(2.0)
        for zone in sorted(self._whole):
            sign = (self._to == zone).astype(np.float64) - (self._from == zone)
            mine = np.flatnonzero(sign)
            net = np.abs((above[lag:, mine] - above[:-lag, mine]) @ sign[mine]) / np.sqrt(2.0)
            if np.count_nonzero(np.isfinite(net)) >= _KNOWN_TICKS:
                self._net_noise[zone] = max(1.4826 * float(np.nanmedian(net)), _LEAST_M3H)
        count = np.isfinite(step).sum(axis=0)
        known = count >= _KNOWN_TICKS
        if known.any():
            self._scatter[known] = known_median(step[:, known])
            self._heard[known] = np.maximum(self._heard[known], count[known])

    @staticmethod
    def _less_course(flows: NDArray[np.float32], at_us: NDArray[np.int64]) -> Floats:
        """Flows (ticks, meters) minus the median of their 15-minute bin of the day, where there are enough days."""
        above = flows.astype(np.float64)
        if int(at_us[-1] - at_us[0]) < _COURSE_DAYS * _DAY_US:
            return above
        quarter = (at_us % _DAY_US) // _QUARTER_US
        for one in np.unique(quarter):
            rows = above[quarter == one]
            above[quarter == one] = rows - known_median(rows)
        return above

    def weighed(
        self, finding: BurstFinding, value: Floats, now_us: int, nets: Mapping[int, tuple[float, float]] | None = None
    ) -> BurstFinding:
        """A burst with the meter samples since it began: candidates weighted, risen inflows among its evidence.

        A meter's last sample stays valid until its next one, so that a revision in between keeps it.
        ``nets``: (change, noise), m³/h, of zones with a balance against the ticks just before, which is more accurate.
        """
        pipes = self._city.network.pipes
        since = self._heard_since(micros(finding.first_abnormal_at))
        known = nets or {}
        names = [one.pipe_id for one in finding.location.candidates if pipes.has(one.pipe_id)]
        rows = [pipes.row(name) for name in names]
        ends = zip(self._zone[pipes.from_node[rows]].tolist(), self._zone[pipes.to_node[rows]].tolist(), strict=True)
        location = balanced(finding.location, dict(zip(names, ends, strict=True)), self._inflows(since, known))
        rising = self._rising(location.set_90, value, now_us, since, known)
        return replace(finding, location=location, evidence=(*finding.evidence, *rising))

    def _heard_since(self, since_us: int) -> Floats:
        """Deviations of meters at their last sample, NaN for those without a sample since then."""
        return np.where(self._latest_us >= since_us, self._latest, np.nan)

    def _rising(
        self,
        pipe_ids: tuple[str, ...],
        value: Floats,
        now_us: int,
        deviation: Floats,
        nets: Mapping[int, tuple[float, float]],
    ) -> tuple[Evidence, ...]:
        """Risen meters of the DMAs of these pipes, as evidence for a burst.

        Transit flow, in at one meter and out at another, is no inflow.
        """
        pipes = self._city.network.pipes
        rows = [pipes.row(name) for name in pipe_ids if pipes.has(name)]
        held = {int(zone) for zone in self._zone[pipes.from_node[rows]]} - {-1}
        net = {zone: nets.get(zone, self._inflow(zone, self._noise, deviation)) for zone in held}
        risen = {zone for zone, (change, noise) in net.items() if change > RISING_SIGMAS * noise}
        zones = risen | {zone for zone, (change, _) in net.items() if np.isnan(change)}  # a meter is missing: use the others
        found = []
        for index, station in enumerate(self._station):
            sign = int(self._to[index] in zones) - int(self._from[index] in zones)
            inward = sign * deviation[index]
            if sign and np.isfinite(inward) and inward > RISING_SIGMAS * self._noise[index]:
                shown = float(value[station, Channel.FLOW])
                name = str(self._city.stations.asset_id[station])
                zone = int(self._to[index] if sign > 0 else self._from[index])
                named = str(self._city.zones.name[zone]) if zone in risen else ""
                usual = shown - float(deviation[index])
                found.append(Evidence(name, "flow", shown, usual, moment(now_us), named))
        return tuple(found)

    def _inflows(self, deviation: Floats, nets: Mapping[int, tuple[float, float]]) -> dict[int, ZoneInflow]:
        """Inflow change of each metered zone; zones with a missing meter, or one of unknown noise, are left out."""
        found = {}
        for zone in sorted({*self._from.tolist(), *self._to.tolist()} - {-1}):
            change, noise = nets.get(zone, self._inflow(zone, self._noise, deviation))
            mine = (self._to == zone) | (self._from == zone)
            if zone in nets or (np.isfinite(change) and (self._heard[mine] >= _KNOWN_TICKS).all()):
                found[zone] = ZoneInflow(str(self._city.zones.name[zone]), change, noise, zone in self._whole)
        return found

    def _meters(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """(station rows, upstream zone, downstream zone) of the meters on links between two zones or into one."""
        network, found = self._city.network, []
        for row, link in enumerate(self._city.stations.link):
            for table in (network.pipes, network.pumps, network.valves):
                if link and table.has(str(link)):
                    at = table.row(str(link))
                    ends = int(table.from_node[at]), int(table.to_node[at])
                    zones = tuple(int(self._zone[node]) if node >= 0 else -1 for node in ends)
                    if zones[0] != zones[1]:
                        found.append((row, *zones))
        columns = np.array(found, dtype=np.int64).reshape(-1, 3)
        return columns[:, 0], columns[:, 1], columns[:, 2]

    def _wholly_metered(self) -> frozenset[int]:
        """Zones without a source with a meter on every open link across the boundary."""
        network, metered = self._city.network, set(self._city.stations.link[self._station].tolist())
        shut_pipes = network.valves.pipe[network.valves.state == ValveState.CLOSED]
        sources = self._zone[network.nodes.feeds]
        open_to = set(sources.tolist())
        for table in (network.pipes, network.pumps, network.valves):
            linked = (table.from_node >= 0) & (table.to_node >= 0)
            zones = np.where(linked[:, None], self._zone[np.column_stack([table.from_node, table.to_node])], -1)
            crossing = zones[:, 0] != zones[:, 1]
            if table is network.pipes:
                crossing &= (network.pipes.status == PipeStatus.OPEN) & ~np.isin(np.arange(len(table)), shut_pipes)
            if table is network.valves:
                crossing &= network.valves.state != ValveState.CLOSED
            for row in np.flatnonzero(crossing):
                if str(table.asset_id[row]) not in metered:
                    open_to |= set(zones[row].tolist())
        return frozenset(set(self._zone.tolist()) - open_to - {-1})

    def _boundaries(self) -> tuple[_Pair, ...]:
        """Pairs of metered zones that share closed valves."""
        network, between = self._city.network, dict[tuple[int, int], list[str]]()
        valves, pipes = network.valves, network.pipes
        for row in np.flatnonzero(valves.state == ValveState.CLOSED):
            pipe = int(valves.pipe[row])
            ends = (pipes.from_node[pipe], pipes.to_node[pipe]) if pipe >= 0 else (valves.from_node[row], valves.to_node[row])
            zones = sorted(int(self._zone[node]) for node in ends if node >= 0)
            if len(zones) == 2 and zones[0] >= 0 and zones[0] != zones[1]:
                between.setdefault((zones[0], zones[1]), []).append(str(valves.asset_id[row]))
        metered = {*self._from.tolist(), *self._to.tolist()}
        return tuple(_Pair(*pair, tuple(names)) for pair, names in sorted(between.items()) if set(pair) <= metered)

    def _active_pairs(self, sigma: Floats) -> list[int]:
        """Pairs to test, selected in one vectorised step: both inflows beyond their noise, or a finding in progress."""
        if not len(self._pairs):
            return []
        zones = int(self._zone.max(initial=-1)) + 2  # the last element is for links outside all zones
        ends = np.concatenate([self._to, self._from])
        change = np.bincount(ends % zones, weights=np.concatenate([self._deviation, -self._deviation]), minlength=zones)
        noise = np.sqrt(np.bincount(ends % zones, weights=np.tile(sigma**2, 2), minlength=zones))
        for zone, known in self._net_noise.items():
            noise[zone] = min(noise[zone], known)
        clear = np.abs(change) > CLEAR_SIGMAS * noise
        first, other = (np.array([getattr(pair, end) for pair in self._pairs]) for end in ("first", "second"))
        under_way = (self._since > 0) | self._active
        return np.flatnonzero((clear[first] & clear[other]) | under_way).tolist()

    def _judge(self, index: int, pair: _Pair, sigma: Floats, now_us: int) -> list[StationFinding]:
        (one, noise_one), (other, noise_other) = (
            self._inflow(zone, sigma, self._deviation) for zone in (pair.first, pair.second)
        )
        if not (np.isfinite(one) and np.isfinite(other)):
            return []
        clear = abs(one) > CLEAR_SIGMAS * noise_one and abs(other) > CLEAR_SIGMAS * noise_other
        opposite = clear and one * other < 0 and abs(one + other) < ALIKE * max(abs(one), abs(other))
        self._since[index] = self._since[index] + 1 if opposite else 0
        before, self._active[index] = bool(self._active[index]), self._since[index] >= _LASTING_TICKS
        if before == self._active[index]:
            return []
        names = self._city.zones.name
        gains, loses = (pair.second, pair.first) if one < 0 else (pair.first, pair.second)
        detail = Note(
            "station.opposite_inflows",
            gains=str(names[gains]),
            more=Quantity(max(one, other), "flow"),
            loses=str(names[loses]),
            less=Quantity(min(one, other), "flow"),
            valves=pair.valves[:_MOST_VALVES],
        )
        station = str(self._city.stations.asset_id[self._meter_of(pair)])
        return [StationFinding(station, "flow", "open_boundary", moment(now_us), bool(self._active[index]), detail)]

    def _meter_of(self, pair: _Pair) -> int:
        """The meter of the pair with the largest change."""
        touching = np.isin(self._to, (pair.first, pair.second)) | np.isin(self._from, (pair.first, pair.second))
        size = np.where(touching, np.abs(np.nan_to_num(self._deviation)), -1.0)
        return int(self._station[int(np.argmax(size))])

    def _inflow(self, zone: int, sigma: Floats, deviation: Floats) -> tuple[float, float]:
        """(change of a zone's metered inflow, its noise), m³/h; NaN while a meter is missing."""
        sign = (self._to == zone).astype(np.float64) - (self._from == zone)
        mine = sign != 0
        # Transit flow varies at both meters with opposite sign: the sum has less noise than its parts.
        noise = self._net_noise.get(zone, np.inf)
        return float(sign[mine] @ deviation[mine]), min(float(np.sqrt((sigma[mine] ** 2).sum())), noise)

    def _sigma(self, usual: Floats) -> Floats:
        least = np.maximum(_LEAST_M3H, _LEAST_SHARE * np.abs(np.nan_to_num(usual)))
        return np.asarray(np.fmax(1.4826 * self._scatter, least))

    def _learn(self, sigma: Floats) -> None:
        """Update the mean absolute deviation of the last hours; outliers are clipped."""
        size = np.minimum(np.abs(self._deviation), 3.0 * sigma)
        first = np.isnan(self._scatter)
        blended = np.where(first, size, self._scatter + _MEMORY * (size - self._scatter))
        self._scatter = np.where(np.isnan(size), self._scatter, blended)
