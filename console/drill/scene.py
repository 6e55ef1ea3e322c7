"""The scene of a drill: the city, and which pipe breaks how badly. Deterministic by seed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from console.domain.readings import ReadingBatch
from console.drill.options import DrillOptions
from console.feeds.simulator import SimulatorProcess
from maps.city import City
from maps.dataset import read_city, write_city
from maps.errors import InputFault
from maps.network import PipeStatus
from maps.synthetic import SyntheticOptions, build_city
from maps.trace import islands

START = datetime(2024, 1, 3, 14, 55, tzinfo=UTC)
"""22:55 in Jinan, five minutes before the night of the article's case."""

HISTORY_STEP_S = 300.0
_HISTORY_DAYS = 3
_LEAST_DIAMETER_MM = 150.0


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
    if city.epanet is None:
        raise InputFault(f"{path}: a drill needs a hydraulic model; import an .inp or a smaller synthetic city")
    pipe = options.burst or _chosen_pipe(city, options.seed)
    diameter = float(city.network.pipes.diameter_mm[city.network.pipes.row(pipe)])
    return Scene(city, path, pipe, options.flow_m3h or burst_flow_m3h(city, diameter))


def burst_flow_m3h(city: City, diameter_mm: float) -> float:
    """A believable burst: by diameter, yet no more than a good share of what the city draws."""
    by_size = float(np.clip(0.6 * diameter_mm, 60.0, 400.0))
    drawn = float(np.nansum(np.maximum(city.network.nodes.demand_m3h, 0.0)))
    return round(min(by_size, max(0.15 * drawn, 20.0)), 1)


def _chosen_pipe(city: City, seed: int) -> str:
    """A fed, open main among those a drill is worth on, by seed."""
    pipes = city.network.pipes
    _, label, fed = islands(city.network)
    usable = (pipes.status == PipeStatus.OPEN) & fed[label[pipes.from_node]] & (pipes.length_m > 20)
    large = usable & (pipes.diameter_mm >= _LEAST_DIAMETER_MM) & (pipes.diameter_mm <= 400)
    rows = np.flatnonzero(large if large.any() else usable)
    if not len(rows):
        raise InputFault(f"{city.info.name}: no pipe is fed by a source; a drill needs one")
    return str(pipes.asset_id[np.random.default_rng(seed).choice(rows)])


def history_of(scene: Scene, seed: int) -> ReadingBatch:
    """Three days of readings before the start, as a historian would hand them over."""
    with SimulatorProcess(scene.city_path, sink=lambda topic, payload: None, seed=seed, start=START) as simulator:
        simulator.wait_ready()
        return simulator.history(_HISTORY_DAYS, int(HISTORY_STEP_S))
