"""Calibration aid: one factor on demand and one on the roughness of each group of pipes, fitted to the hours of quiet days.

Gauss-Newton with full hydraulics: EPANET gives heads and flows, finite differences their derivatives. Priors keep parameters that
the readings do not determine near the given model; a constant offset of each station (elevation, zero) is fitted and reported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from epanet import toolkit as en
from numpy.typing import NDArray

from maps.columns import Floats
from maps.hydraulics.session import EpanetSession
from maps.hydraulics.state import HydraulicState
from maps.network import PipeNetwork

_PRESSURE_M, _FLOW_SHARE, _FLOW_LEAST_M3H = 0.3, 0.03, 1.0
"""Scales of the residuals: acceptable model errors (m; share of a flow)."""
_OFFSET_M = 2.0
"""Prior standard deviation of a station's offset."""
_DEMAND_PRIOR, _DEMAND_BLIND, _ROUGHNESS_PRIOR = 0.4, 0.1, 0.15
"""Prior standard deviations of the factors; without measured flows, demand and roughness are hardly distinguishable."""
_INDEPENDENT = 3.0
"""Effective number of readings of a station's day, because model errors are correlated through the day."""
_STEP, _LARGEST = 0.03, 0.35
_ROUNDS = 6
_ROBUST = 2.5
_CLASSES_MM = (150.0, 300.0)
_LEAST_SHARE = 0.05


@dataclass(frozen=True, eq=False)
class QuietDay:
    """Medians of quiet days by time of day.

    ``at_s``: seconds after midnight, (n,). ``pressure_m``: metres of water at the stations' nodes, (n, stations). ``flow_m3h``:
    flow through the stations' links, from their ``from_node``, (n, stations). NaN where nothing was measured.
    """

    at_s: Floats
    pressure_m: Floats
    flow_m3h: Floats


@dataclass(frozen=True, eq=False)
class Calibration:
    """``demand_factor``; ``roughness_factor`` by group; ``group``: (pipes,) index into ``groups``.

    ``before_m``, ``after_m``: (stations,) root mean square of the pressures' residuals over the day, m, NaN unmeasured;
    ``offset_m``: (stations,) constant reading error of a station (elevation, zero), fitted with the factors.
    """

    demand_factor: float
    groups: tuple[str, ...]
    roughness_factor: Floats
    group: NDArray[np.int64]
    before_m: Floats
    after_m: Floats
    offset_m: Floats
    converged: bool

    def of_pipes(self) -> Floats:
        """(pipes,) factor on roughness."""
        return np.asarray(self.roughness_factor[self.group])


def roughness_groups(network: PipeNetwork, most: int = 5) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """(names, (pipes,) index): by material where known, else by diameter; rare groups are merged with the rest."""
    pipes = network.pipes
    length = np.nan_to_num(pipes.length_m)
    names = np.array([str(text).strip() for text in pipes.material], dtype=object)
    if len(set(names)) < 2:
        size = np.digitize(np.nan_to_num(pipes.diameter_mm), _CLASSES_MM)
        words = ("< DN150", "DN150–DN300", "≥ DN300")
        names = np.array([words[row] for row in size], dtype=object)
    share = {name: float(length[names == name].sum()) / max(float(length.sum()), 1e-9) for name in set(names)}
    kept = [name for name in sorted(share, key=lambda name: -share[name]) if share[name] >= _LEAST_SHARE][:most]
    rest = [""] if any(name not in kept for name in share) else []
    order = [*kept, *rest]
    place = {name: index for index, name in enumerate(order)}
    return tuple(name or "other" for name in order), np.array([place.get(name, len(order) - 1) for name in names], dtype=np.int64)


