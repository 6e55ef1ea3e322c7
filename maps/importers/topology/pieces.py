"""Selects the piece that a pipe's id refers to: at a node, nearest to a point, or the first one."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from maps.columns import Texts
from maps.index import PipeIndex
from maps.network import PipeTable

_SAME_M = 1e-3


class Pieces:
    """Pipes by the id that a source uses: the asset id, the source id of all pieces, or the id before the pipe was cut."""

    def __init__(self, pipes: PipeTable, before: Texts | None = None) -> None:
        self._pipes = pipes
        self.index = PipeIndex(pipes)
        self._rows: dict[str, list[int]] = {}
        old = pipes.asset_id if before is None else before
        for row, names in enumerate(zip(pipes.asset_id, pipes.source_id, old, strict=True)):
            for name in dict.fromkeys(str(name) for name in names if name):
                self._rows.setdefault(name, []).append(row)

    def rows(self, pipe: str) -> list[int]:
        """All pieces, empty for an unknown id."""
        return self._rows.get(pipe, [])

    def at_node(self, pipe: str, node: int) -> int:
        """Row of the first piece that ends at a node row, -1 when none does."""
        return next(iter(self.all_at_node(pipe, node)), -1)

    def all_at_node(self, pipe: str, node: int) -> list[int]:
        """Rows of all pieces that end at a node row: two where the pipe was cut there."""
        return [row for row in self.rows(pipe) if node in (self._pipes.from_node[row], self._pipes.to_node[row])]

    def nearest(self, pipe: str, point: NDArray[np.float64]) -> list[int]:
        """Rows of the piece nearest to a point and of those equally near within 1 mm; all pieces when the point is not finite."""
        rows = self.rows(pipe)
        if len(rows) < 2 or not np.isfinite(point).all():
            return rows
        away = np.asarray(shapely.distance(self.index.lines[rows], shapely.Point(point)))
        return [row for row, away_m in zip(rows, away.tolist(), strict=True) if away_m <= away.min() + _SAME_M]

    def near(self, pipe: str, point: NDArray[np.float64]) -> int:
        """Row of the piece nearest to a point; the first piece when the point is not finite; -1 for an unknown id."""
        rows = self.nearest(pipe, point)
        return rows[0] if rows else -1
