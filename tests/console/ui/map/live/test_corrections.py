"""Accepted corrections and planned works on the map: at the place found, with the week's outages; nothing for a mere proposal."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from console.domain.corrections import CORRECTION, Correction, CorrectionState, Fault, Layer
from console.domain.outages import OUTAGE, OutagePurpose
from console.services.outages.planning import ConfirmOutage, PlanOutage
from console.ui.map.canvas import MapCanvas
from console.ui.map.scene import Scene
from console.ui.theme import Theme
from tests.console.ui.map.live.test_calm import near
from tests.console.ui.scripted import ScriptedPort

pytestmark = pytest.mark.gui


def test_a_valve_is_drawn_where_it_was_found_once_that_is_accepted(canvas: MapCanvas, scene: Scene) -> None:
    theme, port = Theme.load("dark"), ScriptedPort(scene.city)
    valves = scene.city.network.valves
    valve, x, y = str(valves.asset_id[3]), float(valves.x[3]), float(valves.y[3])
    found = x + 40.0, y + 55.0
    canvas.navigation.fit_points(np.array([(x - 80, y - 60), (x + 110, y + 130)]))
    one = Correction("K-00001", Layer.VALVE, valve, Fault.ELSEWHERE, port.now(), "crew1", x=found[0], y=found[1])

    def drawn(state: CorrectionState) -> int:
        picture = replace(port.latest(), others={CORRECTION.name: (replace(one, state=state),)})
        canvas.show_picture(picture)
        image = canvas.picture_now()
        px, py = canvas.camera.to_screen(*found)
        here = near(image, theme, "map.valve_closed")[int(py) - 12 : int(py) + 13, int(px) - 12 : int(px) + 13]
        return int(here.sum())

    nothing = drawn(CorrectionState.PROPOSED)
    assert drawn(CorrectionState.ACCEPTED) > nothing + 40
    assert canvas.overlay.corrections.marks[0].at == (x, y)
    assert drawn(CorrectionState.ENDED) == nothing


def test_tonight_s_outage_is_marked_unasked_and_the_week_s_while_its_window_shows_it(canvas: MapCanvas, scene: Scene) -> None:
    port = ScriptedPort(scene.city)
    pipes = scene.city.network.pipes
    soon, later = str(pipes.asset_id[5]), str(pipes.asset_id[40])
    for pipe, hours in ((soon, 3), (later, 90)):
        begin = port.now() + timedelta(hours=hours)
        port.chair.does(PlanOutage((pipe,), OutagePurpose.REPAIR, begin, begin + timedelta(hours=4), "换阀"))
    for one in port.chair.state.of(OUTAGE):
        port.chair.does(ConfirmOutage(one, "已协调"))
    ids = sorted(port.chair.state.of(OUTAGE))
    canvas.show_picture(port.publish())

    def marked() -> list[str]:
        canvas.picture_now()
        return [work.key for work in canvas.overlay.outages._works]

    assert marked() == ids[:1]
    canvas.show_outages(frozenset(ids))
    assert marked() == ids
    canvas.show_outages(frozenset())
    assert marked() == ids[:1]