def calibrate(session: EpanetSession, day: QuietDay, *, progress: Callable[[float], None] | None = None) -> Calibration:
    """Fit the session's model to a burst-free day; the session is restored afterwards.

    ``converged`` False: EPANET could not solve the model at some hour, and the factors stay at 1.
    """
    names, group = roughness_groups(session.city.network)
    problem = _Problem(session, day, group)
    theta = np.zeros(1 + len(names))
    demand = _DEMAND_PRIOR if np.isfinite(day.flow_m3h).any() else _DEMAND_BLIND
    prior = np.array([demand, *[_ROUGHNESS_PRIOR] * len(names)])
    first = problem.residuals(theta)
    if first is None:
        nothing = np.full(len(session.city.stations), np.nan)
        return Calibration(1.0, names, np.ones(len(names)), group, nothing, nothing, nothing, False)
    found, cost = first, problem.cost(first, theta, prior)
    for turn in range(_ROUNDS):
        step = problem.step(theta, prior, found)
        theta, found, better = _shortened(problem, theta, step, prior, found, cost)
        if progress is not None:
            progress((turn + 1) / _ROUNDS)
        if cost - better < 1e-3 * max(cost, 1e-9):
            break
        cost = better
    before, after = problem.by_station(first), problem.by_station(found)
    return Calibration(float(np.exp(theta[0])), names, np.exp(theta[1:]), group, before, after, problem.offsets(found), True)


def with_factors(inp: str, roughness_of: Mapping[str, float], demand_factor: float) -> str:
    """An .inp text with roughness of pipes (by EPANET id) and the demand multiplier scaled; all else is unchanged."""
    out: list[str] = []
    section, multiplier = "", f" Demand Multiplier  {demand_factor:.6g}"
    for line in inp.splitlines():
        words = line.split(";")[0].split()
        if line.lstrip().startswith("["):
            section = line.strip().upper()
            out.append(line)
        elif section == "[PIPES]" and len(words) >= 6 and words[0] in roughness_of:
            words[5] = f"{float(words[5]) * roughness_of[words[0]]:.6g}"
            out.append(" " + "\t".join(words))
        elif section == "[OPTIONS]" and [word.upper() for word in words[:2]] == ["DEMAND", "MULTIPLIER"]:
            multiplier = f" Demand Multiplier  {float(words[2]) * demand_factor:.6g}"
        else:
            out.append(line)
    place = next((place for place, line in enumerate(out) if line.strip().upper() == "[END]"), len(out))
    return "\n".join([*out[:place], "[OPTIONS]", multiplier, *out[place:]]) + "\n"


def _shortened(
    problem: _Problem, theta: Floats, step: Floats, prior: Floats, found: _Residuals, cost: float
) -> tuple[Floats, _Residuals, float]:
    """The step, halved until it reduces the cost; none when it never does."""
    for share in (1.0, 0.5, 0.25, 0.1):
        tried = theta + share * step
        residuals = problem.residuals(tried)
        if residuals is not None and (better := problem.cost(residuals, tried, prior)) < cost:
            return tried, residuals, better
    return theta, found, cost


@dataclass(frozen=True, eq=False)
class _Residuals:
    """Observed minus modelled: pressures (n, stations) m, flows (n, stations) in units of their accuracy."""

    pressure_m: Floats
    flow: Floats


