"""Outlines in reports and layers are chosen by the ids in the notice, not by name."""

from __future__ import annotations

import numpy as np
import shapely

from console.documents.community_outlines import communities_told
from maps.city import ZoneTable
from tests.console.documents.cases import some_facts

NAME = "阳光花园"


def zones() -> ZoneTable:
    """Two communities of one name and a district that bears it too."""
    shapes = np.empty(3, dtype=object)
    shapes[:] = [shapely.box(n, 0, n + 1, 1) for n in range(3)]
    return ZoneTable.of(["K1", "K2", "D1"], kind=["community", "community", "district"], name=[NAME] * 3, geometry=shapes)


def test_of_two_communities_of_one_name_the_one_with_the_id_is_meant() -> None:
    facts = some_facts(no_water_communities=(f"{NAME}（历下区）",), no_water_zones=("K1",), low_pressure_zones=("K2",))
    assert communities_told(zones(), facts) == {0: "no_water", 1: "low_pressure"}


def test_notices_of_earlier_versions_hold_names_alone() -> None:
    facts = some_facts(no_water_communities=(NAME,), low_pressure_communities=())
    assert communities_told(zones(), facts) == {0: "no_water", 1: "no_water"}
