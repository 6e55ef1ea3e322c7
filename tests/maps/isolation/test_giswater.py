"""Every arc of Giswater's sample network, against Giswater's own answers."""

from __future__ import annotations

import json
from pathlib import Path

from maps.isolation import Isolator
from tests.maps.isolation.giswater import giswater_city


def test_every_arc_agrees_with_giswater(shared_data: Path) -> None:
    folder = shared_data / "giswater_ws"
    city = giswater_city(folder)
    isolator = Isolator(city)
    answers = [json.loads(line) for line in (folder / "mincut_expected.jsonl").read_text().splitlines()]
    wrong, caught = list[str](), 0
    for answer in answers:
        plan = isolator.plan([str(answer["arc_id"])], alternatives=False)
        if not answer["valves_to_close"] and not plan.isolatable:
            caught += 1
            continue
        arcs = {int(p) for p in (*plan.zone_pipes, *plan.dry_pocket_pipes)}
        valves = {int(s.asset_id) for s in plan.valves_to_close}
        connecs = {int(c) for c in plan.customers_without_water}
        if (arcs, valves, connecs) != (set(answer["arcs"]), set(answer["valves_to_close"]), set(answer["connecs"])):
            wrong.append(
                f"{answer['arc_id']}: valves {valves ^ set(answer['valves_to_close'])} arcs {len(arcs)} {len(answer['arcs'])}"
            )
    assert (wrong, caught, len(answers)) == ([], 20, len(answers))
