"""A small town with a daily pattern and readings computed with EPANET's responses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from console.detection import Detector, DetectorOptions, History, TickResult
from console.domain.readings import Channel, Quality
from maps.city import City
from maps.columns import Floats
from maps.hydraulics.session import EpanetSession
from maps.hydraulics.state import HydraulicState
from maps.locate.refine import Responses
from tests.builders import a_network

SIDE = 5
STEP_US = 60_000_000
START_US = 1_704_067_200_000_000
NOISE_M = 0.03
BURST_M3H = 30.0
_METRE = 9.80665


STATIONS = ("N01", "N33", "N40", "N14", "N42", "N22", "N04", "N31", "N11", "N24", "N34", "N43", "N20", "N02", "N13", "N41")


def a_town() -> City:
    """Five by five streets of DN100, fed at two corners; pressure stations scattered over them."""
    builder = a_network().source("R", 0, 0, head_m=60.0)
    for column in range(SIDE):
        for row in range(SIDE):
            builder = builder.node(f"N{column}{row}", 100 + 200.0 * column, 200.0 * row, demand_m3h=2.0)
    builder = builder.pipe("P0", "R", "N00", diameter_mm=300).pipe("P1", "R", "N44", diameter_mm=300)
    for column in range(SIDE):
        for row in range(SIDE):
            if column + 1 < SIDE:
                builder = builder.pipe(f"H{column}{row}", f"N{column}{row}", f"N{column + 1}{row}", diameter_mm=100)
            if row + 1 < SIDE:
                builder = builder.pipe(f"V{column}{row}", f"N{column}{row}", f"N{column}{row + 1}", diameter_mm=100)
    for number, node in enumerate(STATIONS):
        builder = builder.station(f"S{number}", at=node)
    return builder.build(model=True)


@dataclass(eq=False)
class Town:
    """``quiet_m``: (stations,) heads above ground without a burst; ``drop_m`` what a burst of ``BURST_M3H`` changes."""

    city: City
    state: HydraulicState
    quiet_m: Floats
    drops_m: dict[str, Floats]

    @classmethod
    def built(cls, *pipes: str) -> Town:
        city = a_town()
        node = city.stations.node.astype(np.int64)
        with EpanetSession(city) as session:
            quiet = session.solve(0)
            drops = {pipe: _burst(session, city, pipe).pressure_m[node] - quiet.pressure_m[node] for pipe in pipes}
        return cls(city, quiet, quiet.pressure_m[node], drops)


def _burst(session: EpanetSession, city: City, pipe: str) -> HydraulicState:
    row = city.network.pipes.row(pipe)
    ends = int(city.network.pipes.from_node[row]), int(city.network.pipes.to_node[row])
    return session.solve(0, leaks={end: BURST_M3H / 2.0 for end in ends})


class Night:
    """Successive ticks of a town; by default every station reports each minute."""

    def __init__(
        self, town: Town, *, learned: bool = True, seed: int = 1, responses: Responses | None = None, **options: object
    ) -> None:
        settings = DetectorOptions(time_zone="UTC", **options)  # type: ignore[arg-type]
        self.town, self.random = town, np.random.default_rng(seed)
        self.detector = Detector(town.city, [town.state], settings, responses=responses)
        self.now_us = START_US
        stations = len(town.quiet_m)
        if learned:
            at_us = START_US - np.arange(2000, 0, -1) * STEP_US
            heads = town.quiet_m + NOISE_M * self.random.standard_normal((2000, stations))
            self.detector.learn(History(at_us, {int(Channel.PRESSURE): (heads * _METRE).astype(np.float32)}))
        shape = (stations, len(Channel))
        self.value, self.at_us = np.full(shape, np.nan), np.zeros(shape, dtype=np.int64)
        self.quality = np.zeros(shape, dtype=np.uint8)

    def tick(
        self,
        change_m: Floats | float = 0.0,
        *,
        silent: NDArray[np.int64] | None = None,
        late_us: int = 0,
        replaced: dict[int, float] | None = None,
        noise_m: float = NOISE_M,
    ) -> TickResult:
        """One minute. ``silent`` stations do not report; ``late_us``: age of the samples; ``replaced``: station -> kPa."""
        self.now_us += STEP_US
        speaking = np.ones(len(self.value), dtype=bool)
        speaking[[] if silent is None else silent] = False
        heads = self.town.quiet_m + change_m + noise_m * self.random.standard_normal(len(self.value))
        values = heads * _METRE
        for station, kpa in (replaced or {}).items():
            values[station] = kpa
        self.value[speaking, Channel.PRESSURE] = values[speaking]
        self.at_us[speaking, Channel.PRESSURE] = self.now_us - late_us
        self.quality[:] = Quality.GOOD
        return self.detector.tick(self.value, self.at_us, self.quality, self.now_us)

    def ticks(self, count: int, change_m: Floats | float = 0.0, **how: object) -> list[TickResult]:
        return [self.tick(change_m, **how) for _ in range(count)]  # type: ignore[arg-type]


def bursts(results: list[TickResult]) -> int:
    return sum(len(result.bursts) for result in results)


def faults(results: list[TickResult], code: str) -> list[str]:
    """Stations of which ``code`` was raised."""
    return [found.station_id for result in results for found in result.stations if found.code == code and found.active]
