"""Accuracy of detection and location on L-Town: mismatched truth, learned burst-free days, random bursts, live detector."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from console.bench.truth import MismatchedTruth
from console.detection import BurstFinding, Detector, DetectorOptions, History
from console.domain.readings import Channel
from maps.city import City, StationTable
from maps.columns import Floats
from maps.errors import InputFault
from maps.hydraulics.analysis.burst_responses import burst_responses
from maps.hydraulics.session import EpanetSession
from maps.hydraulics.state import HydraulicState
from maps.importers import ImportOptions, import_city
from maps.trace import shortest_path
from maps.units import KPA_PER_METRE

STATION_NODES = (
    *("n1", "n4", "n31", "n54", "n105", "n114", "n163", "n188", "n215", "n229", "n288", "n296", "n332", "n342", "n410", "n415"),
    *("n429", "n458", "n469", "n495", "n506", "n516", "n519", "n549", "n613", "n636", "n644", "n679", "n722", "n726", "n740"),
    *("n752", "n769"),
)
"""The 33 stations of the BattLeDIM competition."""

_STEP_S, _DAY_STEPS = 300, 288
_READING_SIGMA_M = 0.03
_GLITCHES_A_STEP = 1.0 / (7 * _DAY_STEPS)
_START_US = 1_704_067_200_000_000
_FLOWS_M3H = (30.0, 60.0)
_SAMPLES = 3


@dataclass(frozen=True, eq=False)
class _Burst:
    step: int
    pipe: int
    share: float


@dataclass(frozen=True, slots=True)
class _Outcome:
    """``sample``: 1 to 3, at which the burst was detected, 0 if not; the other fields: location from the first sample."""

    sample: int
    distance_m: float
    rank: int
    set_size: int
    held: bool


@dataclass(frozen=True, eq=False)
class Recorded:
    """Readings of quiet days, and of the first samples of each burst by flow; ``days`` to learn from."""

    city: City
    quiet: NDArray[np.float32]
    planned: list[_Burst]
    hurt: list[dict[float, NDArray[np.float32]]]
    days: int

    def figures(self, without: frozenset[str] = frozenset()) -> dict[str, Any]:
        """What the detector makes of it. ``without``: lanes that are switched off."""
        options = DetectorOptions(tick_s=float(_STEP_S), time_zone="UTC", without=without)
        return measured(self.city, self.quiet, self.planned, self.hurt, self.days, options)


def run(
    days: int = 120,
    bursts: int = 200,
    seed: int = 1,
    test_days: int = 30,
    inp: Path | None = None,
    without: frozenset[str] = frozenset(),
) -> dict[str, Any]:
    """Measure on L-Town: thresholds from ``days`` quiet days, false alarms in ``test_days`` more, ``bursts`` of each size.

    Readings have 3 cm of noise, and each station has one glitch a week. ``without``: lanes that are switched off. Raises
    InputFault without L-TOWN.inp (part of the package epyt).
    """
    return recorded(days, bursts, seed, test_days, inp).figures(without)


def recorded(days: int = 120, bursts: int = 200, seed: int = 1, test_days: int = 30, inp: Path | None = None) -> Recorded:
    """The readings that ``run`` measures on."""
    city = ltown(inp)
    random = np.random.default_rng((seed, 77))
    steps = (days + test_days) * _DAY_STEPS
    planned = [
        _Burst(int(random.integers(days * _DAY_STEPS + 36, steps - _SAMPLES)), int(pipe), float(random.random()))
        for pipe in random.integers(0, len(city.network.pipes), bursts)
    ]
    with MismatchedTruth(city, seed) as truth:
        quiet = pressures(city, truth, steps, random)
        hurt = [{flow: _hurt(city, truth, one, flow, random) for flow in _FLOWS_M3H} for one in planned]
    return Recorded(city, quiet, planned, hurt, days)


def ltown(inp: Path | None = None) -> City:
    """L-Town with its 33 stations."""
    found = find_spec("epyt")
    folder = Path(found.origin).parent if found is not None and found.origin else Path()
    path = inp or folder / "networks" / "L-TOWN.inp"
    if not path.is_file():
        raise InputFault("L-TOWN.inp not found; install the package epyt (pip install epyt), which contains it")
    city = import_city([path], ImportOptions()).city
    nodes = city.network.nodes
    rows = nodes.rows(list(STATION_NODES))
    stations = StationTable.of(
        STATION_NODES,
        name=STATION_NODES,
        node=rows,
        channels=["pressure"] * len(rows),
        x=nodes.x[rows],
        y=nodes.y[rows],
    )
    return replace(city, stations=stations, info=replace(city.info, time_zone="UTC"))


def pressures(city: City, truth: MismatchedTruth, steps: int, random: np.random.Generator) -> NDArray[np.float32]:
    """Quiet readings, kPa, (steps, stations)."""
    node = city.stations.node.astype(np.int64)
    days = [range(first, min(first + _DAY_STEPS, steps)) for first in range(0, steps, _DAY_STEPS)]
    head = np.concatenate([truth.heads_over([step * _STEP_S for step in day])[:, node] for day in days])
    return _read(city, head, random)


def _read(city: City, head_m: Floats, random: np.random.Generator) -> NDArray[np.float32]:
    """Heads (…, stations) in m as reported pressures in kPa, with noise and glitches."""
    elevation = np.nan_to_num(city.network.nodes.elevation_m)[city.stations.node.astype(np.int64)]
    value = (head_m - elevation + _READING_SIGMA_M * random.standard_normal(head_m.shape)) * KPA_PER_METRE
    glitch = random.random(head_m.shape) < _GLITCHES_A_STEP
    return np.asarray(np.where(glitch, value * random.uniform(0.4, 1.6, head_m.shape), value), dtype=np.float32)


def _hurt(city: City, truth: MismatchedTruth, burst: _Burst, flow_m3h: float, random: np.random.Generator) -> NDArray[np.float32]:
    """Readings after a burst, kPa, (samples, stations)."""
    pipes, node = city.network.pipes, city.stations.node.astype(np.int64)
    start, end = int(pipes.from_node[burst.pipe]), int(pipes.to_node[burst.pipe])
    leak = {start: flow_m3h * (1.0 - burst.share)}
    leak[end] = leak.get(end, 0.0) + flow_m3h * burst.share
    head = truth.heads_over([(burst.step + sample) * _STEP_S for sample in range(_SAMPLES)], leak)[:, node]
    return _read(city, head, random)


def measured(
    city: City,
    quiet: NDArray[np.float32],
    planned: list[_Burst],
    hurt: list[dict[float, NDArray[np.float32]]],
    days: int,
    options: DetectorOptions | None = None,
) -> dict[str, Any]:
    """Figures from readings: the detector learns ``days`` of ``quiet`` and runs through the rest; bursts run on copies."""
    with EpanetSession(city) as session:
        states = session.solve_day(3600)
        settings = options or DetectorOptions(tick_s=float(_STEP_S), time_zone="UTC")
        detector = Detector(city, states, settings, responses=partial(burst_responses, session))
        return _played(detector, city, states, quiet, planned, hurt, days)


def _played(
    detector: Detector,
    city: City,
    states: Sequence[HydraulicState],
    quiet: NDArray[np.float32],
    planned: list[_Burst],
    hurt: list[dict[float, NDArray[np.float32]]],
    days: int,
) -> dict[str, Any]:
    learned = days * _DAY_STEPS
    at_us = _START_US + np.arange(len(quiet), dtype=np.int64) * _STEP_S * 1_000_000
    detector.learn(History(at_us[:learned], {int(Channel.PRESSURE): quiet[:learned]}))
    waiting: dict[int, list[int]] = {}
    for number, one in enumerate(planned):
        waiting.setdefault(one.step, []).append(number)
    # Branches share immutable objects; the EPANET session cannot be copied.
    shared: dict[int, Any] = {id(city): city, **{id(state): state for state in states}}
    shared[id(detector.responses)] = detector.responses
    outcomes: dict[float, list[_Outcome]] = {flow: [] for flow in _FLOWS_M3H}
    false_alarms = 0
    for step in range(learned, len(quiet)):
        for number in waiting.get(step, []):
            for flow in _FLOWS_M3H:
                outcomes[flow].append(_outcome(detector, shared, city, hurt[number][flow], at_us, planned[number]))
        false_alarms += len(_ticked(detector, quiet[step], int(at_us[step])))
    test_days = (len(quiet) - learned) / _DAY_STEPS
    table: dict[str, Any] = {
        "stations": len(city.stations),
        "learned_days": days,
        "test_days": round(test_days, 1),
        "false_alarms": false_alarms,
        "false_alarms_per_30_days": round(30.0 * false_alarms / test_days, 2),
    }
    return {**table, **{f"{flow:.0f}_m3h": _summary(outcomes[flow]) for flow in _FLOWS_M3H}}


def _ticked(
    detector: Detector, pressure_kpa: NDArray[np.float32], at_us: int, *, force: bool = False
) -> tuple[BurstFinding, ...]:
    shape = (len(pressure_kpa), len(Channel))
    value, at = np.full(shape, np.nan), np.zeros(shape, dtype=np.int64)
    value[:, Channel.PRESSURE], at[:, Channel.PRESSURE] = pressure_kpa, at_us
    return detector.tick(value, at, np.zeros(shape, dtype=np.uint8), at_us, force=force).bursts


def _outcome(
    detector: Detector,
    shared: dict[int, Any],
    city: City,
    readings: NDArray[np.float32],
    at_us: NDArray[np.int64],
    burst: _Burst,
) -> _Outcome:
    """Detection and location on copies of the detector; ``shared``: objects that copies share, by ``id``."""
    forced = copy.deepcopy(detector, dict(shared))
    located = _ticked(forced, readings[0], int(at_us[burst.step]), force=True)
    # Without responses the location is not refined by EPANET; whether a burst is detected does not depend on its location.
    detecting = copy.deepcopy(detector, {**shared, id(detector.responses): None})
    sample = 0
    for number, row in enumerate(readings):
        if _ticked(detecting, row, int(at_us[burst.step + number])):
            sample = number + 1
            break
    if not located:
        return _Outcome(sample, np.inf, 0, 0, held=False)
    location, true = located[0].location, str(city.network.pipes.asset_id[burst.pipe])
    ids = [candidate.pipe_id for candidate in location.candidates]
    rank = ids.index(true) + 1 if true in ids else 0
    distance = between_m(city, city.network.pipes.row(ids[0]), burst.pipe) if ids else np.inf
    return _Outcome(sample, distance, rank, len(location.set_90), true in location.set_90)


def _summary(outcomes: list[_Outcome]) -> dict[str, float]:
    sample = np.array([one.sample for one in outcomes])
    distance = np.array([one.distance_m for one in outcomes])
    rank = np.array([one.rank for one in outcomes])
    return {
        "bursts": len(outcomes),
        "first_sample": round(float((sample == 1).mean()), 3),
        "within_three": round(float((sample > 0).mean()), 3),
        "median_m": round(float(np.median(distance)), 1),
        "within_300_m": round(float((distance <= 300.0).mean()), 3),
        "in_first_ten": round(float(((rank > 0) & (rank <= 10)).mean()), 3),
        "set_90_holds": round(float(np.mean([one.held for one in outcomes])), 3),
        "set_90_pipes": float(np.median([one.set_size for one in outcomes])),
    }


def between_m(city: City, one: int, other: int) -> float:
    """Metres along the network between the middles of two pipes, infinite when not connected."""
    if one == other:
        return 0.0
    pipes = city.network.pipes
    halves = float(np.nan_to_num(pipes.length_m[one]) + np.nan_to_num(pipes.length_m[other])) / 2.0
    best = np.inf
    for start in (int(pipes.from_node[one]), int(pipes.to_node[one])):
        for end in (int(pipes.from_node[other]), int(pipes.to_node[other])):
            way = shortest_path(city.network, [start, end])
            best = min(best, float(way.length_m) if len(way.nodes) else np.inf)
    return halves + best
