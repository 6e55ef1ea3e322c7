"""Isolation: segments, and which valves to close for a burst.

``Isolator(city).plan(...)`` computes an ``IsolationPlan``; ``ValveOverride`` corrects a valve for one plan (``KEEP`` leaves
the dataset's value); ``Isolator.conflict`` computes the effect of plans that overlap (``overlapping`` finds them); ``by_segment``
sums candidate probabilities; ``schedule`` assigns valves to crews; ``restoring`` gives the steps that restore supply;
``city_plans`` computes the plans of all segments.
"""

from maps.isolation.candidates import Candidates, CandidateSegment, by_segment
from maps.isolation.citywide import SegmentPlans, city_plans
from maps.isolation.isolator import Isolator
from maps.isolation.joint import Conflict, Window, overlapping
from maps.isolation.labels import segments_of_pipes
from maps.isolation.restoring import RestoreStep, restoring
from maps.isolation.result import IsolationPlan
from maps.isolation.rules import KEEP, ValveOverride
from maps.isolation.schedule import CrewPlace, CrewStep, Schedule, schedule
from maps.isolation.segments import SegmentGraph, build_segments

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
