"""Operations read from stations' state channels: pumps, valves, setpoints, and tanks that begin to fill."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from console.detection.finding import OperationFinding
from console.domain.clock import moment
from console.domain.readings import Channel
from maps.city import City
from maps.columns import Floats
from maps.network import ValveKind

_MOVED = {Channel.VALVE_POSITION: ("valve", 0.05), Channel.SETPOINT: ("setpoint", 0.01)}
"""Channel -> (kind, relative change above which it counts as an operation, not noise)."""
_RISES = 3
_RISE_M = 0.01


class SwitchWatch:
    """Compares every state channel with its last sample; call ``tick`` once a tick."""

    def __init__(self, city: City) -> None:
        stations, pumps = city.stations, city.network.pumps
        links = zip(stations.asset_id, stations.link, strict=True)
        valves = city.network.valves
        self._names = [str(link) if pumps.has(str(link)) or valves.has(str(link)) else str(own) for own, link in links]
        reducing = set(valves.asset_id[valves.kind == ValveKind.PRV].tolist())
        self._reducing = np.array([str(link) in reducing for link in stations.link], dtype=bool)
        shape = (len(stations), len(Channel))
        self._last = np.full(shape, np.nan)
        self._rises = np.full(len(stations), _RISES, dtype=np.int64)
        self._falls = np.zeros(len(stations), dtype=np.int64)

    def tick(self, value: Floats, fresh: NDArray[np.bool_], now_us: int) -> list[OperationFinding]:
        """Operations since the tick before; arrays (stations, channels), ``fresh``: good samples of this tick."""
        seen = np.where(fresh, value, np.nan)
        before, self._last = self._last, np.where(np.isfinite(seen), seen, self._last)
        at, found = moment(now_us), list[OperationFinding]()
        on, was = seen[:, Channel.PUMP_ON], before[:, Channel.PUMP_ON]
        for row in np.flatnonzero(np.isfinite(on) & np.isfinite(was) & ((on > 0.5) != (was > 0.5))):
            found.append(OperationFinding(at, "pump", self._names[row], stopped=bool(on[row] <= 0.5)))
        for channel, (kind, share) in _MOVED.items():
            new, old = seen[:, channel], before[:, channel]
            moved = np.abs(new - old) > share * np.maximum(np.abs(new), np.abs(old))
            if channel is Channel.VALVE_POSITION:
                moved &= ~self._reducing  # a PRV regulates by itself in response to downstream flow: no operation
            found += [OperationFinding(at, kind, self._names[row]) for row in np.flatnonzero(moved)]
        found += [OperationFinding(at, "tank_filling", self._names[row]) for row in self._filling(seen, before)]
        return found

    def _filling(self, seen: Floats, before: Floats) -> NDArray[np.int64]:
        """Stations whose level has risen for some samples after falling or standing still."""
        step = seen[:, Channel.LEVEL] - before[:, Channel.LEVEL]
        rose, fell = step > _RISE_M, step <= 0.0
        began = rose & (self._rises == _RISES - 1) & (self._falls >= _RISES)
        self._rises = np.where(rose, self._rises + 1, np.where(fell, 0, self._rises))
        self._falls = np.where(fell, self._falls + 1, np.where(began, 0, self._falls))
        return np.flatnonzero(began)
