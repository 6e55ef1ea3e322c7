"""Computes the signatures of a group, whole or as the digest that every tick needs, in this or another process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from console.detection.station_groups import POOL, felt_nodes
from maps.columns import Floats
from maps.locate.interpolated import Interpolation
from maps.locate.signatures import Signatures

Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Digest:
    """The part of one state's signatures that the tests of a group use in every tick.

    ``heads``: (n, k) float32, signatures at the sample nodes: all nodes of a small city, else an even sample of those to which
    the group responds, the same in all states. ``demand_modes``: (n, modes). ``demand_gram``: (n, n), m²,
    S diag(d²) Sᵀ of the demands d. ``pump_modes``: (n, link pumps) response to a pump's stop, m per m³/h lost.
    """

    heads: NDArray[np.float32]
    demand_modes: Floats
    demand_gram: Floats
    pump_modes: NDArray[np.float32]


def digested(whole: Signatures, nodes: Rows | None, pump_ends: tuple[Rows, Rows]) -> tuple[Digest, Rows | None]:
    """(digest of whole signatures, sample nodes; None for all nodes of a small city).

    ``nodes``: sample nodes chosen for the group before, if any. ``pump_ends``: node rows from which and to which link pumps lift.

    Removing a link from a linear network is a rank-one change: a stopped pump's flow is missing at its outlet and remains at its
    inlet.
    """
    heads = whole.head_m_per_m3h
    if nodes is None and heads.shape[1] > POOL:
        nodes = felt_nodes(heads)
    by_demand = heads * whole.demand_m3h.astype(np.float32)
    start, end = pump_ends
    made = Digest(
        heads if nodes is None else heads[:, nodes],
        whole.demand_modes,
        np.asarray(by_demand @ by_demand.T, dtype=np.float64),
        np.asarray(heads[:, end] - heads[:, start]),
    )
    return made, nodes


class SignatureMaker(Protocol):
    """Computes interpolated signatures of the stations ``rows``."""

    def whole(self, rows: Rows) -> Signatures:
        """(rows, nodes)."""
        ...

    def digest(self, rows: Rows, nodes: Rows | None) -> tuple[Digest, Rows | None]:
        """As ``digested``."""
        ...


@dataclass(frozen=True, eq=False)
class InterpolatedMaker:
    """Computes them in this process."""

    interpolation: Interpolation
    pump_ends: tuple[Rows, Rows]

    def whole(self, rows: Rows) -> Signatures:
        """(rows, nodes)."""
        return self.interpolation.signatures(rows)

    def digest(self, rows: Rows, nodes: Rows | None) -> tuple[Digest, Rows | None]:
        """As ``digested``."""
        return digested(self.whole(rows), nodes, self.pump_ends)


@dataclass(frozen=True, eq=False)
class RemoteMaker:
    """A maker in another process. ``ask``: calls a method of it by name and waits for the result."""

    ask: Callable[..., Any]

    def whole(self, rows: Rows) -> Signatures:
        """(rows, nodes)."""
        made: Signatures = self.ask("whole", rows)
        return made

    def digest(self, rows: Rows, nodes: Rows | None) -> tuple[Digest, Rows | None]:
        """As ``digested``."""
        made: tuple[Digest, Rows | None] = self.ask("digest", rows, nodes)
        return made


Host = Callable[[InterpolatedMaker], Callable[..., Any]]
"""Moves a maker into another process and returns the function that calls its methods."""
