"""Plants, pumps, tanks and sources: each can be picked, has a card with its live values, and a name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from console.domain.readings import Channel
from console.ui.map.layers import MapLayer
from console.ui.map.network.facilities import Facility, facilities, stations_at
from console.ui.map.scene import Scene
from console.ui.map.view.camera import Camera
from console.ui.map.view.identify import CardData, lines_of
from console.ui.map.view.picking import REACH_PX, Picker
from console.ui.words import Words
from maps.city import City
from maps.importers import ImportOptions, import_city
from tests.builders import a_network
from tests.console.ui.map.conftest import a_picture

pytestmark = pytest.mark.gui
WORDS = Words("zh_CN", "Asia/Shanghai")
EVERYTHING = frozenset({MapLayer.PLANTS})
INP = """
[RESERVOIRS]
 River  52.5
[TANKS]
 High  60 3 0.5 6 18 0
[JUNCTIONS]
 A  10  5
 B  12  5
[PIPES]
 P1  A  B  500  300  120  0  Open
 P2  B  High  200  300  120  0  Open
[PUMPS]
 Lift  River  A  POWER 20
[OPTIONS]
 Units CMH
 Headloss H-W
[COORDINATES]
 River 0 0
 A 100 0
 B 600 0
 High 600 200
[END]
"""


@pytest.fixture
def city() -> City:
    """A listed plant with its pump, two pumps side by side, one of them shut; a tank with a name; flow and level measured."""
    return (
        a_network()
        .source("R", 0.0, 0.0)
        .node("A", 100.0, 0.0)
        .node("B", 200.0, 0.0)
        .tank("T", 300.0, 0.0, name="高位水池")
        .node("S", 0.0, 90.0)
        .pump("PU1", "R", "A")
        .pump("PU2", "R", "A", status=1)
        .pump("PU3", "S", "A", name="3号泵")
        .plant("W", at="S")
        .pipe("P1", "A", "B")
        .pipe("P2", "B", "T")
        .station("Q1", on="PU2", channels="flow", name="加压出口")
        .station("Q2", at="T", channels="level")
        .station("Q3", at="B")
        .station("Q4", at="A")
        .build()
    )


def card(city: City, asset_id: str) -> list[tuple[str, str]]:
    """Texts on the card of a facility."""
    scene = Scene(city)
    row = next(i for i, one in enumerate(scene.facilities) if one.asset_id == asset_id)
    one = scene.facilities[row]
    picked = Picker(scene, np.empty(0), np.empty(0)).at(50.0, 50.0, Camera(one.x, one.y, 1.0, 100, 100), EVERYTHING)
    assert picked is not None
    assert (picked.kind, picked.asset_id, picked.row) == ("facility", asset_id, row)
    return list(lines_of(picked, CardData(city, a_picture(city), WORDS, facilities=scene.facilities)))


def test_pumps_of_no_plant_are_a_station_of_their_own_and_side_by_side_they_are_one(city: City) -> None:
    kinds = [(one.kind, one.asset_id, one.x, one.y) for one in facilities(city)]
    assert kinds == [
        ("plant", "W", 0.0, 90.0),
        ("tank", "T", 300.0, 0.0),
        ("source", "R", 0.0, 0.0),
        ("pumping_station", "PU1", 50.0, 0.0),
    ]


def test_the_card_of_pumps_names_each_what_is_off_and_what_is_measured_there(city: City) -> None:
    lines = card(city, "PU1")
    assert [value for name, value in lines if name == "水泵"] == ["PU1", "PU2 · 停"]
    assert ("测点", "加压出口") in lines
    shown = WORDS.value(Channel.FLOW, float(a_picture(city).value[0, Channel.FLOW]))
    assert any(name == "流量" and value.startswith(shown) for name, value in lines)


def test_the_card_of_a_tank_shows_its_bounds_and_its_live_level(city: City) -> None:
    lines = dict(card(city, "T"))
    assert (lines["名称"], lines["类型"], lines["水位范围"], lines["直径"]) == ("高位水池", "水池", "0.0–6.0 m", "10.0 m")
    shown = a_picture(city).value[1, Channel.LEVEL]
    assert lines["水位"].startswith(WORDS.value(Channel.LEVEL, float(shown)))


def test_the_card_of_a_plant_names_its_pumps(city: City) -> None:
    assert ("水泵", "3号泵") in card(city, "W")


def test_a_station_belongs_to_the_facility_whose_node_or_pump_it_sits_on_or_behind(city: City) -> None:
    on = {one.asset_id: stations_at(city, one).tolist() for one in facilities(city)}
    assert on == {"W": [3], "T": [1], "R": [], "PU1": [0, 3]}


def test_what_an_epanet_model_has_of_reservoirs_tanks_and_pumps_can_be_picked_and_read(tmp_path: Path) -> None:
    (tmp_path / "net.inp").write_text(INP, "utf-8")
    city = import_city([tmp_path / "net.inp"], ImportOptions()).city
    assert {one.asset_id: one.kind for one in facilities(city)} == {
        "River": "source",
        "High": "tank",
        "Lift": "pumping_station",
    }
    assert ("水头", "52.5 m") in card(city, "River")
    assert ("水位范围", "0.5–6.0 m") in card(city, "High")
    assert ("水泵", "Lift") in card(city, "Lift")


def test_the_picked_facility_is_the_nearest_within_reach_by_brute_force() -> None:
    rng = np.random.default_rng(3)
    grown = a_network().source("R", 0.0, 0.0)
    for i, (x, y) in enumerate(rng.uniform(0, 2000, (60, 2)).tolist()):
        grown = grown.tank(f"T{i}", x, y).pipe(f"P{i}", "R", f"T{i}")
    scene = Scene(grown.build())
    picker, camera = Picker(scene, np.empty(0), np.empty(0)), Camera(1000.0, 1000.0, 2.0, 1000, 1000)
    hits = 0
    near = [camera.to_screen(one.x, one.y) for one in scene.facilities]
    for px, py in (np.array(near) + rng.normal(0, 7, (len(near), 2))).tolist():
        x, y = camera.to_world(px, py)

        def apart(one: Facility, x: float = x, y: float = y) -> float:
            return float(np.hypot(one.x - x, one.y - y))

        nearest = min(scene.facilities, key=apart)
        picked = picker.at(px, py, camera, EVERYTHING)
        assert (picked.asset_id if picked else "") == (nearest.asset_id if apart(nearest) < REACH_PX * 2.0 else "")
        hits += picked is not None
    assert hits > 20
