"""Detection of bursts and failing stations in station columns.

- ``Detector``: ``tick`` on the live picture's columns, ``learn`` from quiet history; ``TickResult``.
- ``DetectorOptions``: detection settings. ``History``: readings without bursts, on the tick grid.
- ``takes_long``: whether a city is so large that signatures must be computed between ticks; ``Closed``: raised by a detector
that computes signatures after ``Detector.close``.
- ``BurstFinding``, ``StationFinding``: a suspected burst, a station event.
"""

from console.detection.detector import Detector, TickResult
from console.detection.finding import BurstFinding, StationFinding
from console.detection.history import History
from console.detection.options import DetectorOptions
from console.detection.signature_cache import Closed, takes_long

__all__ = ["BurstFinding", "Closed", "Detector", "DetectorOptions", "History", "StationFinding", "TickResult", "takes_long"]
