"""Traces: pure functions of a network -> ``Trace``.

``connected``, ``upstream``, ``downstream``: what is reached and why it stopped (``ends_of_pipe``: where
a trace from a pipe begins); ``islands``: parts without a source;
``shortest_path`` through places (cost: length, or ``resistance``); ``supply_path`` of a pipe from its source.
"""

from maps.trace.path import resistance, shortest_path, supply_path
from maps.trace.reach import connected, downstream, ends_of_pipe, islands, upstream
from maps.trace.result import Stop, Trace

__all__ = [
    "Stop",
    "Trace",
    "connected",
    "downstream",
    "ends_of_pipe",
    "islands",
    "resistance",
    "shortest_path",
    "supply_path",
    "upstream",
]
