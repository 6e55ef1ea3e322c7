"""Isolation: segments, and which valves to close for a burst.

``Isolator(city).plan(...)`` computes an ``IsolationPlan``; ``ValveOverride`` corrects a valve for one plan (``KEEP`` leaves
the dataset's value); ``Isolator.conflict`` computes the effect of plans that overlap (``overlapping`` finds them); ``by_segment``
sums candidate probabilities; ``schedule`` assigns valves to crews; ``restoring`` gives the steps that restore supply;
``city_plans`` computes the plans of all segments.
"""

from maps.isolation.burst_candidates import Candidates, CandidateSegment, by_segment
from maps.isolation.city_plans import SegmentPlans, city_plans
from maps.isolation.graph.edge_rules import KEEP, ValveOverride
from maps.isolation.graph.pipe_segments import segments_of_pipes
from maps.isolation.graph.segments import SegmentGraph, build_segments
from maps.isolation.plan.isolator import Isolator
from maps.isolation.plan.overlaps import Conflict, Window, overlapping
from maps.isolation.plan.result import IsolationPlan
from maps.isolation.restoration import RestoreStep, restoring
from maps.isolation.schedule import CrewPlace, CrewStep, Schedule, schedule

__all__ = [
    "KEEP",
    "CandidateSegment",
    "Candidates",
    "Conflict",
    "CrewPlace",
    "CrewStep",
    "IsolationPlan",
    "Isolator",
    "RestoreStep",
    "Schedule",
    "SegmentGraph",
    "SegmentPlans",
    "ValveOverride",
    "Window",
    "build_segments",
    "by_segment",
    "city_plans",
    "overlapping",
    "restoring",
    "schedule",
    "segments_of_pipes",
]
