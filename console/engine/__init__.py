"""Engine: the runtime without a window. ``Engine``, and ``Ports``, its dependencies."""

from console.engine.engine import Engine
from console.engine.ports import Ports

__all__ = ["Engine", "Ports"]
