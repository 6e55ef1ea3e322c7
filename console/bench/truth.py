"""A mismatched truth for benchmarks: EPANET with demands and roughness perturbed by seed; only readings are given out."""

from __future__ import annotations

import math
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from epanet import toolkit as en
from numpy.typing import NDArray

from maps.city import City
from maps.columns import Floats
from maps.hydraulics.project import value_array
from maps.units import FOOT_M, is_us_flow_unit, m3h_per_flow_unit

_FLOW_UNITS = ("CFS", "GPM", "MGD", "IMGD", "AFD", "LPS", "LPM", "MLD", "CMH", "CMD", "CMS")
_BATCH = 288
"""Snapshots whose demands are written at once."""


class MismatchedTruth:
    """The city's model with lognormal node demands (``demand_sigma``) and perturbed roughness (``roughness_sigma``).

    ``demand_noise``: noise of each node and step on top. Snapshots: tanks stay at their initial level. Node rows are the city's.
    """

    def __init__(
        self, city: City, seed: int, demand_sigma: float = 0.3, roughness_sigma: float = 0.1, demand_noise: float = 0.1
    ) -> None:
        if city.epanet is None:
            raise ValueError("the truth needs the city's EPANET model")
        self._random = np.random.default_rng(seed)
        self._noise = demand_noise
        self._folder = tempfile.TemporaryDirectory(prefix="quanmai-truth-")
        folder = Path(self._folder.name)
        (folder / "truth.inp").write_text(city.epanet.inp, encoding="utf-8")
        self._project = en.createproject()
        en.open(self._project, str(folder / "truth.inp"), str(folder / "truth.rpt"), "")
        unit = _FLOW_UNITS[en.getflowunits(self._project)]
        self._flow, self._length = m3h_per_flow_unit(unit), FOOT_M if is_us_flow_unit(unit) else 1.0
        nodes = city.epanet.kind == "node"
        names = dict(zip(city.epanet.asset_id[nodes], city.epanet.epanet_id[nodes], strict=True))
        self._index = np.array([en.getnodeindex(self._project, names[asset]) for asset in city.network.nodes.asset_id])
        self._junction = np.array([en.getnodetype(self._project, int(i)) == en.JUNCTION for i in self._index])
        self.nominal_m3h = self._take_over_demands()
        factor = np.exp(demand_sigma * self._random.standard_normal(len(self._index)))
        self._factor = factor
        for link in range(1, en.getcount(self._project, en.LINKCOUNT) + 1):
            if en.getlinktype(self._project, link) <= en.PIPE:
                rough = en.getlinkvalue(self._project, link, en.ROUGHNESS)
                scale = max(0.3, 1.0 + roughness_sigma * self._random.standard_normal())
                en.setlinkvalue(self._project, link, en.ROUGHNESS, rough * scale)
        en.settimeparam(self._project, en.DURATION, 0)
        en.openH(self._project)
        self._raw, self._heads = value_array(en.getcount(self._project, en.NODECOUNT))
        self._raw_values, self._values = value_array(_BATCH)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        en.close(self._project)
        en.deleteproject(self._project)
        self._folder.cleanup()

    def heads(self, at_s: float, leaks_m3h: Mapping[int, float] | None = None) -> Floats:
        """Heads (nodes,) in m at ``at_s`` seconds of the week with fresh demand noise; ``leaks_m3h`` by node row."""
        return np.asarray(self.heads_over([at_s], leaks_m3h)[0])

    def heads_over(self, at_s: Sequence[float], leaks_m3h: Mapping[int, float] | None = None) -> Floats:
        """Heads (times, nodes), as ``heads`` at each of ``at_s``."""
        parts = [self._solved(at_s[first : first + _BATCH], leaks_m3h or {}) for first in range(0, len(at_s), _BATCH)]
        return np.concatenate(parts) if parts else np.zeros((0, len(self._index)))

    def _solved(self, at_s: Sequence[float], leaks_m3h: Mapping[int, float]) -> Floats:
        """Snapshots of at most ``_BATCH`` times. Each junction's demands are written at once, as its pattern."""
        project, step = self._project, (np.asarray(at_s) / self._step_s).astype(np.int64) % len(self.nominal_m3h)
        shake = 1.0 + self._noise * self._random.standard_normal((len(step), len(self._index)))
        demand = self.nominal_m3h[step] * self._factor * np.maximum(shake, 0.0)
        for row, flow in leaks_m3h.items():
            demand[:, row] += flow
        scaled = np.ascontiguousarray((demand / self._flow).T)
        for row, pattern in self._pattern.items():
            self._values[: len(step)] = scaled[row]
            en.setpattern(project, pattern, self._raw_values, len(step))
        heads = np.empty((len(step), len(self._index)))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for place in range(len(step)):
                en.settimeparam(project, en.PATTERNSTART, round(place * self._step_s))
                en.initH(project, en.NOSAVE)
                en.runH(project)
                en.getnodevalues(project, en.HEAD, self._raw)
                heads[place] = self._heads[self._index - 1] * self._length
        return heads

    def _take_over_demands(self) -> NDArray[np.float64]:
        """Nominal demands (steps, nodes), m³/h; each junction gets one demand of 1 flow unit with a pattern of its own."""
        project = self._project
        self._step_s = float(en.gettimeparam(project, en.PATTERNSTEP))
        multiplier = en.getoption(project, en.DEMANDMULT)
        en.setoption(project, en.DEMANDMULT, 1.0)
        patterns = [np.ones(1)] + [
            np.array([en.getpatternvalue(project, p, k) for k in range(1, en.getpatternlen(project, p) + 1)])
            for p in range(1, en.getcount(project, en.PATCOUNT) + 1)
        ]
        steps = min(math.lcm(*(len(pattern) for pattern in patterns)), int(7 * 86_400 / self._step_s))
        nominal = np.zeros((steps, len(self._index)))
        self._pattern = {}
        for row in np.flatnonzero(self._junction).tolist():
            name = f"quanmai-{row}"
            en.addpattern(project, name)
            self._pattern[row] = int(en.getpatternindex(project, name))
            node = int(self._index[row])
            nominal[:, row] = self._nominal_of(node, patterns, steps) * multiplier * self._flow
            en.setbasedemand(project, node, 1, 1.0)
            en.setdemandpattern(project, node, 1, self._pattern[row])
        return nominal

    def _nominal_of(self, node: int, patterns: list[Any], steps: int) -> Floats:
        total = np.zeros(steps)
        categories = en.getnumdemands(self._project, node)
        for category in range(1, categories + 1):
            pattern = patterns[en.getdemandpattern(self._project, node, category)]
            total += en.getbasedemand(self._project, node, category) * np.resize(pattern, steps)
            en.setbasedemand(self._project, node, category, 0.0)
        if categories == 0:
            en.adddemand(self._project, node, 0.0, "", "truth")
        return total
