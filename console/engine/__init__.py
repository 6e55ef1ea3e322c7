"""engine: the runtime without a window. ``Engine`` and what it runs on, ``Ports``."""

from console.engine.engine import Engine
from console.engine.ports import Ports

__all__ = ["Engine", "Ports"]
