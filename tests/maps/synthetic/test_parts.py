"""Rules of the parts: trees, street graphs, road files, names."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString

from maps.errors import InputFault
from maps.synthetic import SyntheticOptions, build_city, names
from maps.synthetic.streets.road_layer import read_roads
from maps.synthetic.streets.shortest_path_trees import Forest, Links


def _grid_links(size: int, seed: int) -> Links:
    """A size x size lattice with random weights."""
    node = np.arange(size * size).reshape(size, size)
    u = np.concatenate([node[:, :-1].ravel(), node[:-1, :].ravel()])
    v = np.concatenate([node[:, 1:].ravel(), node[1:, :].ravel()])
    weight = np.random.default_rng(seed).uniform(1, 10, len(u))
    return Links(u, v, weight, np.ones(len(u), dtype=bool))


@given(st.integers(2, 9), st.integers(0, 500))
@settings(max_examples=30, deadline=None)
def test_the_flow_of_the_sources_equals_the_demand_of_all_nodes(size: int, seed: int) -> None:
    sources = np.array([0, size * size - 1])
    forest = Forest.grow(size * size, _grid_links(size, seed), sources)
    load = np.random.default_rng(seed).uniform(0, 5, size * size)
    assert forest.below(load)[sources].sum() == pytest.approx(load.sum())


@given(st.integers(2, 8), st.integers(0, 500))
@settings(max_examples=20, deadline=None)
def test_sums_along_a_tree_are_those_of_its_paths(size: int, seed: int) -> None:
    links = _grid_links(size, seed)
    forest = Forest.grow(size * size, links, np.array([0]))
    step = np.where(forest.link >= 0, links.weight[np.maximum(forest.link, 0)], 0.0)
    along = forest.along(step)
    for node in range(size * size):
        total, at = 0.0, node
        while forest.parent[at] >= 0:
            total += float(step[at])
            at = int(forest.parent[at])
        assert along[node] == pytest.approx(total)


def test_a_one_way_link_is_not_taken_backwards() -> None:
    links = Links(np.array([0, 2]), np.array([1, 1]), np.ones(2), np.array([True, False]))
    forest = Forest.grow(3, links, np.array([0]))
    assert forest.source.tolist() == [0, 0, -1]


def test_names_do_not_repeat_within_a_city() -> None:
    assert len({names.street(k) for k in range(1400)}) > 1300
    assert len({names.community(k) for k in range(600)}) > 570


def _town(path: Path, columns: dict[str, list[str]] | None = None) -> Path:
    """Streets of a small town: crossing lines 150 m apart, each drawn once from end to end in 100 pieces."""
    lines = []
    for k in range(8):
        for step in range(7):
            lines.append(LineString([(500000 + 150 * step, 4060000 + 150 * k), (500150 + 150 * step, 4060000 + 150 * k)]))
            lines.append(LineString([(500000 + 150 * k, 4060000 + 150 * step), (500000 + 150 * k, 4060150 + 150 * step)]))
    frame = gpd.GeoDataFrame(columns or {}, geometry=lines, crs="EPSG:4548")
    frame.to_file(path, driver="GPKG")
    return path


def test_streets_drawn_twice_become_one(tmp_path: Path) -> None:
    path = _town(tmp_path / "town.gpkg")
    frame = gpd.read_file(path)
    both = gpd.GeoDataFrame(geometry=[*frame.geometry, *frame.geometry.reverse()], crs=frame.crs)
    both.to_file(tmp_path / "both.gpkg", driver="GPKG")
    assert read_roads(tmp_path / "both.gpkg").edges == read_roads(path).edges == 112


def test_a_street_that_ends_on_another_is_joined_to_it(tmp_path: Path) -> None:
    frame = gpd.read_file(_town(tmp_path / "town.gpkg"))
    spur = LineString([(500075, 4060000.2), (500075, 4059900)])
    gpd.GeoDataFrame(geometry=[*frame.geometry, spur], crs=frame.crs).to_file(tmp_path / "spur.gpkg", driver="GPKG")
    assert read_roads(tmp_path / "spur.gpkg").edges == 112 + 2


def test_given_names_and_classes_of_streets_are_used(tmp_path: Path) -> None:
    columns = {"name": ["甲路" if k % 2 else "" for k in range(112)], "highway": ["primary"] * 20 + ["residential"] * 92}
    city = build_city(SyntheticOptions(roads=_town(tmp_path / "town.gpkg", columns)))
    assert "甲路" in set(city.network.pipes.road_name)
    assert (city.network.pipes.road_name != "").all()
    assert (city.network.pipes.diameter_mm >= 300).sum() >= 18


@pytest.mark.parametrize("content", ["not a layer", ""])
def test_a_file_that_is_no_street_layer_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "roads.gpkg"
    path.write_text(content)
    with pytest.raises(InputFault, match=r"roads\.gpkg"):
        read_roads(path)


def test_a_street_layer_without_a_coordinate_system_is_refused(tmp_path: Path) -> None:
    frame = gpd.read_file(_town(tmp_path / "town.gpkg"))
    frame.to_file(tmp_path / "bare.shp")
    (tmp_path / "bare.prj").unlink()
    with pytest.raises(InputFault, match="coordinate system"):
        read_roads(tmp_path / "bare.shp")