class _Problem:
    def __init__(self, session: EpanetSession, day: QuietDay, group: NDArray[np.int64]) -> None:
        self._session, self._day, self._group = session, day, group
        stations, network = session.city.stations, session.city.network
        self._node = stations.node.astype(np.int64)
        self._link = [_link_of(network, str(link)) for link in stations.link]

    def residuals(self, theta: Floats) -> _Residuals | None:
        """At parameters (logarithms of the factors); None where EPANET does not converge."""
        pressure, flow = np.full_like(self._day.pressure_m, np.nan), np.full_like(self._day.flow_m3h, np.nan)
        with _roughness(self._session, np.exp(theta[1:])[self._group]):
            for row, at_s in enumerate(self._day.at_s):
                state = self._session.solve(float(at_s), demand_factor=float(np.exp(theta[0])))
                if not state.converged:
                    return None
                pressure[row] = np.where(self._node >= 0, state.pressure_m[self._node], np.nan)
                flow[row] = [_flow(state, link) for link in self._link]
        scale = np.maximum(_FLOW_SHARE * np.abs(self._day.flow_m3h), _FLOW_LEAST_M3H)
        return _Residuals(self._day.pressure_m - pressure, (self._day.flow_m3h - flow) / scale)

    def offsets(self, found: _Residuals) -> Floats:
        """(stations,) constant part of the residuals, shrunk towards zero by the elevation prior; NaN unmeasured."""
        known = np.isfinite(found.pressure_m).any(axis=0)
        offset = np.full(found.pressure_m.shape[1], np.nan)
        count = np.isfinite(found.pressure_m[:, known]).sum(axis=0)
        weight = _OFFSET_M**2 / (_OFFSET_M**2 + _PRESSURE_M**2 / count)
        offset[known] = weight * np.nanmedian(found.pressure_m[:, known], axis=0)
        return offset

    def by_station(self, found: _Residuals) -> Floats:
        """Root mean square over the day, (stations,), m."""
        known = np.isfinite(found.pressure_m).any(axis=0)
        size = np.full(found.pressure_m.shape[1], np.nan)
        size[known] = np.sqrt(np.nanmean(found.pressure_m[:, known] ** 2, axis=0))
        return size

    def cost(self, found: _Residuals, theta: Floats, prior: Floats) -> float:
        """Half the sum of weighted squares with Huber loss, including offsets and priors."""
        white = self._white(found)
        size = np.abs(white[np.isfinite(white)])
        huber = np.where(size <= _ROBUST, 0.5 * size**2, _ROBUST * (size - 0.5 * _ROBUST))
        offset = np.nan_to_num(self.offsets(found)) / _OFFSET_M
        return float(huber.sum() + 0.5 * (offset**2).sum() + 0.5 * ((theta / prior) ** 2).sum())

    def step(self, theta: Floats, prior: Floats, found: _Residuals) -> Floats:
        """One Gauss-Newton step of limited length."""
        white = self._white(found)
        known = np.isfinite(white)
        slopes = np.zeros((int(known.sum()), len(theta)))
        for column in range(len(theta)):
            moved = theta.copy()
            moved[column] += _STEP
            there = self.residuals(moved)
            if there is not None:
                # Offsets absorb part of any shift that is constant over the day: the rest determines the parameters.
                slopes[:, column] = np.nan_to_num(((self._white(there) - white) / _STEP)[known])
        weight = np.minimum(1.0, _ROBUST / np.maximum(np.abs(white[known]), 1e-9))
        normal = slopes.T @ (weight[:, None] * slopes) + np.diag(1.0 / prior**2)
        step = -np.linalg.solve(normal, slopes.T @ (weight * white[known]) + theta / prior**2)
        return np.asarray(np.clip(step, -_LARGEST, _LARGEST))

    def _white(self, found: _Residuals) -> Floats:
        pressure = (found.pressure_m - self.offsets(found)) / _PRESSURE_M
        weight = np.sqrt(min(1.0, _INDEPENDENT / max(len(self._day.at_s), 1)))
        return np.asarray(weight * np.concatenate([pressure.ravel(), found.flow.ravel()]))


@contextmanager
def _roughness(session: EpanetSession, factor: Floats) -> Iterator[None]:
    """Context with the roughness multiplied by a factor, (pipes,)."""
    handle = session.project.handle
    links = [(int(link) + 1, row) for row, link in enumerate(session.elements.pipe) if link >= 0]
    before = [float(en.getlinkvalue(handle, link, en.ROUGHNESS)) for link, _ in links]
    try:
        for (link, row), value in zip(links, before, strict=True):
            en.setlinkvalue(handle, link, en.ROUGHNESS, value * float(factor[row]))
        yield
    finally:
        for (link, _), value in zip(links, before, strict=True):
            en.setlinkvalue(handle, link, en.ROUGHNESS, value)


def _link_of(network: PipeNetwork, link: str) -> tuple[str, int] | None:
    """(kind, row) of a station's link."""
    tables = (("pipe", network.pipes), ("pump", network.pumps), ("valve", network.valves))
    return next(((kind, table.row(link)) for kind, table in tables if link and table.has(link)), None)


def _flow(state: HydraulicState, link: tuple[str, int] | None) -> float:
    if link is None:
        return float("nan")
    flows = {"pipe": state.pipe_flow_m3h, "pump": state.pump_flow_m3h, "valve": state.valve_flow_m3h}
    return float(flows[link[0]][link[1]])
