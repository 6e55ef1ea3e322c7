"""Model comparison: differences of the heads of two .inp texts of one model, hour by hour, solved with EPANET."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from epanet import toolkit as en
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from maps.columns import Floats
from maps.errors import InputFault
from maps.hydraulics.project import Project
from maps.units import FOOT_M, is_us_flow_unit

ALIKE_M = 0.01
"""Head differences up to this count as equal, m."""
_LINK_HOURS = 400_000
"""Limit on the work of a comparison, a few seconds. Small models are compared over all hours, large ones over the first hours."""
_LONGEST_H = 168
_MOST_STEPS_AN_HOUR = 40
_NOISE = 1e-7
"""Relative tolerance: a meaningless model (demands behind pipes of 0.1 mm) has heads of 1e30 m."""


@dataclass(frozen=True, eq=False)
class HeadsApart:
    """``apart_m``: (hours, nodes of the first text) differences of heads, m; ``nodes``: their EPANET ids.

    0 where no open link connects a node to a fixed head in either model: EPANET's head there is meaningless. ``cut_off``:
    nodes for which that holds at some hour. ``message``: why the hours end before the model's do, "" when they do not.
    """

    nodes: tuple[str, ...]
    apart_m: Floats
    cut_off: int = 0
    message: str = ""

    @property
    def hours(self) -> int:
        """Hours that were compared, the start included."""
        return len(self.apart_m)

    @property
    def largest_m(self) -> float:
        """The largest difference; 0 where nothing was compared."""
        return float(self.apart_m.max(initial=0.0))

    def beyond(self, limit_m: float = ALIKE_M) -> list[tuple[str, int, float]]:
        """(node, hour of its largest difference, that difference in m) of the nodes beyond a limit, the worst first."""
        if not self.hours:
            return []
        worst, hour = self.apart_m.max(axis=0), self.apart_m.argmax(axis=0)
        order = np.argsort(-worst, kind="stable")
        return [(self.nodes[node], int(hour[node]), float(worst[node])) for node in order if worst[node] > limit_m]


def heads_apart(before: str, after: str) -> HeadsApart:
    """Solve both texts for as many of their hours as is affordable and compare the nodes of the first, by id.

    A first text whose hydraulics EPANET refuses (a node without a link) cannot be compared: ``message`` says so. Raises
    InputFault when EPANET refuses the second, or a node of the first is not in it.
    """
    first = Project(before, "the model as it came")
    try:
        first.open_hydraulics()
    except InputFault as refusal:
        return HeadsApart((), np.zeros((0, 0)), message=str(refusal))
    try:
        second = Project(after, "the model with its pipes cut")
        try:
            second.open_hydraulics()
            return _compared(first, second)
        finally:
            second.close()
    finally:
        first.close()


def _compared(first: Project, second: Project) -> HeadsApart:
    nodes = tuple(str(en.getnodeid(first.handle, index + 1)) for index in range(first.nodes))
    at = {str(en.getnodeid(second.handle, index + 1)): index for index in range(second.nodes)}
    lost = next((node for node in nodes if node not in at), None)
    if lost is not None:
        raise InputFault(f"node {lost} of the model is lost")
    place = np.array([at[node] for node in nodes], dtype=np.int64)
    length_m = FOOT_M if is_us_flow_unit(first.flow_unit) else 1.0
    hours = max(1, min(_LONGEST_H, _LINK_HOURS // max(first.links, 1)))
    rows, message, cut_off = list[Floats](), "", np.zeros(len(nodes), dtype=np.bool_)
    for one, other in zip(_hours(first, hours), _hours(second, hours), strict=False):
        if not one.usable or not other.usable:
            which = "as it came" if not one.usable else "with its pipes cut"
            message = f"at hour {one.hour} the model {which} does not solve: {one.message or other.message}"
            break
        lost_both = ~one.fed & ~other.fed[place]
        cut_off |= lost_both
        apart = np.abs(one.heads - other.heads[place]) - _NOISE * np.abs(one.heads)
        rows.append(np.where(lost_both, 0.0, np.maximum(apart, 0.0)) * length_m)
    return HeadsApart(nodes, np.array(rows, dtype=np.float64).reshape(-1, len(nodes)), int(cut_off.sum()), message)


@dataclass(frozen=True, eq=False)
class _Hour:
    hour: int
    usable: bool
    message: str
    heads: NDArray[np.float64]
    fed: NDArray[np.bool_]


class _Feeding:
    """Finds the nodes that open links connect to a fixed head."""

    def __init__(self, project: Project) -> None:
        self._project, handle = project, project.handle
        ends = [en.getlinknodes(handle, link + 1) for link in range(project.links)]
        self._ends = np.array(ends, dtype=np.int64).reshape(-1, 2) - 1
        kinds = [en.getnodetype(handle, node + 1) for node in range(project.nodes)]
        self._fixed = np.array(kinds) != en.JUNCTION

    def now(self) -> NDArray[np.bool_]:
        """By EPANET index - 1, in the period just solved."""
        start, end = self._ends[self._project.link_values(en.STATUS) > 0].T
        size = self._project.nodes
        graph = coo_array((np.ones(len(start), dtype=np.int8), (start, end)), shape=(size, size))
        _, label = connected_components(graph, directed=False)
        return np.asarray(np.isin(label, label[self._fixed]))


def _hours(project: Project, hours: int) -> Iterator[_Hour]:
    """Heads at every full hour of the model's own duration, ``hours`` at most; the last is not usable where it stops."""
    handle = project.handle
    en.settimeparam(handle, en.DURATION, min(int(en.gettimeparam(handle, en.DURATION)), (hours - 1) * 3600))
    en.settimeparam(handle, en.REPORTSTART, 0)
    en.settimeparam(handle, en.REPORTSTEP, 3600)  # EPANET never steps over a report time
    en.initH(handle, en.INITFLOW)
    feeding = _Feeding(project)
    steps, own = 0, 3600 / max(int(en.gettimeparam(handle, en.HYDSTEP)), 1)
    while True:
        usable, message = project.run()
        now = int(en.gettimeparam(handle, en.HTIME))
        if now % 3600 == 0 or not usable:
            heads = project.node_values(en.HEAD)
            yield _Hour(now // 3600, usable and bool(np.isfinite(heads).all()), message, heads, feeding.now())
        steps += 1
        following, usable, message = project.guarded(lambda: en.nextH(handle))
        if following is None or steps > (_MOST_STEPS_AN_HOUR + own) * (1 + now / 3600):
            yield _Hour(
                now // 3600, False, message or "EPANET takes steps of seconds", project.node_values(en.HEAD), feeding.now()
            )
            return
        if following <= 0:
            return
