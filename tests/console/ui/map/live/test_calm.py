"""A burst that moves every station a little leaves the map calm, and its place is what is seen."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from console.detection.finding import BurstFinding
from console.domain.alarms import Evidence
from console.domain.picture import Picture, StationState
from console.domain.readings import Channel
from console.ui.map.canvas import MapCanvas
from console.ui.map.drawing import frame as frames
from console.ui.map.live.case_marks import case_marks
from console.ui.map.scene import Scene
from console.ui.theme import Theme
from maps.locate.result import Candidate, Location
from tests.console.ui.scripted import ScriptedPort

pytestmark = pytest.mark.gui


def moved_by_ten_kpa(port: ScriptedPort) -> Picture:
    """Every station 10 kPa (0.01 MPa) below its usual value, and the burst that explains it."""
    stations, pipes, now = port.city.stations, port.city.network.pipes, port.chair.now
    usual = port.latest().expected[:, Channel.PRESSURE]
    low = {row: float(usual[row] - 10.0) for row in range(len(stations))}
    port.read_all(low)
    moved = tuple(Evidence(str(stations.asset_id[row]), "pressure", kpa, float(usual[row]), now) for row, kpa in low.items())
    broken = str(pipes.asset_id[port._middle_pipe()])
    location = Location((Candidate(broken, 0.9),), (broken,), "imported", tuple(one.station_id for one in moved), 40.0)
    port.chair.sees(BurstFinding(now, now - timedelta(seconds=60), "A", 40.0, 20.0, moved, location))
    return port.publish()


def near(image: QImage, theme: Theme, role: str) -> NDArray[np.bool_]:
    """Pixels of a colour, or nearly, (height, width)."""
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)[:, :, 2::-1].astype(int)
    colour = theme.colour(role)
    return np.asarray(np.abs(pixels - [colour.red(), colour.green(), colour.blue()]).max(axis=2) < 40)


def test_the_map_stays_calm_and_the_place_of_the_burst_is_the_largest_mark(canvas: MapCanvas, scene: Scene) -> None:
    theme, port = Theme.load("dark"), ScriptedPort(scene.city)
    picture = moved_by_ten_kpa(port)
    assert (picture.station_state == StationState.IN_CASE).all()
    # The areas of the plan are not in question here; its valves are.
    canvas.show_case(replace(case_marks(scene.city, port.case), zone=None, pocket=None))
    canvas.show_picture(picture)
    drawn = canvas.picture_now()
    alarmed = replace(picture, station_state=np.full_like(picture.station_state, StationState.ABNORMAL))
    canvas.show_picture(alarmed)
    assert near(canvas.picture_now(), theme, "state.critical").sum() > 1000  # what it was: a red label at every station
    case = near(drawn, theme, "case.candidate")
    rows, columns = np.nonzero(case)
    mark = case_marks(scene.city, port.case).place
    assert mark is not None
    x, y = canvas.camera.to_screen(mark.x, mark.y)
    beside = (np.abs(rows - y) < 60) & (np.abs(columns - x) < 200)
    assert beside.mean() > 0.5
    # Pixels that differ by red from the same map without stations: none.
    canvas.set_visible(canvas.visible_layers - {layer for layer in canvas.visible_layers if layer.value == "stations"})
    assert near(drawn, theme, "state.critical").sum() <= near(canvas.picture_now(), theme, "state.critical").sum() + 20


def texts(canvas: MapCanvas, picture: Picture, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Labels that found room at the stations."""
    written: list[str] = []
    plain = frames.Frame.label

    def noted(self: frames.Frame, key: str, text: str, *rest: object) -> object:
        place = plain(self, key, text, *rest)  # type: ignore[arg-type]
        if key.startswith("station:") and place is not None:
            written.append(text)
        return place

    monkeypatch.setattr(frames.Frame, "label", noted)
    canvas.show_picture(picture)
    canvas.settle()
    return written


def test_an_age_stands_on_the_map_only_where_a_value_is_late(
    canvas: MapCanvas, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = ScriptedPort(scene.city)
    assert not any("·" in text for text in texts(canvas, port.latest(), monkeypatch))
    port.wait(600, measuring=False)
    told = texts(canvas, port.publish(), monkeypatch)
    assert told
    assert all("·" in text for text in told)
    # Abnormal and late at once: still late.
    late = replace(port.latest(), station_state=np.full(len(scene.city.stations), StationState.ABNORMAL, dtype=np.uint8))
    told = texts(canvas, late, monkeypatch)
    assert told
    assert all("·" in text for text in told)


def test_of_a_cases_stations_the_furthest_off_are_labelled(
    canvas: MapCanvas, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = ScriptedPort(scene.city)
    picture = moved_by_ten_kpa(port)
    value = picture.value.copy()
    value[5:8, Channel.PRESSURE] -= 40.0
    written = texts(canvas, replace(picture, value=value), monkeypatch)
    few = {port_text for port_text in written}
    assert len(written) <= 2 * 8  # a settled canvas paints twice at most
    words = canvas._words
    for row in range(5, 8):
        assert f"{words.value(Channel.PRESSURE, float(value[row, Channel.PRESSURE]), unit=False)} ▼" in few
