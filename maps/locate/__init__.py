"""Location of bursts from station residuals.

- ``place_stations``, ``default_station_count``: placement of pressure stations.
- ``build_signatures``: response of every station to a burst at any node (one factorisation, one adjoint solve per station).
- ``Interpolation``: interpolated signatures, for cities without a hydraulic model.
- ``PumpCurves``: slopes of pump head curves, read once from the model.
- ``locate``: candidates with probabilities from residuals; ``Responses``: full hydraulic solutions that refine the first ones.
"""

from maps.locate.covariance import ErrorModel
from maps.locate.interpolated import Interpolation
from maps.locate.locator import LocateOptions, locate
from maps.locate.pumps import PumpCurves
from maps.locate.refine import Responses
from maps.locate.result import Candidate, Location
from maps.locate.signatures import Signatures, build_signatures
from maps.locate.station_placement import default_station_count, place_stations

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
