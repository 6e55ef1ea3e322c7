"""Isolation: segments, and which valves to close for a burst.

``Isolator(city).plan(...)`` gives an ``IsolationPlan``; ``ValveOverride`` corrects a valve for one plan (``KEEP`` leaves
the dataset's value); ``segments_of_pipes`` labels the parts that closing valves can cut off.
"""

from maps.isolation.isolator import Isolator
from maps.isolation.result import IsolationPlan
from maps.isolation.rules import KEEP, ValveOverride
from maps.isolation.segments import SegmentGraph, build_segments

__all__ = ["KEEP", "IsolationPlan", "Isolator", "SegmentGraph", "ValveOverride", "build_segments"]
