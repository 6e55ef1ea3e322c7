"""Options of a synthetic city."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from maps.errors import InputFault

MODEL_LIMIT = 100_000
"""Number of pipes up to which the EPANET model is written and tested."""


@dataclass(frozen=True, slots=True)
class SyntheticOptions:
    """Size, seed and kind of a procedural city.

    ``pipes``: how many to aim at (met within a few per cent from 300 on; ignored with ``roads``). ``roads``: a street layer (any
    OGR file with its CRS) to lay the pipes along. ``model``: None writes the EPANET model up to 100,000 pipes.
    Raises InputFault for a size that is no city.
    """

    pipes: int = 5000
    seed: int = 1
    roads: Path | None = None
    name: str = "泉城（合成演示）"
    site: str = "demo"
    model: bool | None = None

    def __post_init__(self) -> None:
        if not 50 <= self.pipes <= 2_000_000:
            raise InputFault(f"--pipes {self.pipes}: a synthetic city has 50 to 2,000,000 pipes")
        if self.seed < 0:
            raise InputFault(f"--seed {self.seed}: give a number of at least 0")
