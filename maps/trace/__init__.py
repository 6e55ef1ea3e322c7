"""Traces: pure functions of a network -> ``Trace``.

``connected``, ``upstream``, ``downstream``: what is reached and why it stopped; ``islands``: parts without a source;
``shortest_path`` through places (cost: length, or ``resistance``); ``supply_path`` of a pipe from its source.
"""

from maps.trace.path import resistance, shortest_path, supply_path
from maps.trace.reach import connected, downstream, islands, upstream
from maps.trace.result import Stop, Trace

__all__ = ["Stop", "Trace", "connected", "downstream", "islands", "resistance", "shortest_path", "supply_path", "upstream"]
