"""Location of bursts from station residuals.

- ``place_stations``, ``default_station_count``: where to measure.
- ``build_signatures``: what a burst anywhere does to every station (one factorisation, one adjoint solve per station).
- ``Interpolation``: a stand-in without a hydraulic model.
- ``PumpCurves``: how fast pump curves fall, read once from the model.
- ``locate``: residuals to candidates with probabilities; ``Responses``: full hydraulics that refine the first of them.
"""

from maps.locate.interpolated import Interpolation
from maps.locate.locator import LocateOptions, locate
from maps.locate.placement import default_station_count, place_stations
from maps.locate.pumps import PumpCurves
from maps.locate.refine import Responses
from maps.locate.result import Candidate, Location
from maps.locate.signatures import Signatures, build_signatures
from maps.locate.weights import ErrorModel

__all__ = [
    "Candidate",
    "ErrorModel",
    "Interpolation",
    "LocateOptions",
    "Location",
    "PumpCurves",
    "Responses",
    "Signatures",
    "build_signatures",
    "default_station_count",
    "locate",
    "place_stations",
]
