"""The zone of a place."""

from __future__ import annotations

import numpy as np
from shapely import box

from maps.zones import with_communities, zone_at
from tests.builders import a_network


def test_of_overlapping_zones_of_a_kind_the_smallest_is_used() -> None:
    zones = (
        a_network()
        .zone("wide", box(0, 0, 100, 100), kind="community")
        .zone("small", box(40, 40, 60, 60), kind="community")
        .zone("other", box(0, 0, 10, 10), kind="dma")
        .build()
        .zones
    )
    rows = zone_at(zones, "community", np.array([50.0, 5.0, 200.0, np.nan]), np.array([50.0, 5.0, 0.0, 0.0]))
    assert [str(zones.asset_id[row]) if row >= 0 else "" for row in rows] == ["small", "wide", "", ""]


def test_a_customer_keeps_the_community_it_came_with() -> None:
    town = (
        a_network()
        .pipe("P1", "A", "B")
        .zone("美林苑", box(499_000, 4_057_000, 501_000, 4_059_000), kind="community")
        .customer("C1", on="P1")
        .customer("C2", on="P1", community="别处")
    )
    assert list(with_communities(town.build()).customers.community) == ["美林苑", "别处"]
