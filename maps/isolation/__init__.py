"""Isolation: which valves to close for a burst. Rules: README.md beside this file.

``Isolator(city).plan(burst_pipes, valves=…)`` -> ``IsolationPlan``; ``ValveOverride`` and ``KEEP`` correct single valves.
"""

from maps.isolation.planner import Isolator
from maps.isolation.result import IsolationPlan
from maps.isolation.valves import KEEP, ValveOverride

__all__ = ["KEEP", "IsolationPlan", "Isolator", "ValveOverride"]
