"""``quanmai drill`` with a window: the drill that was asked for, not the demo."""

from __future__ import annotations

from pathlib import Path

import pytest

from console import app
from console.drill import DrillOptions
from console.drill.controls import DrillControls
from console.runtime import Runtime
from console.settings import Settings
from maps.dataset import write_city
from tests.builders import a_network


@pytest.mark.slow
def test_a_drill_in_the_window_breaks_the_pipe_that_was_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    city, out = tmp_path / "city.gpkg", tmp_path / "out"
    town = a_network().source("S", head_m=60.0).pipe("P1", "S", "A").pipe("P2", "A", "B").station("Q1", at="B")
    write_city(town.build(model=True), city)
    seen: list[tuple[str, float]] = []

    def window(runtime: Runtime, settings: Settings, drill: DrillControls | None = None, **given: object) -> int:
        assert drill is not None
        assert not given["areas"]
        seen.extend((pipe, flow) for _, pipe, flow in drill._simulator._options.bursts)
        return 0

    monkeypatch.setattr(app, "_show", window)  # the window alone is left out: simulator and engine run
    assert app.run_demo(DrillOptions(out=out, city=city, burst="P2", flow_m3h=37.0)) == 0
    assert seen == [("P2", 37.0)]
    assert (out / "drill.sqlite").is_file()
