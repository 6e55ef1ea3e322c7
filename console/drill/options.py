"""Options of a drill."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class DrillOptions:
    """``out``: folder for results; ``city`` None: the demo city; ``flow_m3h`` 0: by diameter.

    ``speed``: drill seconds a real second; ``quiet_s``: drill seconds before the burst.
    """

    out: Path
    city: Path | None = None
    burst: str = ""
    flow_m3h: float = 0.0
    seed: int = 1
    screens: bool = True
    speed: float = 60.0
    quiet_s: float = 300.0
