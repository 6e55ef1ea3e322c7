"""The procedural city: reproducible, connected, with realistic numbers and names."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from maps.city import City
from maps.columns import Columns
from maps.errors import InputFault
from maps.network import NodeKind, ValveKind, ValveState
from maps.synthetic import SyntheticOptions, build_city
from tests.maps.synthetic.oracle import segment_sizes, supplied_nodes


def _tables(city: City) -> list[Columns]:
    network = city.network
    return [
        *(network.nodes, network.pipes, network.pumps, network.valves),
        *(city.hydrants, city.plants, city.crews, city.stations, city.customers, city.zones, city.roads, city.water),
    ]


def _zone(city: City, kind: str, name: str) -> shapely.Polygon | shapely.MultiPolygon:
    found = city.zones.geometry[(city.zones.kind == kind) & (city.zones.name == name)]
    assert isinstance(found[0], shapely.Polygon | shapely.MultiPolygon)
    return found[0]


def test_the_same_options_give_the_same_city(small_city: City) -> None:
    again = build_city(SyntheticOptions(pipes=1000, seed=3))
    for one, other in zip(_tables(small_city), _tables(again), strict=True):
        for name, kind in one.column_kinds().items():
            left, right = getattr(one, name), getattr(other, name)
            assert np.array_equal(left, right, equal_nan=kind == "Floats"), f"{type(one).__name__}.{name}"
    assert np.array_equal(small_city.network.pipes.vertices, again.network.pipes.vertices)
    assert small_city.epanet is not None
    assert again.epanet is not None
    assert small_city.epanet.inp == again.epanet.inp


def test_another_seed_gives_another_city(small_city: City) -> None:
    other = build_city(SyntheticOptions(pipes=1000, seed=4))
    assert other.network.bounds != small_city.network.bounds


@pytest.mark.parametrize(("pipes", "seed"), [(300, 0), (300, 7), (1000, 5)])
def test_every_customer_is_supplied_through_open_valves(pipes: int, seed: int) -> None:
    city = build_city(SyntheticOptions(pipes=pipes, seed=seed, model=False))
    supplied = supplied_nodes(city)
    ends = np.concatenate([city.network.pipes.from_node, city.network.pipes.to_node])
    assert set(ends.tolist()) <= supplied


def test_the_demo_city_is_supplied_and_about_the_size_asked_for(demo_city: City) -> None:
    network = demo_city.network
    assert len(network.pipes) == pytest.approx(5000, rel=0.05)
    assert set(range(len(network.nodes))) <= supplied_nodes(demo_city)


def test_pipes_end_on_their_nodes_and_are_as_long_as_they_are_drawn(demo_city: City) -> None:
    network = demo_city.network
    for row in range(0, len(network.pipes), 37):
        points = network.pipes.points(row)
        for node, point in ((network.pipes.from_node[row], points[0]), (network.pipes.to_node[row], points[-1])):
            assert np.hypot(network.nodes.x[node] - point[0], network.nodes.y[node] - point[1]) < 0.01
        drawn = float(np.hypot(*np.diff(points, axis=0).T).sum())
        assert network.pipes.length_m[row] == pytest.approx(max(drawn, 1.0), abs=0.05)


def test_valves_are_as_dense_as_utilities_set_them(demo_city: City) -> None:
    valves = demo_city.network.valves
    isolating = valves.pipe >= 0
    assert 0.3 <= isolating.sum() / len(demo_city.network.pipes) <= 1.0
    assert set(valves.kind[isolating].tolist()) == {int(ValveKind.GATE), int(ValveKind.BUTTERFLY)}
    assert 0.90 < (valves.state == ValveState.OPEN).mean() < 0.99
    assert (valves.state == ValveState.CLOSED).sum() > 50
    assert 0.01 < (~valves.operable).mean() < 0.06
    assert (valves.control == "remote").sum() >= 3
    assert (valves.state == ValveState.UNKNOWN).sum() > 5
    assert np.array_equal(valves.state == ValveState.CLOSED, valves.normal_state == ValveState.CLOSED)


def test_a_valve_sits_at_an_end_of_its_pipe(demo_city: City) -> None:
    network = demo_city.network
    on = network.valves.pipe >= 0
    pipe, node = network.valves.pipe[on], network.valves.node[on]
    assert ((network.pipes.from_node[pipe] == node) | (network.pipes.to_node[pipe] == node)).all()
    away = np.hypot(network.valves.x[on] - network.nodes.x[node], network.valves.y[on] - network.nodes.y[node])
    assert away.max() < 7.5


def test_segments_hold_few_pipes(demo_city: City) -> None:
    sizes = np.array(segment_sizes(demo_city))
    assert sizes.max() <= 40
    # The pipe a dispatcher asks about lies in a segment of a few pipes.
    assert 2 <= np.median(np.repeat(sizes, sizes)) <= 15


def test_plants_and_pumping_stations_have_their_names(demo_city: City) -> None:
    plants = demo_city.plants
    at = {str(name): bool(planned) for name, planned in zip(plants.name, plants.planned, strict=True)}
    assert {"大桥水厂", "西关水厂", "临空水厂"} <= set(at)
    planned = {"搬倒井加压站", "红符路加压站", "郭店加压站", "小岭加压站", "彩石西加压站"}
    assert {name for name, is_planned in at.items() if is_planned} == planned
    assert (demo_city.network.nodes.kind == NodeKind.PLANT).sum() == 3


def test_the_community_of_the_case_lies_in_its_district(demo_city: City) -> None:
    home = _zone(demo_city, "community", "美林苑")
    assert shapely.intersection(home, _zone(demo_city, "district", "天桥区")).area > 0.95 * home.area
    assert (demo_city.customers.community == "美林苑").sum() > 5


def test_districts_and_areas_are_those_of_jinan(demo_city: City) -> None:
    of_kind = {kind: set(demo_city.zones.name[demo_city.zones.kind == kind]) for kind in ("district", "area", "dma", "community")}
    assert {"历下区", "市中区", "槐荫区", "天桥区", "历城区", "长清区", "章丘区"} <= of_kind["district"]
    assert 4 <= len(of_kind["area"]) <= 8
    assert 8 <= len(of_kind["dma"]) <= 25
    assert len(of_kind["community"]) > 100
    assert all(shapely.is_valid(demo_city.zones.geometry))


def test_customers_name_their_people_and_the_critical_ones(demo_city: City) -> None:
    customers = demo_city.customers
    assert {"hospital", "dialysis", "school"} <= set(customers.critical)
    assert {"direct", "tank", "boosted"} == set(customers.supply)
    lifted = customers.supply != "direct"
    assert (customers.pump_house[lifted] != "").all()
    assert (customers.pump_house[~lifted] == "").all()
    homes = customers.category == "residential"
    assert (customers.households[homes] >= 3).all()
    # Demand of the nodes is the customers' with leakage: nothing is lost between the two tables.
    total = float(demo_city.network.nodes.demand_m3h.sum())
    assert total == pytest.approx(float(customers.demand_m3h.sum()) / 0.88, rel=0.02)


def test_equipment_comes_in_usual_numbers(demo_city: City) -> None:
    network, stations = demo_city.network, demo_city.stations
    length = float(network.pipes.length_m.sum())
    assert 110 < length / len(demo_city.hydrants) < 150
    pressure = stations.node >= 0
    assert 50 < len(network.nodes) / pressure.sum() < 250
    links = {*network.pipes.asset_id, *network.valves.asset_id[network.valves.is_link]}
    assert set(stations.link[~pressure]) <= links
    assert len(demo_city.crews) >= 3
    assert demo_city.crews.name[0] == "抢修1队"


def test_old_pipes_are_grey_iron_and_mains_are_wide(demo_city: City) -> None:
    pipes = demo_city.network.pipes
    grey = pipes.material == "灰口铸铁"
    assert pipes.year_laid[grey].max() < 1990
    assert {"灰口铸铁", "球墨铸铁", "PE"} <= set(pipes.material)
    assert pipes.diameter_mm.min() == 100
    assert 600 <= pipes.diameter_mm.max() <= 1400
    assert (pipes.road_name != "").all()
    assert set(pipes.road_side) == {"north", "south", "east", "west"}


def test_a_size_too_small_for_a_city_is_refused() -> None:
    with pytest.raises(InputFault, match="50 to 2,000,000"):
        SyntheticOptions(pipes=3)


def test_a_city_without_a_model_says_so() -> None:
    city = build_city(SyntheticOptions(pipes=300, model=False))
    assert city.epanet is None
    assert any("no hydraulic model" in line for line in city.info.assumed)


@pytest.mark.slow
def test_twenty_thousand_pipes_take_seconds() -> None:
    import time

    started = time.process_time()
    city = build_city(SyntheticOptions(pipes=20_000, seed=2))
    assert time.process_time() - started < 12
    assert len(city.network.pipes) == pytest.approx(20_000, rel=0.05)
