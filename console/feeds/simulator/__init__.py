"""A city that lives in a process of its own; only encoded payloads leave it.

``SimulatorProcess``: starts it, hands each (topic, payload) to a sink, takes commands (bursts, valves, crews).
"""

from console.feeds.simulator.process import SimulatorProcess

__all__ = ["SimulatorProcess"]
