"""Commands of the map in a whole window: layers, bookmarks, card, selection, export, further windows, flows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from console.domain.readings import Channel
from console.ui.map.layers import MapLayer, PipeTheme
from console.ui.map.view.coordinates import CoordinateSystem
from console.ui.map.view.picking import Asset
from console.ui.map.view.tools import Tool
from console.ui.settings import WindowSettings
from console.ui.window import MainWindow
from maps.hydraulics.state import HydraulicState
from tests.console.ui.scripted import ScriptedPort

pytestmark = pytest.mark.gui


def test_layers_order_theme_coordinates_and_bookmarks_are_remembered(qtbot: QtBot, port: ScriptedPort, tmp_path: Path) -> None:
    first = MainWindow(port, WindowSettings("王", tmp_path))
    qtbot.addWidget(first)
    look = replace(
        first.map.layer_settings,
        visible=first.map.layer_settings.visible - {MapLayer.ROADS} | {MapLayer.DMA},
        opacity={MapLayer.WATER: 0.5},
        order=tuple(reversed(first.map.layer_settings.order)),
        theme=PipeTheme.YEAR,
    )
    first.map.set_layers(look)
    first.map_commands.set_coordinate_system(CoordinateSystem.GCJ02)
    first.map_commands.bookmarks.add("北泵站")
    place = first.map.camera
    first.close()
    second = MainWindow(port, WindowSettings("王", tmp_path))
    qtbot.addWidget(second)
    assert second.map.layer_settings == look
    assert second.layers.tree.look == look
    assert second.map.coordinates.system is CoordinateSystem.GCJ02
    second.map_commands.bookmarks.go_to(second.map_commands.bookmarks.kept[0])
    assert (second.map.camera.x, second.map.camera.y) == pytest.approx((place.x, place.y))
    second.close()


def test_the_card_shows_what_is_known_and_follows_live_values(window: MainWindow, port: ScriptedPort) -> None:
    city = port.city
    window.map.input.picked.emit(Asset("pipe", "P-104100", 100, 0.0, 0.0))
    text = " ".join(value for _, value in window.map_commands.card.lines)
    assert f"DN{city.network.pipes.diameter_mm[100]:.0f}" in text
    assert str(city.network.pipes.road_name[100]) in text
    window.map.input.picked.emit(Asset("station", "Q-003", 3, 0.0, 0.0))
    assert f"{port.latest().value[3, Channel.PRESSURE] / 1000:.3f} MPa" in " ".join(v for _, v in window.map_commands.card.lines)
    port.wait(30, measuring=False)
    window.settle()
    assert any("秒" in value for _, value in window.map_commands.card.lines)
    for kind, asset_id in (("customer", "C-40"), ("facility", "W1"), ("hydrant", "H-2203"), ("valve", "V-5500")):
        window.map.input.picked.emit(Asset(kind, asset_id, 0, 0.0, 0.0))
        assert window.map_commands.card.lines or kind == "hydrant"
    assert not window.map_commands.card.isHidden()
    assert window.map_commands.put_away()
    assert window.map_commands.card.isHidden()


def test_a_selection_is_counted_reported_and_cleared(window: MainWindow) -> None:
    low_x, low_y, high_x, high_y = window.map.scene.bounds
    window.map.input.use(Tool.SELECT_BOX)
    window.map.input.sketch.points = [(low_x, low_y), (high_x, high_y)]
    window.map.input.shape_ended.emit(window.map.input.sketch)
    city = window.map.scene.city
    assert window.map_commands.selection is not None
    assert len(window.map_commands.selection.pipes) == len(city.network.pipes)
    assert f"{len(city.network.pipes):,}" in window.messages.text
    assert window.messages.objectName() == "note"  # nothing is wrong: no colour of alarms
    assert window.map_commands.put_away()  # the tool
    assert window.map_commands.put_away()  # the selection
    assert window.map_commands.selection is None


def test_coordinates_and_picture_go_to_the_clipboard(window: MainWindow) -> None:
    window.map_commands.set_coordinate_system(CoordinateSystem.WGS84)
    window.map_commands.copy_coordinates()
    assert "WGS84" in QApplication.clipboard().text()
    window.map_commands.copy_map()
    assert QApplication.clipboard().image().width() >= window.map.width()


def test_the_map_is_written_with_its_legend(window: MainWindow, tmp_path: Path) -> None:
    window.map_commands.export(tmp_path / "map.svg", dpi=96)
    assert "DN300" in (tmp_path / "map.svg").read_text("utf-8")
    window.map_commands.export(tmp_path / "map.bmp")
    assert "pdf, png, svg" in window.messages.text
    assert window.messages.objectName() == "banner"


def test_a_linked_window_moves_with_the_first_and_a_free_one_does_not(window: MainWindow, port: ScriptedPort) -> None:
    second, wall = window.map_commands.windows.open(wall=False), window.map_commands.windows.open(wall=True)
    window.map.navigation.look(window.map.camera.zoomed(3.0, 200, 150))
    assert (second.map.camera.x, second.map.camera.m_per_px) == (window.map.camera.x, window.map.camera.m_per_px)
    assert wall.map.camera.m_per_px != window.map.camera.m_per_px
    second.map.navigation.look(second.map.camera.panned(100, 0))
    assert window.map.camera.x == second.map.camera.x
    port.burst()
    window.settle()
    assert second.map._live.case is window.map._live.case
    second.close()
    wall.close()
    assert window.map_commands.windows.open_now == []


def test_flows_of_the_model_turn_arrows_and_colour_velocities(window: MainWindow) -> None:
    pipes, none = window.map.scene.city.network.pipes, np.empty(0)
    flow = np.linspace(-50, 50, len(pipes))
    is_open = np.ones(len(pipes), dtype=np.bool_)
    state = HydraulicState(25_200.0, True, "", none, none, none, flow, none, none, np.empty(0, dtype=np.uint8), is_open)
    window.map_commands.flows.show_state(state)
    window.map.set_layers(replace(window.map.layer_settings, theme=PipeTheme.VELOCITY))
    window.map.settle()
    assert window.map.renderer.extras.themed is not None
    window.map.input.picked.emit(Asset("pipe", "P-104100", 100, 0.0, 0.0))
    assert any("m/s" in value and "07:00" in value for _, value in window.map_commands.card.lines)


def test_a_city_without_a_model_says_so_when_flows_are_asked_for(window: MainWindow) -> None:
    window.map.set_layers(replace(window.map.layer_settings, theme=PipeTheme.VELOCITY))
    window.map.derived.background.finish()
    assert "无水力模型" in window.messages.text


def test_affected_customers_of_a_plan_are_those_on_its_dry_pipes(window: MainWindow, port: ScriptedPort) -> None:
    port.burst()
    window.settle()
    window.case.location.judge()
    window.settle()
    plan, case = port.case.plan, window.map._live.case
    assert plan is not None
    city = port.city
    dry = {city.network.pipes.row(pipe) for pipe in (*plan.zone_pipes, *plan.dry_pocket_pipes)}
    assert len(case.dry) == sum(int(pipe) in dry for pipe in city.customers.pipe)
    before = window.map.picture_now()
    window.layers.set_visible(window.map.visible_layers - {MapLayer.AFFECTED})
    assert before != window.map.picture_now()


def test_flows_follow_the_hours_of_the_models_day(window: MainWindow) -> None:
    pipes, none = window.map.scene.city.network.pipes, np.empty(0)
    is_open, codes = np.ones(len(pipes), dtype=np.bool_), np.empty(0, dtype=np.uint8)
    states = [
        HydraulicState(3600.0 * hour, True, "", none, none, none, np.full(len(pipes), 10.0), none, none, codes, is_open)
        for hour in range(24)
    ]
    window.map_commands.set_states(states)
    before = window.map.renderer.extras
    assert before.flows is None  # not asked for
    window.layers.set_visible(window.map.visible_layers | {MapLayer.FLOW})
    flows = window.map.renderer.extras.flows
    assert flows is not None
    assert flows.at_s == 23 * 3600.0  # it is 23:00 in the scripted world


def test_a_linked_window_shows_the_layers_of_the_first_and_a_free_one_its_own_which_are_remembered(
    window: MainWindow,
) -> None:
    second = window.map_commands.windows.open(wall=False)
    window.layers.tree.tick(MapLayer.ROADS, False)
    assert second.map.layer_settings == window.map.layer_settings
    assert not second.tree.isEnabled()
    second.linked.setChecked(False)
    assert second.map.layer_settings == window.map.layer_settings  # it starts from what was shown
    second.tree.tick(MapLayer.DMA, True)
    second.tree.choose(MapLayer.WATER)
    second.tree._opacity.setValue(40)
    window.layers.tree.tick(MapLayer.VALVES, False)
    own = second.map.layer_settings
    assert (MapLayer.DMA in own.visible, MapLayer.VALVES in own.visible, own.alpha(MapLayer.WATER)) == (True, True, 0.4)
    assert MapLayer.DMA not in window.map.visible_layers
    second.linked.setChecked(True)
    assert second.map.layer_settings == window.map.layer_settings
    second.linked.setChecked(False)
    assert second.map.layer_settings == own
    remembered = window.map_commands.windows.remembered()
    second.close()
    window.map_commands.windows.reopen(remembered)
    assert window.map_commands.windows.open_now[-1].map.layer_settings == own


def test_layers_of_a_wall_view_are_reached_by_its_menu(window: MainWindow) -> None:
    wall = window.map_commands.windows.open(wall=True)
    menu = wall.offer(wall.pos())
    layers, linked = menu.actions()
    layers.trigger()
    assert wall.layers.isVisible()
    assert (linked.isChecked(), wall.linked.isChecked()) == (False, False)
    menu.close()
    wall.close()


def test_tiles_chosen_later_lie_under_every_map(window: MainWindow, tmp_path: Path) -> None:
    second = window.map_commands.windows.open(wall=False)
    window.map_commands.tiles.use(f"http://127.0.0.1:9/{{z}}/{{x}}/{{y}}.png | {tmp_path.name}")
    assert second.map.renderer.extras.tiles is window.map.renderer.extras.tiles is not None
    assert tmp_path.name in second.map.margin().attribution


def test_an_open_card_changes_its_language_with_room_for_all_its_lines(window: MainWindow) -> None:
    window.map.input.picked.emit(Asset("station", "Q-003", 3, 0.0, 0.0))
    card = window.map_commands.card
    height = card.height()
    window.choice.toggle_language()
    window.settle()
    said = [one.text() for one in card.findChildren(QLabel) if not one.isHidden()]
    assert "Station" in said
    assert "测点" not in said
    assert card.height() > 0.8 * height
    cut = [one.text() for one in card.findChildren(QLabel) if not one.isHidden() and one.height() < one.fontMetrics().height()]
    assert cut == []
