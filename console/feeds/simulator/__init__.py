"""Simulator of a city in a process of its own; its only output is encoded payloads.

``SimulatorProcess``: starts it, hands each (topic, payload) to a sink, takes commands (bursts, valves, crews).
"""

from console.feeds.simulator.process import SimulatorProcess

__all__ = ["SimulatorProcess"]
