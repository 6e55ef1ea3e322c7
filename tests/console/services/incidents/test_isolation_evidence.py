"""Pressure near zero inside the area is evidence of isolation, pressure inside contradicts it, border stations do not count."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from console.domain.alarms import Evidence
from console.domain.clock import micros
from console.domain.incidents import Incident
from console.domain.picture import Picture, StationState
from console.domain.readings import Channel, Quality
from console.services.incidents.isolation_evidence import Sign, isolation_signs
from console.services.incidents.judging import JudgeBurst
from maps.city import City, StationTable
from maps.isolation.plan.result import IsolationPlan
from tests.console.services.town import NOW, Chair, a_finding, a_town

CASE = "2024-0001"
INSIDE, BORDER, METER = 0, 1, 2


def measured() -> City:
    """The town with a station at J11, one at J10, and a meter on M1."""
    city = a_town()
    row = {name: number for number, name in enumerate(city.network.nodes.asset_id)}
    stations = StationTable.of(
        ["IN", "EDGE", "DMA"],
        node=[row["J11"], row["J10"], -1],
        link=["", "", "M1"],
        channels=["pressure", "pressure", "flow"],
    )
    return replace(city, stations=stations)


@pytest.fixture
def case() -> Incident:
    """Every pipe at J11 is in the area; J10 also touches pipes outside."""
    chair = Chair()
    chair.sees(a_finding())
    chair.does(JudgeBurst(CASE, ("H10",)))
    incident = chair.state.incidents[CASE]
    plan = incident.plan
    assert isinstance(plan, IsolationPlan)
    plan = replace(plan, zone_pipes=("H11", "H01", "V11"), dry_pocket_pipes=("V10",))
    return replace(incident, plan=plan, evidence=(Evidence("DMA", "flow", 150.0, 100.0, NOW),))


def picture(pressure_kpa: float, flow_m3h: float = 150.0, age_s: float = 10.0) -> Picture:
    """Readings of the three stations now."""
    shape = (3, len(Channel))
    value, expected = np.full(shape, np.nan), np.full(shape, np.nan)
    at_us = np.zeros(shape, dtype=np.int64)
    value[[INSIDE, BORDER], Channel.PRESSURE] = pressure_kpa
    value[METER, Channel.FLOW], expected[METER, Channel.FLOW] = flow_m3h, 100.0
    at_us[np.isfinite(value)] = micros(NOW) - int(age_s * 1e6)
    quality = np.full(shape, Quality.GOOD, dtype=np.uint8)
    return Picture(1, micros(NOW), value, at_us, quality, expected, np.full(3, StationState.NORMAL, dtype=np.uint8))


@pytest.mark.parametrize(("kpa", "sign"), [(3.0, Sign.NEAR_ZERO), (240.0, Sign.STILL_PRESSURE)])
def test_a_station_inside_is_evidence_and_one_at_the_border_is_not(case: Incident, kpa: float, sign: Sign) -> None:
    (found,) = isolation_signs(measured(), case, picture(kpa))
    assert (found.station_id, found.sign, found.value) == ("IN", sign, kpa)


def test_an_old_reading_is_no_evidence(case: Incident) -> None:
    assert isolation_signs(measured(), case, picture(3.0, age_s=600.0)) == ()


@pytest.mark.parametrize(("flow", "back"), [(112.0, True), (100.0, True), (130.0, False)])
def test_an_inflow_is_back_when_little_is_left_of_what_the_burst_took(case: Incident, flow: float, back: bool) -> None:
    signs = [sign.sign for sign in isolation_signs(measured(), case, picture(3.0, flow))]
    assert (Sign.INFLOW_BACK in signs) is back


def test_near_zero_where_no_source_fed_before_proves_nothing(case: Incident) -> None:
    assert case.plan is not None
    dry = replace(case.plan, zone_pipes=(), dry_pocket_pipes=("H11", "H01", "V11", "V10"))
    assert [sign.sign for sign in isolation_signs(measured(), replace(case, plan=dry), picture(2.0))] == [Sign.NEAR_ZERO]
    unfed = replace(dry, without_supply_before=dry.dry_pocket_pipes)
    assert isolation_signs(measured(), replace(case, plan=unfed), picture(2.0)) == ()
