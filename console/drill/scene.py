"""Scene of a drill: city, broken pipe and burst flow. Deterministic by seed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from console.domain.readings import ReadingBatch
from console.drill.options import DrillOptions
from console.feeds.simulator import SimulatorProcess
from console.workers import HydraulicsWorker
from maps.city import City, CrewTable
from maps.dataset import read_city, write_city
from maps.errors import InputFault
from maps.files import refuse_overwriting
from maps.hydraulics.session import EpanetSession
from maps.hydraulics.state import HydraulicState
from maps.network import PipeStatus
from maps.synthetic import SyntheticOptions, build_city
from maps.trace import islands

START = datetime(2024, 1, 3, 14, 55, tzinfo=UTC)
"""22:55 in Jinan, five minutes before the burst of the reference case."""

HISTORY_STEP_S = 300.0
LOADING_S = 5.0
"""Real seconds for the simulator to load the city before the start of the drill's clock."""
_HISTORY_DAYS = 3
_DRILL_CREWS = 3
_TRIED, _SEEN_M = 24, 1.0
_LEAST_DIAMETER_MM = 250.0


@dataclass(frozen=True, eq=False)
class Scene:
    """A city on disk, its broken pipe and the flow out of it, m³/h."""

    city: City
    city_path: Path
    burst_pipe: str
    flow_m3h: float


def set_scene(options: DrillOptions) -> Scene:
    """The city of the drill, written into its folder when synthetic. Raises InputFault and UnknownAsset."""
    if options.city is not None:
        city, path = read_city(options.city), options.city
    else:
        city, path = build_city(SyntheticOptions(seed=options.seed)), options.out / "demo-city.gpkg"
        write_city(city, path)
    if not len(city.stations):
        raise InputFault(f"{path}: a drill needs stations; import with --stations auto")
    if not len(city.crews):
        city, path = _with_drill_crews(city, options.seed), options.out / "drill-city.gpkg"
        refuse_overwriting(path, [options.city] if options.city is not None else [])
        write_city(city, path)
    if city.epanet is None:
        raise InputFault(f"{path}: a drill needs a hydraulic model; import an .inp or a smaller synthetic city")
    pipe = options.burst or _chosen_pipe(city, options)
    diameter = float(city.network.pipes.diameter_mm[city.network.pipes.row(pipe)])
    return Scene(city, path, pipe, options.flow_m3h or burst_flow_m3h(city, diameter))


def empty_store(out: Path) -> Path:
    """Store of a drill; the store of an earlier drill in the same folder is deleted."""
    for old in out.glob("drill.sqlite*"):
        old.unlink()
    return out / "drill.sqlite"


def _with_drill_crews(city: City, seed: int) -> City:
    """Add crews for the drill to a city without crews, named as such and placed at nodes by seed."""
    nodes = city.network.nodes
    at = np.random.default_rng(seed).choice(len(nodes), size=min(_DRILL_CREWS, len(nodes)), replace=False)
    names = [f"演练抢修{number}队" for number in range(1, len(at) + 1)]
    ids = [f"drill-crew-{number}" for number in range(1, len(at) + 1)]
    crews = CrewTable.of(ids, name=names, base_x=nodes.x[at], base_y=nodes.y[at], skills=["repair"] * len(at))
    info = replace(city.info, assumed=(*city.info.assumed, "the crews were placed for the drill"))
    return replace(city, crews=crews, info=info)


def burst_flow_m3h(city: City, diameter_mm: float) -> float:
    """A plausible burst flow: the pipe's section at about 1.4 m/s, limited to a share of the city's demand."""
    by_size = float(np.clip(5000.0 * (np.pi / 4) * (diameter_mm / 1000.0) ** 2, 100.0, 600.0))
    drawn = float(np.nansum(np.maximum(city.network.nodes.demand_m3h, 0.0)))
    return round(min(by_size, max(0.15 * drawn, 20.0)), 1)


def _chosen_pipe(city: City, options: DrillOptions) -> str:
    """A supplied, open main whose burst is detectable by the stations, chosen by seed.

    An imported city is solved in a separate process, because EPANET may crash on its model. Raises WorkerFailed.
    """
    pipes = city.network.pipes
    _, label, fed = islands(city.network)
    usable = (pipes.status == PipeStatus.OPEN) & fed[label[pipes.from_node]] & (pipes.length_m > 20)
    large = usable & (pipes.diameter_mm >= _LEAST_DIAMETER_MM) & (pipes.diameter_mm <= 400)
    rows = np.flatnonzero(large if large.any() else usable)
    if not len(rows):
        raise InputFault(f"{city.info.name}: no pipe is fed by a source; a drill needs one")
    tried = np.random.default_rng(options.seed).permutation(rows)[:_TRIED]
    local = START.astimezone(ZoneInfo(city.info.time_zone))
    if options.city is None:
        with EpanetSession(city) as session:
            seen = [_seen_m(city, session.solve, int(row), local.hour * 3600) for row in tried]
    else:
        with HydraulicsWorker(options.city, city) as worker:
            seen = [_seen_m(city, worker.state, int(row), local.hour * 3600) for row in tried]
    plain = [row for row, drop in zip(tried, seen, strict=True) if drop >= _SEEN_M]
    return str(pipes.asset_id[plain[0] if plain else tried[int(np.argmax(seen))]])


def _seen_m(city: City, solve: Callable[..., HydraulicState], pipe: int, at_s: int) -> float:
    """Third largest pressure drop (m) at a station for a burst in a pipe."""
    nodes = city.stations.node[city.stations.node >= 0]
    flow_m3h = burst_flow_m3h(city, float(city.network.pipes.diameter_mm[pipe]))
    quiet = solve(at_s)
    burst = solve(at_s, leaks={int(city.network.pipes.to_node[pipe]): flow_m3h})
    if not (quiet.converged and burst.converged) or not len(nodes):
        return 0.0
    drops = np.sort(quiet.pressure_m[nodes] - burst.pressure_m[nodes])[::-1]
    return float(drops[min(2, len(drops) - 1)])


def history_of(scene: Scene, seed: int) -> ReadingBatch:
    """Readings of three days before the start, as a historian would have them."""
    with SimulatorProcess(scene.city_path, sink=lambda topic, payload: None, seed=seed, start=START) as simulator:
        simulator.wait_ready()
        return simulator.history(_HISTORY_DAYS, int(HISTORY_STEP_S))
