"""Boundary readings from station values, by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from console.detection.driven.boundary import BoundaryFilter, DemandProfile, TickReadings, consumption_m3h
from console.domain.readings import Channel
from maps.hydraulics.boundary import BoundaryMeters
from maps.hydraulics.session import EpanetSession
from maps.units import KPA_PER_METRE
from tests.maps.hydraulics.test_driven import pumped_city


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


def _week(inflow: np.ndarray) -> TickReadings:
    """From a Monday on, all days alike or not; the tank stays."""
    ticks = len(inflow)
    second = np.arange(float(ticks)) * 300.0 % 86_400.0
    weekend = np.arange(ticks) // 288 % 7 >= 5
    return BoundaryFilter(_meters(), 300.0).take(_values([3.0] * ticks, inflow.tolist(), [1.0] * ticks), second, weekend)


def test_demand_factors_follow_the_measured_balance() -> None:
    found = DemandProfile.of(_week(np.full(288, 150.0)), np.full(48, 100.0), np.full(48, 100.0))
    assert found.factor == pytest.approx(np.full((2, 48), 1.5))  # no weekend was seen: as on working days


def test_weekends_have_their_own_demand_factors() -> None:
    found = DemandProfile.of(_week(np.repeat([150.0, 120.0], [5 * 288, 2 * 288])), np.full(48, 100.0), np.full(48, 100.0))
    assert found.factor[0] == pytest.approx(np.full(48, 1.5), abs=0.01)
    assert found.factor[1] == pytest.approx(np.full(48, 1.2), abs=0.01)


def test_demand_factors_lead_from_the_middle_of_a_half_hour_to_the_next_without_a_jump() -> None:
    factor = np.ones((2, 48))
    factor[0, 20], factor[1, 0] = 1.4, 2.0
    second = np.array([10.25, 10.5, 10.75, 0.25, 0.0, 24.0 - 1e-9]) * 3600.0
    weekend = np.array([False, False, False, True, True, True])
    assert DemandProfile(factor, True).at(second, weekend) == pytest.approx([1.4, 1.2, 1.0, 2.0, 1.5, 1.5])


@pytest.mark.parametrize("is_smooth", [True, False])
def test_whether_demand_goes_in_steps_is_read_from_the_balance(is_smooth: bool) -> None:
    hour = np.array(
        [60.0, 50, 50, 55, 80, 120, 180, 190, 170, 160, 150, 140, 150, 140, 130, 130, 140, 160, 190, 200, 180, 150, 110, 80]
    )
    by_tick = np.interp(np.arange(288) / 12.0, np.arange(25), np.append(hour, hour[0])) if is_smooth else np.repeat(hour, 12)
    noise = np.random.default_rng(3).normal(0.0, 10.0, (7, 288))
    middle = (np.arange(48) + 0.5) / 2.0
    smooth = np.interp(middle, np.arange(25), np.append(hour, hour[0]))
    found = DemandProfile.of(_week((1.1 * by_tick + noise).ravel()), np.repeat(hour, 2), smooth)
    assert found.is_smooth == is_smooth
    assert found.factor[0] == pytest.approx(np.full(48, 1.1), abs=0.06)


def test_what_a_filling_tank_takes_is_no_consumption(tmp_path: Path) -> None:
    city = pumped_city(tmp_path)
    with EpanetSession(city) as session:
        day = list(session.solve_day(3600))
    taken = [float(state.demand_m3h[city.network.nodes.row("T")]) for state in day]
    assert max(taken) > 20.0  # the tank fills in some hours and empties in others
    assert min(taken) < 0.0
    # Customers draw 60 and 40 m³/h times the pattern of the day, three hours each.
    pattern = np.repeat([0.6, 0.6, 0.8, 1.2, 1.5, 1.3, 1.0, 1.4], 3)
    assert consumption_m3h(city.network.nodes, day) == pytest.approx(100.0 * pattern, rel=1e-4)


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
