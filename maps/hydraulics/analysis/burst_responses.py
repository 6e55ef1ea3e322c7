"""Burst responses: head changes of bursts of given flow, one EPANET solution each, without linearisation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from maps.columns import Floats
from maps.hydraulics.session import EpanetSession


def burst_responses(
    session: EpanetSession, at_s: float, nodes: NDArray[np.int64], leaks: Sequence[Mapping[int, float]]
) -> Floats:
    """Change of head (m) at ``nodes`` (rows) under each of ``leaks`` (m³/h at node rows): (leaks, nodes).

    ``at_s``: seconds after midnight. NaN where EPANET does not converge.
    """
    quiet = session.solve(at_s)
    changes = np.full((len(leaks), len(nodes)), np.nan)
    if not quiet.converged:
        return changes
    for row, leak in enumerate(leaks):
        state = session.solve(at_s, leaks=leak)
        if state.converged:
            changes[row] = state.head_m[nodes] - quiet.head_m[nodes]
    return changes
