"""Distance of a pipe from the burst candidates: shown before a user judges a pipe outside the candidate set."""

from __future__ import annotations

from dataclasses import dataclass

import shapely

from maps.locate.result import Location
from maps.network import PipeNetwork


@dataclass(frozen=True, slots=True)
class CandidateDistance:
    """Distance in metres in a straight line between the nearest points. ``in_set``: the pipe is in the 90 % set."""

    in_set: bool
    to_first_m: float
    to_set_m: float


def candidate_distance(network: PipeNetwork, location: Location | None, pipe_id: str) -> CandidateDistance | None:
    """Distance of ``pipe_id``; None without candidates. Raises UnknownAsset."""
    if location is None or not location.candidates:
        return None
    own = _line(network, pipe_id)
    first = location.candidates[0].pipe_id
    likely = [_line(network, pipe) for pipe in (location.set_90 or (first,)) if network.pipes.has(pipe)]
    to_first = float(shapely.distance(own, _line(network, first))) if network.pipes.has(first) else float("nan")
    return CandidateDistance(
        pipe_id in location.set_90, to_first, min((float(shapely.distance(own, line)) for line in likely), default=to_first)
    )


def _line(network: PipeNetwork, pipe_id: str) -> shapely.Geometry:
    points = network.pipes.points(network.pipes.row(pipe_id))
    return shapely.LineString(points) if len(points) > 1 else shapely.Point(points[0])
