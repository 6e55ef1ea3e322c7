"""Two communities of one name: a notice names the one whose customers are without water, with a qualifier."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely

from console.documents import NoticeDocuments
from console.domain.incidents import PressureImpact
from console.services.desk import DeskSettings
from console.services.incidents.judging import JudgeBurst
from console.services.notices.lifecycle import DraftNotice
from maps.city import City, ZoneTable
from maps.crs import to_wgs84
from tests.console.services.conftest import CASE
from tests.console.services.town import NOW, STEP_M, X0, Y0, Chair, a_finding, a_town

FAR_M = 11_000.0


def a_town_with_namesakes(districts: tuple[str, str] | None) -> City:
    """美林苑 in the town's west, and another 美林苑 11 km to the east with a customer by the table; ``districts`` of the two."""
    town = a_town()
    here = shapely.box(X0 - 800.0, Y0 - 800.0, X0 + 1.5 * STEP_M, Y0 + 800.0)
    far = shapely.box(X0 + FAR_M, Y0, X0 + FAR_M + 300.0, Y0 + 300.0)
    rows = [("K1", "community", "美林苑", here), ("K9", "community", "美林苑", far)]
    if districts is not None:
        rows += [("D1", "district", districts[0], here.buffer(900.0)), ("D9", "district", districts[1], far.buffer(900.0))]
    shapes = np.empty(len(rows), dtype=object)
    shapes[:] = [shape for *_, shape in rows]
    ids, kinds, names, _ = zip(*rows, strict=True)
    zones = ZoneTable.of(ids, kind=kinds, name=names, geometry=shapes)
    customers = town.customers
    x, y = customers.x.copy(), customers.y.copy()
    x[-1], y[-1] = X0 + FAR_M + 100.0, Y0 + 100.0  # the last customer is in the other community
    community = np.array(["美林苑"] * len(customers), dtype=object)
    return replace(
        town, zones=zones, customers=customers.replaced(x=x, y=y, community=community.astype(customers.community.dtype))
    )


def drafted(city: City) -> Chair:
    """A notice for a burst in the town's west."""
    settings = DeskSettings(site="test", hotline="96116", issuer="水务集团")
    chair = Chair(city, settings, NoticeDocuments(settings, now=lambda: NOW))
    chair.sees(a_finding())
    chair.does(JudgeBurst(CASE, ("H10",)))
    chair.does(DraftNotice(CASE))
    return chair


def test_only_the_community_with_customers_without_water_is_warned() -> None:
    facts = drafted(a_town_with_namesakes(("历下区", "历城区"))).state.incidents[CASE].notices[-1].facts
    assert facts.no_water_zones == ("K1",)
    lon, _ = to_wgs84(np.array([X0 + 5_000.0]), np.array([Y0]), "EPSG:4548")
    assert facts.affected_wgs84
    assert all(point[1] < float(lon[0]) for ring in facts.affected_wgs84 for point in ring)


@pytest.mark.parametrize(
    ("districts", "zh", "en"),
    [
        (("历下区", "历城区"), "美林苑（历下区）", "美林苑 (历下区)"),
        (("历下区", "历下区"), "美林苑（经十路）", "美林苑 (经十路)"),
        (None, "美林苑（经十路）", "美林苑 (经十路)"),
    ],
)
def test_communities_of_one_name_are_distinguished_in_both_texts(districts: tuple[str, str] | None, zh: str, en: str) -> None:
    notice = drafted(a_town_with_namesakes(districts)).state.incidents[CASE].notices[-1]
    assert f"停水：{zh}" in notice.text_zh
    assert en in notice.text_en


def test_the_case_names_the_community_whose_customers_are_without_water() -> None:
    incident = drafted(a_town_with_namesakes(("历下区", "历城区"))).state.incidents[CASE]
    assert incident.place is not None
    assert incident.place.community == "美林苑（历下区）"
    assert "美林苑（历下区）附近" in incident.title


def test_low_pressure_in_one_of_two_communities_of_one_name_is_listed_beside_no_water_in_the_other() -> None:
    city = a_town_with_namesakes(("历下区", "历城区"))
    chair = drafted(city)
    far = str(city.customers.asset_id[-1])
    impact = PressureImpact(True, (), (far,), 40, ("美林苑",))
    chair.take(chair.desk.on_impact(chair.state, CASE, impact, chair.now))
    chair.does(DraftNotice(CASE))
    facts = chair.state.incidents[CASE].notices[-1].facts
    assert facts.no_water_communities == ("美林苑（历下区）",)
    assert facts.low_pressure_communities == ("美林苑（历城区）",)
    assert (facts.no_water_zones, facts.low_pressure_zones) == (("K1",), ("K9",))
