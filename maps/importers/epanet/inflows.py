"""Inflows at a model's junctions: negative demands, by themselves, by a pattern or in one of several categories."""

from __future__ import annotations

from typing import Any

import numpy as np
from epanet import toolkit as en

from maps.columns import Floats


def inflows(project: Any) -> Floats:
    """Greatest inflow at each node in any hour, in the project's flow unit, 0 for none, (nodes,).

    Categories are evaluated separately: a well that supplies less than its node uses still supplies it when the rest is shut off.
    """
    multiplier = float(en.getoption(project, en.DEMANDMULT))
    default = int(en.getoption(project, en.DEMANDPATTERN))
    factors = _PatternRange(project)
    found = np.zeros(en.getcount(project, en.NODECOUNT))
    for node in range(1, len(found) + 1):
        if en.getnodetype(project, node) != en.JUNCTION:
            continue
        for category in range(1, en.getnumdemands(project, node) + 1):
            base = en.getbasedemand(project, node, category) * multiplier
            pattern = en.getdemandpattern(project, node, category) or default
            least = min(base * factor for factor in factors.of(int(pattern)))
            found[node - 1] += max(-least, 0.0)
    return found


class _PatternRange:
    """Lowest and highest factor of each pattern, read once."""

    def __init__(self, project: Any) -> None:
        self._project = project
        self._known: dict[int, tuple[float, float]] = {}

    def of(self, pattern: int) -> tuple[float, float]:
        """(lowest, highest) factor of a pattern; (1, 1) without a pattern."""
        if pattern <= 0:
            return (1.0, 1.0)
        if pattern not in self._known:
            length = en.getpatternlen(self._project, pattern)
            values = [float(en.getpatternvalue(self._project, pattern, step)) for step in range(1, length + 1)] or [1.0]
            self._known[pattern] = (min(values), max(values))
        return self._known[pattern]
