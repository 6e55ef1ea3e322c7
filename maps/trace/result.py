"""Trace result: rows found and the reasons for stopping. Rows, not ids, because views select by row."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from maps.columns import Ints


def no_rows() -> Ints:
    """An empty column of rows."""
    return np.empty(0, dtype=np.int32)


@dataclass(frozen=True, slots=True)
class Stop:
    """Reason why a trace stopped at a node row. ``reason``: closed_valve, unknown_valve, closed_pipe, one_way, barrier, source.

    ``asset_id``: the valve, pipe, pump or node that stopped it.
    """

    node: int
    reason: str
    asset_id: str


@dataclass(frozen=True, eq=False)
class Trace:
    """Rows found; a path's rows are in its order (source first), others ascending.

    ``basis``: origin of the directions — ``connectivity``, ``flow`` (solved), ``one-way devices``, or ``shortest path``
    (assumed, to be stated where shown). ``cost``: a path's, in the requested unit. ``ends``: nodes where the data end;
    ``unknown_direction``: pipes passed with unknown flow direction.
    """

    nodes: Ints = field(default_factory=no_rows)
    pipes: Ints = field(default_factory=no_rows)
    length_m: float = 0.0
    basis: str = "connectivity"
    stops: tuple[Stop, ...] = ()
    unknown_direction: Ints = field(default_factory=no_rows)
    pumps: Ints = field(default_factory=no_rows)
    valves: Ints = field(default_factory=no_rows)
    sources: Ints = field(default_factory=no_rows)
    ends: Ints = field(default_factory=no_rows)
    cost: float = 0.0

    @property
    def found(self) -> bool:
        """Whether anything was reached."""
        return bool(len(self.nodes) or len(self.pipes))
