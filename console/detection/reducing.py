"""Zones behind pressure reducing valves: pressures there are pinned, so the valve's own flow and opening speak of a burst."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from console.detection.balance import RISING_SIGMAS
from console.detection.finding import BurstFinding
from console.domain.alarms import Evidence
from console.domain.clock import micros, moment
from console.domain.readings import Channel
from maps.city import City
from maps.columns import Floats
from maps.network import NodeKind, PipeNetwork, PipeStatus, ValveKind, ValveState

CHANNELS = (Channel.FLOW, Channel.VALVE_POSITION)
_TICKS = 60
_LEAST_TICKS = 10
_LEAST_SHARE = 0.03
"""Of the usual value: less is no rise, however quiet the meter."""
_MOVED_SHARE = 0.3
"""Of the largest fall: a station that moved less may stand elsewhere."""


@dataclass(frozen=True, slots=True)
class _Meter:
    """A station that tells of a reducing valve; ``sign``: of its flow towards the zone. ``zone``: label of what it feeds."""

    valve_id: str
    zone: int
    station: int
    sign: float


@dataclass(frozen=True, eq=False)
class _Tick:
    """``seen``, ``above`` what is usual: (meters, CHANNELS), NaN where not heard."""

    at_us: int
    seen: Floats
    above: Floats


class ReducingWatch:
    """Follows what is measured at reducing valves. ``tick`` once a tick; then ``evidence`` of a finding may be asked."""

    def __init__(self, city: City) -> None:
        self._city = city
        self._label, fed = zones_behind(city.network)
        self._meters = tuple(_meters(city, fed))
        self._past: deque[_Tick] = deque(maxlen=_TICKS)

    def tick(self, value: Floats, expected: Floats, fresh: NDArray[np.bool_], now_us: int) -> None:
        """Remember a tick; arrays (stations, channels), inside units. ``fresh``: good samples of this tick."""
        if not self._meters:
            return
        at = np.ix_([one.station for one in self._meters], CHANNELS)
        seen, usual = np.where(fresh[at], value[at], np.nan), expected[at].copy()
        usual[:, 1] = 0.0  # openings have no expected value: they are held against the hour before
        self._past.append(_Tick(now_us, seen, seen - usual))

    def evidence(self, finding: BurstFinding) -> tuple[Evidence, ...]:
        """Flows and openings that rose at the valves of a zone that holds every station that moved much."""
        stations = self._city.stations
        fell = {one.station_id: abs(one.deviation) for one in finding.evidence if one.channel == "pressure"}
        # A finding names three stations at least, be it that one alone moved.
        rows = [stations.row(name) for name, size in fell.items() if size >= _MOVED_SHARE * max(fell.values())]
        zones = {int(self._label[stations.node[row]]) if stations.node[row] >= 0 else -1 for row in rows}
        if len(zones) != 1 or not self._past:
            return ()
        (zone,) = zones
        began_us = micros(finding.first_abnormal_at)
        return tuple(
            told
            for index, meter in enumerate(self._meters)
            if meter.zone == zone
            for column, channel in enumerate(CHANNELS)
            if (told := self._risen(index, meter, column, channel, began_us)) is not None
        )

    def _risen(self, index: int, meter: _Meter, column: int, channel: Channel, began_us: int) -> Evidence | None:
        times = np.array([tick.at_us for tick in self._past])
        above = np.array([tick.above[index, column] for tick in self._past])
        known, since = np.isfinite(above), times >= began_us
        before = above[known & ~since]
        if len(before) < _LEAST_TICKS or not (known & since).any():
            return None
        last = int(np.flatnonzero(known & since)[-1])
        sign = meter.sign if channel is Channel.FLOW else 1.0
        rise = float(above[last] - np.median(before))
        noise = 1.4826 * float(np.median(np.abs(before - np.median(before))))
        shown = float(self._past[last].seen[index, column])
        if sign * rise <= max(RISING_SIGMAS * noise, _LEAST_SHARE * abs(shown - rise)):
            return None
        name = str(self._city.stations.asset_id[meter.station])
        return Evidence(name, channel.name.lower(), shown, shown - rise, moment(int(times[last])), meter.valve_id)


def zones_behind(network: PipeNetwork) -> tuple[NDArray[np.int64], dict[int, int]]:
    """(label of the part of the network each node lies in once every reducing valve is cut, row of a valve -> the part it feeds).

    A part with a source of its own is behind no valve.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    valves, pipes, pumps = network.valves, network.pipes, network.pumps
    reducing = (valves.kind == ValveKind.PRV) & (valves.is_link | (valves.pipe >= 0))
    passing = valves.is_link & ~reducing & (valves.state != ValveState.CLOSED)
    shut = np.isin(np.arange(len(pipes)), valves.pipe[reducing | (valves.state == ValveState.CLOSED)])
    way = (pipes.status == PipeStatus.OPEN) & ~shut
    lifts = (pumps.from_node >= 0) & (pumps.to_node >= 0)
    start = np.concatenate([pipes.from_node[way], pumps.from_node[lifts], valves.from_node[passing]])
    end = np.concatenate([pipes.to_node[way], pumps.to_node[lifts], valves.to_node[passing]])
    nodes = len(network.nodes)
    label = connected_components(coo_array((np.ones(len(start)), (start, end)), shape=(nodes, nodes)), directed=False)[1]
    own_source = set(label[network.nodes.kind >= NodeKind.SOURCE].tolist())
    fed = {
        int(row): int(label[_ends(network, row)[1]])
        for row in np.flatnonzero(reducing & (valves.state != ValveState.CLOSED)).tolist()
    }
    return label.astype(np.int64), {row: zone for row, zone in fed.items() if zone not in own_source}


def _ends(network: PipeNetwork, valve: int) -> tuple[int, int]:
    """Nodes before and behind a reducing valve. On a pipe it lets water into that pipe, or out of it at the valve's own end."""
    valves, pipes = network.valves, network.pipes
    pipe = int(valves.pipe[valve])
    if pipe < 0:
        return int(valves.from_node[valve]), int(valves.to_node[valve])
    start, end, own = int(pipes.from_node[pipe]), int(pipes.to_node[pipe]), int(valves.node[valve])
    far = start + end - own
    return (own, far) if int(valves.flows_to[valve]) in (-1, pipe) else (far, own)


def _meters(city: City, fed: dict[int, int]) -> list[_Meter]:
    """Stations on a reducing valve, or on the only pipe that leads to or from it: the same water passes."""
    network, found = city.network, []
    signs = {row: _links_at(network, row) for row in fed}
    for station, link in enumerate(city.stations.link):
        for row, zone in fed.items():
            sign = signs[row].get(str(link), 0.0)
            if sign:
                found.append(_Meter(str(network.valves.asset_id[row]), zone, station, sign))
    return found


def _links_at(network: PipeNetwork, valve: int) -> dict[str, float]:
    """Links that carry a valve's flow -> +1 drawn along it, -1 against it."""
    links, (before, behind), own = (
        {str(network.valves.asset_id[valve]): 1.0},
        _ends(network, valve),
        int(network.valves.pipe[valve]),
    )
    if own >= 0:
        links[str(network.pipes.asset_id[own])] = 1.0 if int(network.pipes.to_node[own]) == behind else -1.0
        return links
    for node, is_before in ((before, True), (behind, False)):
        pipes = network.pipes_at(node)
        if len(pipes) == 1:
            ends_here = int(network.pipes.to_node[pipes[0]]) == node
            links[str(network.pipes.asset_id[pipes[0]])] = 1.0 if ends_here == is_before else -1.0
    return links
