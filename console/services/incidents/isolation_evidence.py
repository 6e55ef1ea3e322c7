"""Evidence of an isolation from stations: pressure near zero inside, inflow back to normal, or pressure left: a valve passes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from console.domain.incidents import Incident
from console.domain.picture import Picture
from console.domain.readings import CHANNEL_BY_NAME, Channel, Quality
from maps.city import City

NEAR_ZERO_KPA = 20.0
"""Two metres of water: what is left in a part that drains."""
FRESH_S = 180.0
_BACK_SHARE = 0.3
"""An inflow is back when no more than this share of what the burst took is left."""


class Sign(StrEnum):
    """What one reading shows."""

    NEAR_ZERO = "near_zero"
    INFLOW_BACK = "inflow_back"
    STILL_PRESSURE = "still_pressure"


@dataclass(frozen=True, slots=True)
class IsolationSign:
    """One station's evidence; ``value`` in inside units."""

    station_id: str
    channel: str
    sign: Sign
    value: float


def isolation_signs(city: City, incident: Incident, picture: Picture) -> tuple[IsolationSign, ...]:
    """Evidence from current good readings in the plan's area; empty without stations there."""
    fresh = (picture.age_s() < FRESH_S) & (picture.quality == Quality.GOOD) & np.isfinite(picture.value)
    return (*_inside(city, incident, picture, fresh), *_inflows(city, incident, picture, fresh))


def _inside(city: City, incident: Incident, picture: Picture, fresh: NDArray[np.bool_]) -> list[IsolationSign]:
    dry, stations = _dry_nodes(city, incident), city.stations
    rows = np.flatnonzero((stations.node >= 0) & fresh[:, Channel.PRESSURE])
    signs = []
    for row in rows[dry[stations.node[rows]]]:
        value = float(picture.value[row, Channel.PRESSURE])
        sign = Sign.NEAR_ZERO if value < NEAR_ZERO_KPA else Sign.STILL_PRESSURE
        signs.append(IsolationSign(str(stations.asset_id[row]), "pressure", sign, value))
    return signs


def _dry_nodes(city: City, incident: Incident) -> NDArray[np.bool_]:
    """Nodes that only pipes of the plan's area reach: at its border a station may stand on either side of the valve.

    Parts without supply before the plan are left out: their pressure was near zero already.
    """
    pipes, plan = city.network.pipes, incident.plan
    area = np.zeros(len(pipes), dtype=bool)
    if plan is not None:
        area[[pipes.row(pipe) for pipe in (*plan.zone_pipes, *plan.dry_pocket_pipes)]] = True
        area[[pipes.row(pipe) for pipe in plan.without_supply_before]] = False
    inside = np.zeros(len(city.network.nodes), dtype=bool)
    for ends in (pipes.from_node, pipes.to_node):
        inside[ends[area]] = True
    for ends in (pipes.from_node, pipes.to_node):
        inside[ends[~area]] = False
    return inside


def _inflows(city: City, incident: Incident, picture: Picture, fresh: NDArray[np.bool_]) -> list[IsolationSign]:
    signs = []
    for item in incident.evidence:
        if item.channel != "flow" or item.deviation <= 0 or not city.stations.has(item.station_id):
            continue
        row, channel = city.stations.row(item.station_id), CHANNEL_BY_NAME[item.channel]
        left = float(picture.value[row, channel] - picture.expected[row, channel])
        if fresh[row, channel] and np.isfinite(left) and abs(left) <= _BACK_SHARE * item.deviation:
            signs.append(IsolationSign(item.station_id, item.channel, Sign.INFLOW_BACK, float(picture.value[row, channel])))
    return signs
