"""Traces through the network: ``supply_path``, ``connected``, ``reached`` (upstream, downstream), ``islands`` -> ``Trace``."""

from maps.trace.paths import connected, islands, reached, supply_path
from maps.trace.result import Trace

__all__ = ["Trace", "connected", "islands", "reached", "supply_path"]
