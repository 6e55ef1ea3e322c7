"""Where names of roads and of pipes may stand: straight runs with a middle, an angle and a length, worked out once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from maps.city import ShapeTable


@dataclass(frozen=True, slots=True)
class _Fineness:
    """Limits of the runs for one range of scales.

    Largest scale (m per pixel), distance from the road, least length (m) and number kept of one name. A name lies at most about
    four pixels beside its road.
    """

    m_per_px: float
    straight_m: float
    least_m: float
    most: int


_FINENESSES = (_Fineness(1.2, 1.5, 15.0, 300), _Fineness(3.5, 5.0, 30.0, 120), _Fineness(float("inf"), 12.0, 60.0, 40))
MAJOR_ROADS = frozenset({"motorway", "trunk", "primary", "secondary", "arterial", "major", "main"})


@dataclass(frozen=True, eq=False)
class Runs:
    """Straight runs, longest first: ``text`` (n,), middle (world, m), ``angle`` on screen (degrees, −90…90), ``length_m``."""

    text: NDArray[np.object_]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    angle: NDArray[np.float64]
    length_m: NDArray[np.float64]
    major: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class RoadNames:
    """Where the names of roads stand, from near to far."""

    levels: tuple[Runs, ...]

    def at(self, m_per_px: float) -> Runs:
        """The runs for a scale."""
        return next(runs for runs, fine in zip(self.levels, _FINENESSES, strict=True) if m_per_px <= fine.m_per_px)


def road_names(roads: ShapeTable) -> RoadNames:
    """The straight runs of every named road, its pieces put together first."""
    names = roads.name.astype(str)
    named = np.flatnonzero((names != "") & (names != "nan") & (names != "None"))
    order = named[np.argsort(names[named], kind="stable")]
    changes = np.flatnonzero(names[order][1:] != names[order][:-1]) + 1
    groups = [rows for rows in np.split(order, changes) if len(rows)]
    merged = [_merged(roads.geometry[rows]) for rows in groups]
    texts = [str(names[rows[0]]) for rows in groups]
    majors = [any(str(kind) in MAJOR_ROADS for kind in roads.kind[rows]) for rows in groups]
    return RoadNames(tuple(_runs(texts, majors, merged, fine) for fine in _FINENESSES))


def _runs(texts: list[str], majors: list[bool], merged: list[NDArray[np.object_]], fine: _Fineness) -> Runs:
    """Of each road (its joined pieces) the straight runs."""
    found = [_straight_runs(parts, fine) for parts in merged]
    table = np.concatenate(found) if found else np.empty((0, 4))
    road = np.repeat(np.arange(len(found)), [len(runs) for runs in found]).astype(np.int64)
    length = np.hypot(table[:, 2] - table[:, 0], table[:, 3] - table[:, 1])
    order = np.argsort(-length, kind="stable")
    table, length, road = table[order], length[order], road[order]
    return Runs(
        np.array(texts, dtype=object)[road],
        (table[:, 0] + table[:, 2]) / 2,
        (table[:, 1] + table[:, 3]) / 2,
        readable_angle(table),
        length,
        np.array(majors, dtype=np.bool_)[road],
    )


def readable_angle(runs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Screen angle of runs (n, 4), degrees clockwise, turned so that text is never upside down."""
    angle = -np.degrees(np.arctan2(runs[:, 3] - runs[:, 1], runs[:, 2] - runs[:, 0]))
    return np.asarray((angle + 90.0) % 180.0 - 90.0)


def _merged(geometry: NDArray[np.object_]) -> NDArray[np.object_]:
    return np.asarray(shapely.get_parts(shapely.line_merge(shapely.multilinestrings(list(shapely.get_parts(geometry))))))


def _straight_runs(lines: NDArray[np.object_], fine: _Fineness) -> NDArray[np.float64]:
    """(n, 4) straight pieces, longest first."""
    points, line = shapely.get_coordinates(shapely.simplify(lines, fine.straight_m), return_index=True)
    if len(points) < 2:
        return np.empty((0, 4))
    at = np.flatnonzero(line[1:] == line[:-1])
    runs = np.hstack([points[at], points[at + 1]])
    length = np.hypot(runs[:, 2] - runs[:, 0], runs[:, 3] - runs[:, 1])
    kept = np.argsort(-length, kind="stable")
    return runs[kept[length[kept] >= fine.least_m]][: fine.most]
