"""Communities by place: two of one name stay distinct, and their qualifier is the first attribute that differs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest
import shapely

from maps.city import City, CityInfo, CustomerTable, ZoneTable
from maps.communities import communities_of, polygons_of
from maps.network import NodeTable, PipeNetwork, PipeTable, PumpTable, ValveTable

NAME = "阳光花园"
HERE, FAR = (0.0, 0.0), (8_000.0, 8_000.0)


@dataclass(frozen=True)
class House:
    """A customer: where (None: on its pipe), on which road, of which community by the customers' table."""

    x: float | None
    y: float | None
    road: str = ""
    community: str = NAME


def square(at: tuple[float, float], half_m: float = 200.0) -> shapely.Polygon:
    """An outline around a place."""
    return shapely.box(at[0] - half_m, at[1] - half_m, at[0] + half_m, at[1] + half_m)


def a_city(houses: Sequence[House], zones: Sequence[tuple[str, str, shapely.Geometry]], pipe_at: float = 0.0) -> City:
    """A pipe for each house at (``pipe_at``, 0), named after its road; ``zones``: kind, name, outline."""
    count = len(houses)
    xy = np.array([(pipe_at + 2.0 * n, 0.0) for n in range(count)] + [(pipe_at + 2.0 * n, 10.0) for n in range(count)])
    nodes = NodeTable.of([f"J{n}" for n in range(2 * count)], x=xy[:, 0], y=xy[:, 1], kind=[0] * (2 * count))
    ends = np.column_stack([np.arange(count), np.arange(count) + count])
    pipes = PipeTable.of(
        [f"P{n}" for n in range(count)],
        from_node=ends[:, 0],
        to_node=ends[:, 1],
        diameter_mm=[100.0] * count,
        length_m=[10.0] * count,
        road_name=[house.road for house in houses],
        vertices=xy[ends.ravel()],
        offsets=np.arange(count + 1) * 2,
    )
    customers = CustomerTable.of(
        [f"C{n}" for n in range(count)],
        pipe=range(count),
        community=[house.community for house in houses],
        x=[np.nan if house.x is None else house.x for house in houses],
        y=[np.nan if house.y is None else house.y for house in houses],
    )
    shapes = np.empty(len(zones), dtype=object)
    shapes[:] = [shape for _, _, shape in zones]
    table = ZoneTable.of(
        [f"Z{n}" for n in range(len(zones))],
        kind=[kind for kind, _, _ in zones],
        name=[name for _, name, _ in zones],
        geometry=shapes,
    )
    network = PipeNetwork(nodes, pipes, PumpTable.empty(), ValveTable.empty(), "EPSG:4548")
    return City(CityInfo("试验市", "test"), network, customers=customers, zones=table)


TWO = [("community", NAME, square(HERE)), ("community", NAME, square(FAR))]


def test_only_the_outline_that_holds_the_customers_is_chosen() -> None:
    city = a_city([House(10.0, 10.0, "经十路"), House(8_010.0, 8_010.0, "北园大街")], TWO)
    (near,), (far,) = communities_of(city, [0]), communities_of(city, [1])
    assert (near.zones, far.zones) == ((0,), (1,))
    assert [outline.bounds for outline in near.outlines] == [square(HERE).bounds]


def test_communities_of_one_name_are_distinguished_by_district_then_road_then_direction() -> None:
    houses = [House(10.0, 10.0, "经十路"), House(8_010.0, 8_010.0, "北园大街")]
    districts = [("district", "历下区", square(HERE, 1_000.0)), ("district", "天桥区", square(FAR, 1_000.0))]
    one_road = [House(house.x, house.y, "经十路") for house in houses]
    told = [
        communities_of(a_city(houses, [*TWO, *districts]), [0, 1]),
        communities_of(a_city(houses, TWO), [0, 1]),
        communities_of(a_city(one_road, TWO), [0, 1]),
    ]
    assert [[(one.apart, one.apart_name) for one in pair] for pair in told] == [
        [("district", "历下区"), ("district", "天桥区")],
        [("road", "经十路"), ("road", "北园大街")],
        [("south_west", ""), ("north_east", "")],
    ]


