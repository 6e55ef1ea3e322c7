"""Layers, themes and their legend."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtGui import QColor, QImage
from pytestqt.qtbot import QtBot

from console.ui.appearance import Appearance
from console.ui.map.canvas import MapCanvas
from console.ui.map.layers import GROUND_LAYERS, PLAN_LAYERS, LayerSettings, MapLayer, PipeTheme
from console.ui.map.live.case_marks import CaseMarks, StepMark, StepStatus
from console.ui.map.network.flow import flows_of
from console.ui.map.network.themes import ramp, themed
from console.ui.map.scene import Scene
from console.ui.panels.map.layer_tree import LayerTree
from console.ui.panels.map.legend import legend_rows
from console.ui.theme import Theme
from console.ui.words import Words

LOOKS = st.builds(
    LayerSettings,
    visible=st.frozensets(st.sampled_from(list(MapLayer))),
    opacity=st.dictionaries(st.sampled_from(list(MapLayer)), st.sampled_from([0.1, 0.35, 0.9])),
    order=st.permutations(GROUND_LAYERS).map(tuple),
    theme=st.sampled_from(list(PipeTheme)),
)


@given(LOOKS)
def test_layer_settings_are_restored_from_their_text(look: LayerSettings) -> None:
    assert LayerSettings.from_text(look.as_text()) == look


@given(st.text(max_size=60))
def test_damaged_settings_give_valid_layer_settings(text: str) -> None:
    look = LayerSettings.from_text(text)
    assert set(look.order) == set(GROUND_LAYERS)


def test_hiding_the_plan_hides_its_parts() -> None:
    look = LayerSettings()
    assert all(look.shows(layer) for layer in PLAN_LAYERS)
    hidden = look.with_visible(look.visible - {MapLayer.PLAN})
    assert not any(hidden.shows(layer) for layer in PLAN_LAYERS)


def test_each_pipe_has_the_entry_of_its_own_material_and_year(scene: Scene) -> None:
    pipes = scene.city.network.pipes
    material, year = themed(scene, PipeTheme.MATERIAL), themed(scene, PipeTheme.YEAR)
    assert material is not None
    assert year is not None
    for row in range(0, len(pipes), 7):
        assert material.entries[material.entry_of[row]].text == str(pipes.material[row])
        text = year.entries[year.entry_of[row]].text
        low, _, high = text.partition("–")
        laid = int(pipes.year_laid[row])
        assert (
            laid < int(text[2:]) if text[0] == "<" else laid >= int(text[2:]) if text[0] == "≥" else int(low) <= laid <= int(high)
        )


def test_closed_pipes_and_control_valves_part_pressure_zones(scene: Scene) -> None:
    zones = themed(scene, PipeTheme.ZONE)
    assert zones is not None
    assert set(np.unique(zones.entry_of).tolist()) == {1}  # a city without control valves is one zone


def test_velocity_and_direction_follow_the_model() -> None:
    from tests.console.ui.small_city import build_small_city

    pipes = build_small_city().network.pipes
    flow = np.linspace(-40, 40, len(pipes))
    flows = flows_of(pipes, flow, 0.0)
    row = int(np.argmax(flow))
    assert flows.velocity_mps[row] == pytest.approx(40 / 3600 / (np.pi / 4 * (pipes.diameter_mm[row] / 1000) ** 2))
    assert flows.backwards[0]
    assert not flows.backwards[row]


@pytest.mark.parametrize("name", ["dark", "light"])
def test_colour_ramps_grow_lighter_and_differ_from_the_background(name: str) -> None:
    theme = Theme.load(name)
    light = [_lightness(ramp(theme, share)) for share in np.linspace(0, 1, 12)]
    assert light == sorted(light)
    ground = _lightness(theme.colour("map.background"))
    assert min(abs(value - ground) for value in light) > 0.1


@pytest.mark.gui
def test_the_legend_has_a_row_for_each_colour_on_the_map(qtbot: QtBot, scene: Scene) -> None:
    appearance = Appearance(Theme.load("dark"), Words("en", "Asia/Shanghai"))
    for theme in (PipeTheme.MATERIAL, PipeTheme.YEAR, PipeTheme.DMA, PipeTheme.ZONE):
        found = themed(scene, theme)
        assert found is not None
        rows = legend_rows(appearance, theme, found.entries)
        assert {colour.rgb() for _, colour, _ in rows} >= {
            found.entries[number].colour(appearance.theme).rgb() for number in np.unique(found.entry_of)
        }
        assert all(text for text, _, _ in rows)


@pytest.mark.gui
def test_the_tree_shows_fades_and_orders(qtbot: QtBot, scene: Scene) -> None:
    tree = LayerTree(scene.city, Appearance(Theme.load("dark"), Words("zh_CN", "Asia/Shanghai")), LayerSettings())
    qtbot.addWidget(tree)
    told: list[LayerSettings] = []
    tree.layers_changed.connect(told.append)
    tree.tick(MapLayer.DMA, True)
    assert MapLayer.DMA in told[-1].visible
    tree.choose(MapLayer.ROADS)
    tree._opacity.setValue(40)
    assert told[-1].alpha(MapLayer.ROADS) == pytest.approx(0.4)
    place = told[-1].order.index(MapLayer.ROADS)
    tree._up.click()
    assert told[-1].order.index(MapLayer.ROADS) == place - 1
    tree.set_layers(replace(told[-1], visible=frozenset({MapLayer.PIPES})))
    assert len(told) == 3


def _lightness(colour: QColor) -> float:
    return 0.2126 * colour.redF() + 0.7152 * colour.greenF() + 0.0722 * colour.blueF()


@pytest.mark.gui
@pytest.mark.parametrize("layer", [MapLayer.STATIONS, MapLayer.CREWS, MapLayer.LABELS])
def test_a_faded_live_layer_lies_between_shown_and_hidden(canvas: MapCanvas, layer: MapLayer) -> None:
    def seen(look: LayerSettings) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        canvas.set_layers(look)
        canvas.settle()
        image = canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
        return np.frombuffer(image.constBits(), np.uint8).astype(np.float64)

    ground = frozenset({MapLayer.ROADS, MapLayer.COMMUNITIES})  # roads have names only where they are shown
    only = LayerSettings(visible=ground | {layer})
    whole, faded, gone = seen(only), seen(replace(only, opacity={layer: 0.3})), seen(replace(only, visible=ground))
    assert 0 < np.abs(faded - gone).sum() < 0.5 * np.abs(whole - gone).sum()


@pytest.mark.gui
@pytest.mark.parametrize(("apart_px", "shown"), [(4.0, False), (60.0, True)])
def test_numbers_of_a_plan_are_shown_only_where_they_do_not_overlap(canvas: MapCanvas, apart_px: float, shown: bool) -> None:
    x, y, step = canvas.camera.x, canvas.camera.y, apart_px * canvas.camera.m_per_px
    marks = tuple(StepMark(f"V{i}", i + 1, StepStatus.TO_CLOSE, x + i * step, y) for i in range(3))
    canvas.show_case(CaseMarks(steps=marks))
    with_numbers = canvas.picture_now()
    canvas.set_visible(canvas.visible_layers - {MapLayer.STEPS})
    assert (with_numbers != canvas.picture_now()) is shown
