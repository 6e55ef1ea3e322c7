"""Pump curves: slope of each pump's head curve, read once from the city's EPANET model."""

from __future__ import annotations

import math
import tempfile
import warnings
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

import numpy as np
from epanet import toolkit as en

from maps.city import City
from maps.columns import Floats
from maps.errors import InputFault
from maps.hydraulics.state import HydraulicState
from maps.units import FOOT_M, is_us_flow_unit, m3h_per_flow_unit

_FLOW_UNITS = ("CFS", "GPM", "MGD", "IMGD", "AFD", "LPS", "LPM", "MLD", "CMH", "CMD", "CMS")


@dataclass(frozen=True, eq=False)
class PumpCurves:
    """Per pump row the points of its head curve, (flow m³/h, head m); () for a pump of constant power or unknown."""

    points: tuple[tuple[tuple[float, float], ...], ...]

    @classmethod
    def of(cls, city: City) -> Self:
        """Curves of the city's pumps; none when the city has no model. Raises InputFault when EPANET refuses it."""
        if city.epanet is None or not len(city.network.pumps):
            return cls(((),) * len(city.network.pumps))
        names = {
            str(asset): str(name)
            for asset, name, kind in zip(city.epanet.asset_id, city.epanet.epanet_id, city.epanet.kind, strict=True)
            if kind == "pump"
        }
        with tempfile.TemporaryDirectory(prefix="quanmai-pumps-") as folder:
            return cls(_read(city.epanet.inp, Path(folder), [names.get(str(pump), "") for pump in city.network.pumps.asset_id]))

    def slopes(self, state: HydraulicState) -> Floats:
        """|dh/dq| of each pump at its flow, m per m³/h, (pumps,); NaN where no curve is known.

        One or three points from zero flow make EPANET's power curve h = h₀ − r qⁿ (one point: h₀ = 4/3 h₁, shut-off
        at twice its flow); others are straight between points (EPANET 2.2 manual, section 3.1).
        """
        pairs = zip(self.points, np.abs(np.nan_to_num(state.pump_flow_m3h)), strict=True)
        return np.array([_slope(points, float(flow)) for points, flow in pairs], dtype=np.float64)


def _read(inp: str, folder: Path, pumps: list[str]) -> tuple[tuple[tuple[float, float], ...], ...]:
    (folder / "model.inp").write_text(inp, encoding="utf-8")
    project = en.createproject()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            en.open(project, str(folder / "model.inp"), str(folder / "model.rpt"), "")
            return tuple(_points(project, name) for name in pumps)
    except Exception as refusal:  # the toolkit raises bare Exception
        raise InputFault(f"EPANET refuses the model: {refusal}") from refusal
    finally:
        en.deleteproject(project)


def _points(project: Any, pump: str) -> tuple[tuple[float, float], ...]:
    if not pump:
        return ()
    link = en.getlinkindex(project, pump)
    curve = int(en.getlinkvalue(project, link, en.PUMP_HCURVE))
    if curve <= 0:
        return ()
    unit = _FLOW_UNITS[en.getflowunits(project)]
    flow, length = m3h_per_flow_unit(unit), FOOT_M if is_us_flow_unit(unit) else 1.0
    count = en.getcurvelen(project, curve)
    raw = [en.getcurvevalue(project, curve, index) for index in range(1, count + 1)]
    return tuple((float(x) * flow, float(y) * length) for x, y in raw)


def _slope(points: tuple[tuple[float, float], ...], flow: float) -> float:
    if not points or flow <= 0:
        return math.nan
    if len(points) == 1:
        rated_flow, rated_head = points[0]
        return 2.0 * (rated_head / 3.0) * flow / rated_flow**2
    if len(points) == 3 and points[0][0] == 0:
        (_, h0), (q1, h1), (q2, h2) = points
        if h0 > h1 > h2 and q2 > q1 > 0:
            exponent = math.log((h0 - h2) / (h0 - h1)) / math.log(q2 / q1)
            return float(exponent * (h0 - h1) / q1**exponent * flow ** (exponent - 1.0))
    for (q1, h1), (q2, h2) in pairwise(points):
        if flow <= q2 or (q2, h2) == points[-1]:
            return abs(h2 - h1) / max(q2 - q1, 1e-9)
    return math.nan
