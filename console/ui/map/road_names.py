"""Where names of roads and of pipes may stand: straight runs with a middle, an angle and a length, worked out once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from maps.city import ShapeTable

_STRAIGHT_M = 12.0
_RUNS_A_NAME = 40
_LEAST_M = 60.0
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


def road_runs(roads: ShapeTable) -> Runs:
    """The straight runs of every named road, its pieces put together first."""
    names = roads.name.astype(str)
    named = np.flatnonzero((names != "") & (names != "nan") & (names != "None"))
    order = named[np.argsort(names[named], kind="stable")]
    changes = np.flatnonzero(names[order][1:] != names[order][:-1]) + 1
    texts: list[str] = []
    majors: list[bool] = []
    found: list[NDArray[np.float64]] = []
    for rows in np.split(order, changes) if len(order) else []:
        runs = _straight_runs(roads.geometry[rows])[:_RUNS_A_NAME]
        found.append(runs)
        texts += [str(names[rows[0]])] * len(runs)
        majors += [any(str(kind) in MAJOR_ROADS for kind in roads.kind[rows])] * len(runs)
    table = np.concatenate(found) if found else np.empty((0, 4))
    length = np.hypot(table[:, 2] - table[:, 0], table[:, 3] - table[:, 1])
    order = np.argsort(-length, kind="stable")
    table, length = table[order], length[order]
    return Runs(
        np.array(texts, dtype=object)[order],
        (table[:, 0] + table[:, 2]) / 2,
        (table[:, 1] + table[:, 3]) / 2,
        readable_angle(table),
        length,
        np.array(majors, dtype=np.bool_)[order],
    )


def readable_angle(runs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Screen angle of runs (n, 4), degrees clockwise, turned so that text is never upside down."""
    angle = -np.degrees(np.arctan2(runs[:, 3] - runs[:, 1], runs[:, 2] - runs[:, 0]))
    return np.asarray((angle + 90.0) % 180.0 - 90.0)


def _straight_runs(geometry: NDArray[np.object_]) -> NDArray[np.float64]:
    """(n, 4) straight pieces at least 60 m long, longest first."""
    merged = shapely.line_merge(shapely.multilinestrings(list(shapely.get_parts(geometry))))
    parts = shapely.simplify(shapely.get_parts(merged), _STRAIGHT_M)
    points, line = shapely.get_coordinates(parts, return_index=True)
    if len(points) < 2:
        return np.empty((0, 4))
    at = np.flatnonzero(line[1:] == line[:-1])
    runs = np.hstack([points[at], points[at + 1]])
    length = np.hypot(runs[:, 2] - runs[:, 0], runs[:, 3] - runs[:, 1])
    kept = np.argsort(-length, kind="stable")
    return runs[kept[length[kept] >= _LEAST_M]]
