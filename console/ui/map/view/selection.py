"""Selection by area: assets in a box or polygon, counted and highlighted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from console.ui.map.live.case_marks import pipe_lines
from console.ui.map.live.marks import Highlight, MarkLines
from console.ui.map.scene import Scene
from console.ui.map.view.measure import Point, pipes_in, points_in
from console.ui.words import Words, map_text

Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Selection:
    """Rows of what was selected; lengths in metres."""

    pipes: Rows
    valves: Rows
    hydrants: Rows
    customers: Rows
    length_m: float
    households: int
    highlights: tuple[Highlight, ...]

    def text(self, words: Words) -> str:
        """What was selected, in one line."""
        return map_text(
            words,
            "selected",
            pipes=f"{len(self.pipes):,}",
            km=f"{self.length_m / 1000:,.2f}",
            valves=f"{len(self.valves):,}",
            hydrants=f"{len(self.hydrants):,}",
            customers=f"{len(self.customers):,}",
            households=f"{self.households:,}",
        )


def select_pipes(scene: Scene, rows: Rows) -> Selection:
    """Pipes by their rows, and nothing else."""
    pipes, none = scene.city.network.pipes, np.empty(0, dtype=np.int64)
    lines = pipe_lines(scene.city, pipes.ids(rows))
    length_m = float(np.nansum(pipes.length_m[rows]))
    return Selection(rows, none, none, none, length_m, 0, (Highlight(MarkLines(lines), "accent.focus"),))


def select_in(scene: Scene, ring: Sequence[Point]) -> Selection:
    """Everything within a ring of world points; pipes count when they touch it."""
    city = scene.city
    pipes, valves, hydrants, customers = city.network.pipes, city.network.valves, city.hydrants, city.customers
    rows = pipes_in(scene, ring)
    people = points_in(customers.x, customers.y, ring)
    lines = pipe_lines(city, pipes.ids(rows))
    return Selection(
        rows,
        points_in(valves.x, valves.y, ring),
        points_in(hydrants.x, hydrants.y, ring),
        people,
        float(np.nansum(pipes.length_m[rows])),
        int(customers.households[people].clip(min=0).sum()),
        (Highlight(MarkLines(lines), "accent.focus"),) if len(lines) else (),
    )
