"""Detection of bursts and failing stations in station columns.

- ``Detector``: ``tick`` on the live picture's columns, ``learn`` from quiet history; ``TickResult``.
- ``DetectorOptions``: what a utility sets. ``History``: quiet readings on the tick grid.
- ``takes_long``: whether a city is so large that signatures are to be deferred; ``Closed``: what then ends a detector at work.
- ``BurstFinding``, ``StationFinding``: what is found.
"""

from console.detection.detector import Detector, TickResult
from console.detection.finding import BurstFinding, StationFinding
from console.detection.history import History
from console.detection.options import DetectorOptions
from console.detection.signature_cache import Closed, takes_long

__all__ = ["BurstFinding", "Closed", "Detector", "DetectorOptions", "History", "StationFinding", "TickResult", "takes_long"]
