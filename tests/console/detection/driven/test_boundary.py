"""Boundary readings from station values, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from console.detection.driven.boundary import BoundaryFilter, TickReadings, demand_factors
from console.domain.readings import Channel
from maps.hydraulics.boundary import BoundaryMeters
from maps.units import KPA_PER_METRE


def _meters() -> BoundaryMeters:
    """Station 0: pressure; 1: level of a tank of 100 m²; 2: pump with state and flow, at the source."""
    one, none = np.array([1]), np.array([0])
    return BoundaryMeters(
        none, none, one, one, np.array([100.0]), np.array([2]), ("PU",), np.ones(1), np.array([2]), ("PU",), balanced=True
    )


def _values(level_m: list[float], flow_m3h: list[float], on: list[float]) -> dict[int, np.ndarray]:
    ticks = len(level_m)
    table = {channel: np.full((ticks, 3), np.nan) for channel in (0, 1, 2, 7)}
    table[Channel.PRESSURE][:, 0] = 30.0 * KPA_PER_METRE
    table[Channel.LEVEL][:, 1] = level_m
    table[Channel.FLOW][:, 2] = flow_m3h
    table[Channel.PUMP_ON][:, 2] = on
    return table


def _taken(values: dict[int, np.ndarray]) -> TickReadings:
    ticks = len(values[0])
    return BoundaryFilter(_meters(), 300.0).take(values, np.arange(float(ticks)) * 300.0, np.zeros(ticks, dtype=bool))


def test_the_city_takes_what_flows_in_less_what_the_tank_gains() -> None:
    found = _taken(_values([3.0, 3.1, 3.0], [200.0, 200.0, 0.0], [1, 1, 0]))
    # 0.1 m of 100 m² in 5 minutes is 120 m³/h.
    assert found.balance_m3h[1:] == pytest.approx([200.0 - 120.0, 120.0])
    assert found.pressure_m[:, 0] == pytest.approx([30.0] * 3)


def test_a_level_jump_larger_than_flows_allow_is_not_used() -> None:
    found = _taken(_values([3.0, 3.05, 9.0, 3.1], [0.0] * 4, [1] * 4))
    assert found.level_m[:, 0] == pytest.approx([3.0, 3.05, 3.05, 3.1])


def test_a_level_that_stays_after_its_jump_is_used_after_a_while() -> None:
    found = _taken(_values([3.0] + [8.0] * 6, [0.0] * 7, [1] * 7))
    assert found.level_m[-1, 0] == pytest.approx(8.0)


def test_a_state_holds_until_it_is_read_again() -> None:
    found = _taken(_values([3.0] * 3, [0.0] * 3, [1.0, np.nan, 0.0]))
    assert found.is_open[:, 0].tolist() == [1.0, 1.0, 0.0]


def test_demand_factors_follow_the_measured_balance() -> None:
    ticks = 12 * 24
    values = _values([3.0] * ticks, [150.0] * ticks, [1.0] * ticks)
    taken = BoundaryFilter(_meters(), 300.0).take(values, np.arange(float(ticks)) * 300.0, np.zeros(ticks, dtype=bool))
    factor = demand_factors(taken, np.full(24, 100.0))
    assert factor == pytest.approx(np.full(48, 1.5))  # no weekend was seen: as on working days


def test_a_glitch_of_a_source_meter_is_not_in_the_supply() -> None:
    found = _taken(_values([3.0] * 6, [200.0, 200.0, 200.0, 320.0, 200.0, 200.0], [1] * 6))
    assert found.supply_m3h == pytest.approx([200.0] * 6)


def test_after_a_gap_a_change_of_level_is_no_flow_of_one_tick() -> None:
    taken = BoundaryFilter(_meters(), 300.0)
    quiet = np.zeros(1, dtype=bool)
    taken.take(_values([3.0], [200.0], [1]), np.zeros(1), quiet)
    taken.forget()
    found = taken.take(_values([5.0], [200.0], [1]), np.array([36_000.0]), quiet)
    assert found.level_m[0, 0] == 5.0
    assert np.isnan(found.stored_m3h[0, 0])
