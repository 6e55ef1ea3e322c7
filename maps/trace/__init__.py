"""Traces: pure functions of a network -> ``Trace``.

``connected``, ``upstream``, ``downstream``: rows reached and the reasons for stopping (``ends_of_pipe``: start nodes of a trace
from a pipe); ``barriers``: elements not to pass (assets, zones, ``DN < 200``); ``Flows``, ``assumed_flows``: flow
directions; ``islands``: parts without a source; ``loops``: parts without a bridge; ``shortest_path`` through nodes (cost:
length, ``resistance`` or ``head_loss``); ``supply_path`` of a pipe from its source; ``source_shares`` of a place;
``summary``: lengths and customers; ``profile`` along a path.
"""

from maps.trace.barriers import Barriers, barriers, matching
from maps.trace.flows import ASSUMED, FLOW, Flows, assumed_flows
from maps.trace.loops_and_bridges import Loops, loops
from maps.trace.path import head_loss, resistance, shortest_path, supply_path
from maps.trace.reach import CONNECTIVITY, ONE_WAY_DEVICES, connected, downstream, ends_of_pipe, islands, upstream
from maps.trace.result import Stop, Trace
from maps.trace.source_shares import SourceShares, source_shares
from maps.trace.summary import Profile, TraceSummary, profile, summary

__all__ = [
    "ASSUMED",
    "CONNECTIVITY",
    "FLOW",
    "ONE_WAY_DEVICES",
    "Barriers",
    "Flows",
    "Loops",
    "Profile",
    "SourceShares",
    "Stop",
    "Trace",
    "TraceSummary",
    "assumed_flows",
    "barriers",
    "connected",
    "downstream",
    "ends_of_pipe",
    "head_loss",
    "islands",
    "loops",
    "matching",
    "profile",
    "resistance",
    "shortest_path",
    "source_shares",
    "summary",
    "supply_path",
    "upstream",
]
