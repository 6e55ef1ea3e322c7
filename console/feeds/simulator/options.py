"""Options and commands of a simulation; plain picklable values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from console.domain.readings import ReadingBatch


@dataclass(frozen=True, slots=True)
class SimulatorOptions:
    """``seed``: of the hidden model and all noise. ``speed``: simulated seconds a real second. ``start``: aware.

    ``origin``: the machine's monotonic clock at ``start``. ``step_s``: simulated time between readings, on whole multiples
    since 1970. ``bursts``: (simulated seconds after the start, pipe id, m³/h). ``glitches_a_day``: per station. Sigmas: of the
    hidden demands (lognormal), roughness, each node's demand from minute to minute, pressure (m of water), flow (share).
    """

    city_path: str
    seed: int
    speed: float
    start: datetime
    origin: float
    step_s: int = 60
    bursts: tuple[tuple[float, str, float], ...] = ()
    glitches_a_day: float = 0.1
    demand_sigma: float = 0.3
    roughness_sigma: float = 0.1
    node_sigma: float = 0.1
    city_sigma: float = 0.01
    pressure_sigma_m: float = 0.03
    flow_sigma: float = 0.01
    crews: bool = True
    real_stamps: bool = False
    """Readings carry the system time, whatever the speed: for receivers that use it."""


@dataclass(frozen=True, slots=True)
class Burst:
    """Break a pipe now: ``flow_m3h`` out of it at the present pressure; ``position`` along it, 0 to 1."""

    pipe_id: str
    flow_m3h: float
    position: float = 0.5


@dataclass(frozen=True, slots=True)
class Repair:
    """Every break of this pipe is repaired now; nothing for a pipe that has none."""

    pipe_id: str


@dataclass(frozen=True, slots=True)
class Valves:
    """Valves that are shut now in the simulated streets (asset ids); all others are as in the city."""

    closed: tuple[str, ...]
    opened: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Drive:
    """A crew drives to a point (network's CRS) and stays there; None: it goes on with its rounds."""

    crew_id: str
    to: tuple[float, float] | None
    speed_kmh: float


@dataclass(frozen=True, slots=True)
class AskHistory:
    """Readings of the ``days`` before the start, every ``step_s``."""

    days: int
    step_s: int


@dataclass(frozen=True, slots=True)
class Stop:
    """End the process."""


Command = Burst | Repair | Valves | Drive | AskHistory | Stop


@dataclass(frozen=True, slots=True)
class Payloads:
    """Encoded messages of one step."""

    messages: tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class Ready:
    """The city is loaded and its first state solved."""


@dataclass(frozen=True, slots=True)
class Told:
    """A message to the operator: a command that cannot be carried out, hydraulics that fail."""

    message: str
    fatal: bool = False


@dataclass(frozen=True, eq=False)
class History:
    """Measured values only, as any historian would hold them."""

    batch: ReadingBatch


Report = Payloads | Ready | Told | History
