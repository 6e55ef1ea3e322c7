"""A canvas over the small city, its threads ended afterwards."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication
from pytestqt.qtbot import QtBot

from console.domain.crews import CrewFix, CrewState
from console.domain.picture import Picture, StationState
from console.domain.readings import Channel
from console.ui.map.canvas import MapCanvas
from console.ui.map.scene import Scene
from console.ui.theme import Theme
from console.ui.words import Words
from maps.city import City

NOW_US = 1_704_294_005_000_000


def a_picture(city: City, seed: int = 0, now_us: int = NOW_US) -> Picture:
    """Live values with every state of stations among them, and three crews."""
    rng, stations = np.random.default_rng(seed), len(city.stations)
    shape = (stations, len(Channel))
    state = np.zeros(stations, dtype=np.uint8)
    for number, one in enumerate(StationState):
        state[number::17] = one
    low_x, low_y, high_x, high_y = city.network.bounds
    crews = tuple(
        CrewFix(
            f"crew{i}",
            f"抢修{i}队",
            low_x + (high_x - low_x) * (0.2 + 0.3 * i),
            low_y + (high_y - low_y) * 0.5,
            now_us - 9_000_000,
            CrewState.EN_ROUTE,
            40.0 * i,
            5.0,
        )
        for i in range(3)
    )
    return Picture(
        1 + seed,
        now_us,
        np.full(shape, 350.0) + rng.normal(0, 4, shape),
        np.full(shape, now_us - 4_000_000, dtype=np.int64),
        np.zeros(shape, dtype=np.uint8),
        np.full(shape, 350.0),
        state,
        crews=crews,
    )


@pytest.fixture(scope="session")
def scene(small_city: City) -> Scene:
    """Shared: nothing changes it."""
    return Scene(small_city)


@pytest.fixture
def canvas(qtbot: QtBot, scene: Scene) -> Iterator[MapCanvas]:
    """Shown offscreen, 900 × 600, on the whole city."""
    made = a_canvas(qtbot, scene)
    yield made
    made.shut()


def a_canvas(qtbot: QtBot, scene: Scene) -> MapCanvas:
    """A canvas of its own, to be shut by whoever asked for it."""
    made = MapCanvas(scene, a_picture(scene.city), Theme.load("dark"), Words("zh_CN", "Asia/Shanghai"))
    qtbot.addWidget(made)
    made.resize(900, 600)
    made.show()
    QCoreApplication.processEvents()
    made.navigation.fit_all()
    made.settle()
    return made
