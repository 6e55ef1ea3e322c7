"""Finds the piece meant by a pipe's id: at a node, near a point, or just its first."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from maps.columns import Texts
from maps.importers.splitting import lines_of
from maps.network import PipeTable


class Pieces:
    """Pipes by the id that a source uses: the asset id, the source id of all pieces, or the id before it was cut."""

    def __init__(self, pipes: PipeTable, before: Texts | None = None) -> None:
        self._pipes = pipes
        self._lines: NDArray[np.object_] | None = None
        self._tree: shapely.STRtree | None = None
        self._rows: dict[str, list[int]] = {}
        old = pipes.asset_id if before is None else before
        for row, names in enumerate(zip(pipes.asset_id, pipes.source_id, old, strict=True)):
            for name in dict.fromkeys(str(name) for name in names if name):
                self._rows.setdefault(name, []).append(row)

    def rows(self, pipe: str) -> list[int]:
        """All pieces, empty for an unknown id."""
        return self._rows.get(pipe, [])

    def at_node(self, pipe: str, node: int) -> int:
        """The first piece that ends at a node row, -1 when none does."""
        ends = ((row, int(self._pipes.from_node[row]), int(self._pipes.to_node[row])) for row in self.rows(pipe))
        return next((row for row, a, b in ends if node in (a, b)), -1)

    def near(self, pipe: str, point: NDArray[np.float64]) -> int:
        """The piece nearest to a point; the first when the point is not finite; -1 for an unknown id."""
        rows = self.rows(pipe)
        if len(rows) < 2 or not np.isfinite(point).all():
            return rows[0] if rows else -1
        away = np.asarray(shapely.distance(self._drawn()[rows], shapely.Point(point)))
        return rows[int(np.argmin(away))]

    def nearest(self, points: NDArray[np.float64], within_m: float) -> NDArray[np.int64]:
        """The nearest pipe of any id within a distance, -1 where none is; (n,)."""
        found = np.full(len(points), -1, dtype=np.int64)
        known = np.flatnonzero(np.isfinite(points).all(axis=1))
        if not len(known) or not len(self._pipes):
            return found
        if self._tree is None:
            self._tree = shapely.STRtree(self._drawn())
        shapes = np.asarray(shapely.points(points[known]), dtype=object).reshape(-1)
        at, pipe = self._tree.query_nearest(shapes, max_distance=max(within_m, 1e-6), all_matches=True)
        # The first of equally near ones, so that the answer is the same every time.
        order = np.lexsort((pipe, at))
        at, pipe = at[order], pipe[order]
        first = np.concatenate([[True], at[1:] != at[:-1]]) if len(at) else np.empty(0, dtype=np.bool_)
        found[known[at[first]]] = pipe[first]
        return found

    def along(self, pipe: int, point: NDArray[np.float64]) -> tuple[float, float]:
        """(metres along the drawn line, its drawn length) of the place on a pipe nearest to a point."""
        line = self._drawn()[pipe]
        return float(shapely.line_locate_point(line, shapely.Point(point))), float(line.length)

    def _drawn(self) -> NDArray[np.object_]:
        if self._lines is None:
            self._lines = lines_of(self._pipes)
        return self._lines
