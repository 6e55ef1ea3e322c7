"""A real district whose valves are drawn as links of two nodes, by its profile."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyogrio
import pytest

from maps.check import check_city
from maps.city import City
from maps.importers import ImportOptions, import_city
from maps.network import NodeKind, ValveKind, ValveState
from maps.trace import islands

_PROFILE = Path(__file__).parent / "profiles" / "kitchener.toml"


@pytest.fixture(scope="module")
def city(shared_data: Path) -> City:
    return import_city([shared_data / "kitchener" / "network.gpkg"], ImportOptions(profile=_PROFILE)).city


def test_every_main_valve_and_hydrant_is_there(city: City) -> None:
    network = city.network
    assert len(network.pipes) == 666
    assert len(network.valves) == 196 + 1  # the meter is a link too
    assert len(city.hydrants) == 142
    assert len(city.zones) == 5
    assert int((network.nodes.kind == NodeKind.SOURCE).sum()) == 1


def test_valves_are_links_with_their_kind_and_state(city: City) -> None:
    valves = city.network.valves
    assert valves.is_link.all()
    assert int((valves.kind == ValveKind.PRV).sum()) == 4
    assert sorted(valves.setting[valves.kind == ValveKind.PRV]) == [15.0, 24.0, 30.0, 34.0]
    assert int((valves.state == ValveState.CLOSED).sum()) == 8


def test_lengths_diameters_and_years_are_the_sources(city: City, shared_data: Path) -> None:
    pipes = city.network.pipes
    source = pyogrio.read_dataframe(shared_data / "kitchener" / "network.gpkg", layer="pipe")
    assert pipes.length_m.sum() == pytest.approx(source["length"].sum())
    assert np.sort(pipes.diameter_mm) == pytest.approx(np.sort(source["diameter"]))
    assert int((pipes.year_laid > 0).sum()) == int(source["INSTALLATION_DATE"].notna().sum())


def test_mains_of_one_asset_are_its_pieces(city: City) -> None:
    pipes = city.network.pipes
    pieces = [str(name) for name, source in zip(pipes.asset_id, pipes.source_id, strict=True) if source == "68724"]
    assert pieces == [f"68724~{number}" for number in range(1, len(pieces) + 1)]


def test_all_layers_stand_in_one_crs(city: City) -> None:
    assert city.network.crs == "EPSG:26917"
    low_x, low_y, high_x, high_y = city.network.bounds
    inside = (city.customers.x > low_x - 500) & (city.customers.x < high_x + 500)
    inside &= (city.customers.y > low_y - 500) & (city.customers.y < high_y + 500)
    assert inside.mean() > 0.99


def test_the_district_is_one_piece_with_its_source(city: City) -> None:
    _, _, fed = islands(city.network)
    assert fed.all()


def test_a_model_built_from_the_tables_converges(city: City) -> None:
    assert check_city(city)["hydraulics"]["converged"] is True
    assert any("not calibrated" in line for line in city.info.assumed)
