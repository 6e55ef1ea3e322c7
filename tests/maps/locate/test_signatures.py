"""Adjoint signatures against nonlinear EPANET solutions."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from maps.city import City, StationTable
from maps.hydraulics.session import EpanetSession
from maps.importers import ImportOptions, import_city
from maps.locate import PumpCurves, build_signatures
from maps.network import NodeKind

_LEAK_M3H = 0.2
_SAMPLE = 60


def ltown() -> Path:
    found = find_spec("epyt")
    if found is None or found.origin is None:
        pytest.skip("the package epyt, which brings L-TOWN.inp, is not installed")
    return Path(found.origin).parent / "networks" / "L-TOWN.inp"


def errors(inp: Path, at_s: int, stations: int = 24) -> np.ndarray:
    """Relative error of each sampled node's response vector at the stations, against central differences."""
    city: City = import_city([inp], ImportOptions()).city
    random = np.random.default_rng(3)
    junctions = np.flatnonzero(city.network.nodes.kind == NodeKind.JUNCTION)
    at = np.sort(random.choice(junctions, stations, replace=False))
    table = StationTable.of([f"S{row}" for row in at], node=at.astype(np.int32), channels=["pressure"] * stations)
    with EpanetSession(city) as session:
        state = session.solve(at_s)
        signatures = build_signatures(city, state, stations=table, pump_slope_m_per_m3h=PumpCurves.of(city).slopes(state))
        found = []
        for node in random.choice(junctions, _SAMPLE, replace=False):
            more = session.solve(at_s, leaks={int(node): _LEAK_M3H}).head_m[at]
            less = session.solve(at_s, leaks={int(node): -_LEAK_M3H}).head_m[at]
            exact = (more - less) / (2 * _LEAK_M3H)
            if np.linalg.norm(exact) > 1e-4:
                found.append(np.linalg.norm(signatures.head_m_per_m3h[:, node] - exact) / np.linalg.norm(exact))
    assert len(found) > _SAMPLE / 3
    return np.array(found)


@pytest.mark.parametrize("at_s", [0, 12 * 3600])
def test_signatures_of_ltown_are_epanets_within_one_per_cent(at_s: int) -> None:
    error = errors(ltown(), at_s)
    assert np.median(error) <= 0.01
    assert np.quantile(error, 0.9) <= 0.03


def test_signatures_of_net3_are_epanets_within_one_per_cent(wntr_networks: Path) -> None:
    error = errors(wntr_networks / "Net3.inp", 10 * 3600)
    assert np.median(error) <= 0.01
    assert np.quantile(error, 0.9) <= 0.03


def test_a_part_without_any_source_responds_to_nothing(wntr_networks: Path) -> None:
    from dataclasses import replace

    city = import_city([wntr_networks / "Net1.inp"], ImportOptions()).city
    with EpanetSession(city) as session:
        state = session.solve(0)
    cut = replace(
        state,
        pipe_open=np.zeros_like(state.pipe_open),
        pump_flow_m3h=np.zeros_like(state.pump_flow_m3h),
    )
    table = StationTable.of(["S"], node=[0], channels=["pressure"])
    assert not build_signatures(city, cut, stations=table).head_m_per_m3h.any()
