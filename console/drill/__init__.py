"""The drill: a simulated burst worked through by a scripted dispatcher. ``run_drill(DrillOptions) -> summary``."""

from console.drill.options import DrillOptions
from console.drill.run import run_drill

__all__ = ["DrillOptions", "run_drill"]