def test_two_communities_of_one_name_in_one_district_are_distinguished_by_road() -> None:
    houses = [House(10.0, 10.0, "经十路"), House(8_010.0, 8_010.0, "北园大街")]
    city = a_city(houses, [*TWO, ("district", "历下区", square(HERE, 20_000.0))])
    assert [one.apart_name for one in communities_of(city, [0, 1])] == ["经十路", "北园大街"]


def test_a_unique_name_has_no_qualifier() -> None:
    city = a_city([House(10.0, 10.0, "经十路"), House(190.0, 10.0, "经七路")], TWO[:1])
    (only,) = communities_of(city, [0, 1])
    assert (only.apart, only.zones) == ("", (0,))


def test_a_namesake_without_customers_still_makes_the_name_ambiguous() -> None:
    (near,) = communities_of(a_city([House(10.0, 10.0, "经十路")], TWO), [0])
    assert (near.apart, near.apart_name, near.zones) == ("road", "经十路", (0,))


def test_two_outlines_side_by_side_are_one_community_and_only_the_one_with_customers_is_shown() -> None:
    beside = [("community", NAME, square(HERE)), ("community", NAME, square((450.0, 0.0)))]
    (only,) = communities_of(a_city([House(10.0, 10.0)], beside), [0])
    assert (only.apart, only.zones) == ("", (0,))


def test_namesakes_drawn_as_one_multipolygon_are_two_communities() -> None:
    both = shapely.multipolygons([square(HERE), square(FAR)])
    city = a_city([House(10.0, 10.0, "经十路"), House(8_010.0, 8_010.0, "北园大街")], [("community", NAME, both)])
    (near,) = communities_of(city, [0])
    assert [outline.bounds for outline in near.outlines] == [square(HERE).bounds]
    assert near.apart_name == "经十路"


def test_communities_of_one_name_without_outlines_are_distinguished_by_their_customers() -> None:
    city = a_city([House(10.0, 10.0, "经十路"), House(8_010.0, 8_010.0, "北园大街")], [])
    (far,) = communities_of(city, [1])
    assert (far.apart_name, far.zones, far.outlines) == ("北园大街", (), ())


def test_a_customer_without_a_position_is_where_its_pipe_is() -> None:
    (far,) = communities_of(a_city([House(None, None)], [*TWO[:1], ("community", NAME, square((8000.0, 0.0)))], 8_000.0), [0])
    assert far.zones == (1,)


def test_a_customer_whose_community_has_no_outline_here_is_shown_by_the_one_that_holds_it() -> None:
    zones = [("community", NAME, square(FAR)), ("community", "美林苑", square(HERE))]
    (near,) = communities_of(a_city([House(10.0, 10.0, "经十路")], zones), [0])
    assert (near.name, near.zones) == (NAME, (1,))


def test_a_customer_without_a_name_belongs_to_the_outline_that_holds_it() -> None:
    (near,) = communities_of(a_city([House(10.0, 10.0, "", "")], TWO), [0])
    assert (near.name, near.zones) == (NAME, (0,))


def test_a_customer_beside_its_outline_is_with_the_nearest_of_that_name() -> None:
    (far,) = communities_of(a_city([House(8_250.0, 8_000.0)], TWO), [0])
    assert far.zones == (1,)


@pytest.mark.parametrize("shape", [None, shapely.Point(0, 0), shapely.Polygon()])
def test_a_geometry_without_area_has_no_polygons(shape: shapely.Geometry | None) -> None:
    assert polygons_of(shape) == ()


def test_an_outline_that_crosses_itself_is_cut_into_valid_ones() -> None:
    bow_tie = shapely.Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])
    found = polygons_of(bow_tie)
    assert len(found) == 2
    assert all(shapely.is_valid(part) for part in found)
    assert sum(part.area for part in found) == pytest.approx(50.0)
