"""Whatever a city's data lack, the real window opens with a map and names the missing functions."""

from __future__ import annotations

import contextlib
import itertools
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from console.cli import main
from console.domain.clock import SystemClock
from console.runtime import Runtime, RuntimeOptions
from console.services.desk import DeskSettings
from console.services.network.data_gaps import lacking
from console.ui.map.layers import MapLayer
from console.ui.map.view.picking import Asset
from console.ui.settings import WindowSettings
from console.ui.window import MainWindow
from maps.city import City, CityInfo, CrewTable, CustomerTable, PlantTable, ShapeTable, StationTable, ZoneTable
from maps.dataset import read_city, write_city
from maps.network import NodeKind, NodeTable, PipeNetwork, PipeTable, PumpTable, ValveTable
from maps.synthetic import SyntheticOptions, build_city
from resources.texts import LANGUAGES, Catalogue
from tests.console.services.town import a_town

pytestmark = pytest.mark.gui

Strip = Callable[[City], City]


def _without_sources(city: City) -> City:
    nodes = city.network.nodes
    plain = replace(nodes, kind=np.full_like(nodes.kind, NodeKind.JUNCTION))
    return replace(city, network=replace(city.network, nodes=plain), plants=PlantTable.empty())


PARTS: dict[str, Strip] = {
    "sources": _without_sources,
    "valves": lambda city: replace(city, network=replace(city.network, valves=ValveTable.empty())),
    "stations": lambda city: replace(city, stations=StationTable.empty()),
    "hydraulics": lambda city: replace(city, epanet=None),
    "customers": lambda city: replace(city, customers=CustomerTable.empty(), zones=ZoneTable.empty()),
    "crews": lambda city: replace(city, crews=CrewTable.empty()),
    "roads": lambda city: replace(city, roads=ShapeTable.empty(), water=ShapeTable.empty(), places=ShapeTable.empty()),
}


def without(city: City, parts: tuple[str, ...]) -> City:
    """The city stripped of parts."""
    for part in parts:
        city = PARTS[part](city)
    return city


def a_network(pipes: int, nodes: int = 2) -> City:
    """So many pipes (0 or 1) and nodes in a row, and nothing else."""
    table = NodeTable.of([f"J{i}" for i in range(nodes)], x=500_000.0 + 100.0 * np.arange(nodes), y=np.full(nodes, 4e6))
    ends = {"from_node": [0] * pipes, "to_node": [1] * pipes, "diameter_mm": [100.0] * pipes, "length_m": [100.0] * pipes}
    xy = np.column_stack([table.x, table.y])[: 2 * pipes]
    line = PipeTable.of(["P"] * pipes, **ends, vertices=xy, offsets=np.arange(pipes + 1) * 2)
    network = PipeNetwork(table, line, PumpTable.empty(), ValveTable.empty(), "EPSG:4548")
    return City(CityInfo("小镇", "tiny"), network)


@pytest.fixture(scope="module")
def whole() -> City:
    """A small city with everything, its model too."""
    return build_city(SyntheticOptions(seed=3, pipes=80))


def opened(qtbot: QtBot, city: City, folder: Path, language: str = "en") -> tuple[str, list[str]]:
    """Open the real window over the real engine and use its tools: (text of the case column, faults)."""
    path = folder / "city.gpkg"
    write_city(city, path)
    city = read_city(path)
    options = RuntimeOptions(path, folder / "s.sqlite", folder / "notices", DeskSettings(site=city.info.site))
    with Runtime(city, SystemClock(), options) as runtime:
        window = MainWindow(runtime.engine, WindowSettings("王", None, language, "dark"))
        qtbot.addWidget(window)
        said = list[str]()
        window.tasks.failed.connect(said.append)
        window.dispatcher.broken.connect(said.append)
        window.tools.set_states(runtime.states)
        window.map_commands.set_states(runtime.states)
        window.show()
        told = "\n".join(label.text() for label in window.case.findChildren(QLabel) if not label.isHidden())
        window.layers.set_visible(frozenset(MapLayer))
        window.map.navigation.fit_all()
        pipe = Asset("pipe", str(city.network.pipes.asset_id[0]), 0, 0.0, 0.0) if len(city.network.pipes) else None
        for toggle in (window.tools.toggle_trace, window.tools.toggle_what_if):
            toggle()
            window.settle()
            window.map.input.picked.emit(pipe)
            window.settle()
        window.run_command("dismiss_message")
        window.search("P")
        assert not window.map.picture_now().isNull()
        window.close()
    return told, said


def test_what_is_missing_is_named_and_nothing_else(whole: City) -> None:
    assert lacking(whole) == ()
    for count in range(len(PARTS) + 1):
        for parts in itertools.combinations(PARTS, count):
            assert lacking(without(whole, parts)) == parts


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_missing_part_has_a_line_that_advises(language: str) -> None:
    catalogue = Catalogue.load(language)
    for code in ("pipes", *PARTS):
        assert len(catalogue.text(f"ui.lacking.{code}")) > 15


@pytest.mark.parametrize("part", ["sources", "valves", "stations", "customers", "everything"])
def test_the_window_opens_over_a_city_without(qtbot: QtBot, whole: City, tmp_path: Path, part: str) -> None:
    parts = tuple(PARTS) if part == "everything" else (part,)
    told, said = opened(qtbot, without(whole, parts), tmp_path)
    words = Catalogue.load("en")
    for code in PARTS:
        assert (words.text(f"ui.lacking.{code}") in told) == (code in parts)
    assert said == []


@pytest.mark.parametrize(("pipes", "nodes"), [(0, 0), (0, 2), (1, 2)])
def test_the_window_opens_over_an_empty_layer_and_a_single_pipe(qtbot: QtBot, tmp_path: Path, pipes: int, nodes: int) -> None:
    told, said = opened(qtbot, a_network(pipes, nodes), tmp_path, "zh_CN")
    assert ("无管道" in told) == (pipes == 0)
    assert ("无水源" in told) == (pipes == 1)
    assert said == []


def test_a_town_without_a_model_lacks_the_model_and_its_stations() -> None:
    assert lacking(a_town())[:2] == ("stations", "hydraulics")


@pytest.mark.parametrize("pipes", [0, 1])
def test_commands_on_a_city_without_most_layers_end_with_an_answer_or_one_clear_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, pipes: int
) -> None:
    path = tmp_path / "tiny.gpkg"
    write_city(a_network(pipes), path)
    readings = tmp_path / "r.csv"
    readings.write_text("station_id,channel,time,value\n", encoding="utf-8")
    ends = {
        ("check", path): 0,
        ("isolate", path, "--burst", "P"): 0 if pipes else 2,
        ("trace", path, "--from", "P", "--kind", "supply"): 0 if pipes else 2,
        ("locate", path, "--readings", readings): 2,
        ("drill", "--headless", "--city", path, "--out", tmp_path / "out"): 2,
    }
    for command, expected in ends.items():
        monkeypatch.setattr(sys, "argv", ["quanmai", *map(str, command)])
        try:
            main()
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
        out, err = capsys.readouterr()
        assert code == expected, (command, err)
        told = [line for line in err.splitlines() if not line.startswith("note: ")]
        assert (len(told), bool(out)) == ((0, True) if code == 0 else (1, False)), (command, out, err)
    main_line = "No source" if pipes else "No pipes"
    monkeypatch.setattr(sys, "argv", ["quanmai", "check", str(path)])
    with contextlib.suppress(SystemExit):
        main()
    assert main_line in capsys.readouterr().err
