"""Weight of a DMA's inflow change in a burst location: a likelihood ratio with the meter's noise."""

from __future__ import annotations

import numpy as np
import pytest

from console.detection.flow.dma_balance import ZoneInflow, balanced, inflow_factor
from maps.locate.result import Candidate, Location

ROSE, CALM = ZoneInflow("DMA-3", 20.0, 3.0, True), ZoneInflow("DMA-5", 0.0, 3.0, True)


@pytest.mark.parametrize(("change", "sigma"), [(0.0, 20.0), (8.0, 4.0), (12.0, 6.0), (-10.0, 20.0), (40.0, 25.0), (0.0, 8.0)])
def test_the_factor_is_the_integral_over_bursts_of_any_flow(change: float, sigma: float) -> None:
    flow = np.linspace(0.0, 1500.0, 600_001)
    burst = np.exp(-flow / 50.0) / 50.0
    ratio = np.exp(-0.5 * ((change - flow) / sigma) ** 2 + 0.5 * (change / sigma) ** 2)
    by_sum = float((burst * ratio).sum() * (flow[1] - flow[0]))
    assert 0.1 < by_sum < 10.0
    assert inflow_factor(ZoneInflow("Z", change, sigma, True)) == pytest.approx(by_sum, rel=1e-3)


@pytest.mark.parametrize(("change", "expected"), [(1000.0, 10.0), (-1000.0, 0.1)])
def test_the_weight_of_a_meter_is_bounded_either_way(change: float, expected: float) -> None:
    assert inflow_factor(ZoneInflow("Z", change, 1.0, True)) == pytest.approx(expected)


def test_a_missing_rise_is_no_evidence_with_an_unmetered_inlet() -> None:
    assert inflow_factor(ZoneInflow("Z", 0.0, 1.0, False)) == 1.0
    assert inflow_factor(ZoneInflow("Z", 20.0, 1.0, False)) == pytest.approx(10.0)


def test_candidates_get_the_weight_of_their_zones_and_a_boundary_pipe_of_both() -> None:
    candidates = tuple(
        Candidate(name, share) for name, share in (("calm", 0.4), ("border", 0.2), ("rose", 0.2), ("outside", 0.1))
    )
    location = Location(candidates, ("calm", "border", "rose"), "calibrated", ("S1",), 12.0)
    zones_of = {"calm": (5, 5), "border": (3, -1), "rose": (3, 3), "outside": (-1, -1)}
    found = balanced(location, zones_of, {3: ROSE, 5: CALM})
    # By hand: factors 10 (at its bound) and, by 3 √(2π) / 50 · Φ(-0.06) e^0.0018, 0.0717, which its bound makes 0.1.
    weights = {"rose": 2.0, "border": 0.2 * 5.5, "outside": 0.1, "calm": 0.04}
    total = sum(weights.values())
    assert [one.pipe_id for one in found.candidates] == ["rose", "border", "outside", "calm"]
    assert [one.probability for one in found.candidates] == pytest.approx([0.9 * one / total for one in weights.values()])
    assert found.set_90 == ("rose", "border")
    assert (found.moved, found.statistic) == (location.moved, location.statistic)


def test_without_a_risen_inflow_the_location_is_unchanged() -> None:
    location = Location((Candidate("calm", 0.9),), ("calm",), "calibrated")
    assert balanced(location, {"calm": (5, 5)}, {3: ZoneInflow("DMA-3", 8.9, 3.0, True), 5: CALM}) is location
