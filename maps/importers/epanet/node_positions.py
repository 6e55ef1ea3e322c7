"""Positions for nodes without coordinates, so that every pipe can be drawn and selected."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from maps.network import NodeTable

_STEP_M = 100.0
_ROUNDS = 200


def placed(nodes: NodeTable, ends: NDArray[np.int64]) -> tuple[NodeTable, NDArray[np.int64]]:
    """Nodes with coordinates, and the rows that had none. ``ends``: node rows of all links, (links, 2).

    A node without coordinates is placed at the mean of its known neighbours, step by step outwards; nodes that are connected
    to no known node are placed on a grid below the rest.
    """
    xy = np.column_stack([nodes.x, nodes.y])
    lost = np.flatnonzero(~np.isfinite(xy).all(axis=1))
    if not len(lost):
        return nodes, lost
    start, end = np.concatenate([ends, ends[:, ::-1]]).T
    for _ in range(_ROUNDS):
        known = np.asarray(np.isfinite(xy).all(axis=1), dtype=np.bool_)
        useful = known[start] & ~known[end]
        if not useful.any():
            break
        count = np.bincount(end[useful], minlength=len(xy))
        total = [np.bincount(end[useful], weights=xy[start[useful], axis], minlength=len(xy)) for axis in (0, 1)]
        at = count > 0
        xy[at] = np.column_stack([part[at] / count[at] for part in total])
    rest = np.flatnonzero(~np.isfinite(xy).all(axis=1))
    finite = xy[np.isfinite(xy).all(axis=1)]
    corner = finite.min(axis=0) if len(finite) else np.zeros(2)
    columns = max(1, int(np.sqrt(max(len(rest), 1))))
    place = np.arange(len(rest))
    xy[rest] = np.column_stack([corner[0] + _STEP_M * (place % columns), corner[1] - _STEP_M * (1 + place // columns)])
    return nodes.replaced(x=xy[:, 0], y=xy[:, 1]), lost
