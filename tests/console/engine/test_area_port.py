"""What the terminal of one area gets of a running engine, searched for anything of the other area's case."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from console.domain.actors import Actor
from console.domain.alarms import AlarmKind
from console.domain.incidents import Incident, PlanConflict
from console.domain.notes import Note
from console.domain.readings import Channel
from console.domain.values import to_json
from console.engine import area_watch
from console.engine.area_port import AreaPort
from console.services.areas.answers import AcknowledgeAreaAlert
from console.services.areas.area_map import AreaMap
from console.services.areas.sight import AreaSight
from console.services.changesets import Refused, recorded
from console.services.crews.orders import SendCrew
from console.services.incidents.judging import JudgeBurst
from console.services.incidents.opening import OpenIncident
from console.services.incidents.undo import UndoLast
from maps.city import City
from tests.console.areas import EAST, WEST, in_two_areas
from tests.console.engine.room import Room, done
from tests.console.ui.small_city import build_small_city

CENTRE, AT_WEST = Actor.named("王"), Actor.named("李")


@pytest.fixture(scope="module")
def city() -> City:
    whole = build_small_city()
    return in_two_areas(whole, float(np.median(whole.network.nodes.x)))


@pytest.fixture
def room(tmp_path: Path, city: City) -> Iterator[Room]:
    room = Room(tmp_path, city=city)
    yield room
    room.close()


def far_pipe(city: City, area: str) -> str:
    """The pipe at the city's outer end of an area."""
    pipes = city.network.pipes
    x = np.array([pipes.points(row)[:, 0].mean() for row in range(len(pipes))])
    return str(pipes.asset_id[int(x.argmin() if area == WEST else x.argmax())])


def everything(port: AreaPort, *more: object) -> str:
    """All that a window can get, as one text."""
    picture = port.latest()
    parts = [to_json(getattr(picture, one.name)) for one in dataclasses.fields(picture) if one.name not in ARRAYS]
    logs = [to_json([dataclasses.astuple(change) for change in port.timeline(case.incident_id)]) for case in picture.incidents]
    ids = [*map(str, port.city.stations.asset_id), *map(str, port.city.crews.asset_id)]
    return json.dumps([parts, logs, ids, *map(to_json, more)], ensure_ascii=False, default=str)


ARRAYS = ("value", "at_us", "quality", "expected", "station_state", "elevation_error_m", "late")


def test_nothing_of_another_areas_case_reaches_a_terminal(room: Room, city: City) -> None:
    west, east = far_pipe(city, WEST), far_pipe(city, EAST)
    done(room.engine.submit(OpenIncident(west), CENTRE))
    done(room.engine.submit(OpenIncident(east), CENTRE))
    shown = room.sees(lambda p: len(p.incidents) == 2)
    ours, theirs = sorted(shown.incidents, key=lambda case: case.place.area_id if case.place else "")
    assert ours.area_ids() == {WEST}
    assert theirs.area_ids() == {EAST}
    done(room.engine.submit(JudgeBurst(theirs.incident_id, (east,)), CENTRE))
    done(room.engine.submit(JudgeBurst(ours.incident_id, (west,)), CENTRE))
    overlapping(room, ours.incident_id, theirs.incident_id)
    room.settles()

    terminal = AreaPort(room.engine, AreaSight(city, [WEST]))
    before = everything(terminal)
    assert "with_incidents" in before
    given: list[object] = []
    terminal.subscribe(given.append)
    answer = done(terminal.submit(AcknowledgeAreaAlert(ours.incident_id), AT_WEST))
    room.waits(lambda: bool(given))
    text = everything(terminal, [record for record in answer.records], [draft.note.json() for draft in answer.drafts])
    assert ours.incident_id in text
    their_alarms = [alarm.alarm_id for alarm in room.engine.latest().alarms if alarm.incident_id == theirs.incident_id]
    assert their_alarms
    orders = next(case for case in room.engine.latest().incidents if case.incident_id == theirs.incident_id).orders
    hidden = [theirs.incident_id, theirs.title, *their_alarms, *(order.order_id for order in orders)]
    assert [one for one in hidden if one in text or one in before] == []
    assert terminal.timeline(theirs.incident_id) == ()


def overlapping(room: Room, ours: str, theirs: str) -> None:
    """The plans of both cases overlap: the log and the case then name each other's number."""

    def step(state: object) -> object:
        incident: Incident = room.engine._decisions.state.incidents[ours]
        after = replace(incident, conflicts=(PlanConflict((theirs,), ("P-1",), (), 7),))
        return recorded(incident, after, "plan_followed", Note("plan.overlaps", cases=[theirs], n=7))

    room.engine._commands.call(lambda: room.engine._decisions.decide(step))  # type: ignore[arg-type]
    room.sees(lambda p: any(case.conflicts for case in p.incidents if case.incident_id == ours))


def test_a_terminal_changes_nothing_of_another_areas_case_not_even_by_undo(room: Room, city: City) -> None:
    east = far_pipe(city, EAST)
    done(room.engine.submit(OpenIncident(east), CENTRE))
    (case,) = room.sees(lambda p: len(p.incidents) == 1).incidents
    terminal = AreaPort(room.engine, AreaSight(city, [WEST]))
    head = room.store.head()
    for intent in (UndoLast(case.incident_id), SendCrew(case.incident_id), AcknowledgeAreaAlert(case.incident_id)):
        with pytest.raises(Refused):
            done(terminal.submit(intent, AT_WEST))
    with pytest.raises(Refused):
        done(terminal.submit(OpenIncident(east), Actor("x", "x", areas=(EAST,))))  # areas of somebody else do not widen it
    assert room.store.head() == head


def test_a_terminals_stations_are_its_areas_with_their_own_values_and_history(room: Room, city: City) -> None:
    sight = AreaSight(city, [EAST])
    names = [str(name) for name in city.stations.asset_id]
    border = float(np.median(city.network.nodes.x))
    inside = [name for name, x in zip(names, city.stations.x, strict=True) if x > border]
    assert [str(name) for name in sight.city.stations.asset_id] == inside
    assert 0 < len(inside) < len(names)
    for number, name in enumerate(names):
        room.send(name, 0.3 + number / 1000.0)
    whole = room.sees(lambda p: bool((p.at_us[:, Channel.PRESSURE] > 0).all()))
    room.waits(lambda: len(room.engine.history(0, Channel.PRESSURE, 0)[0]) == 1)
    terminal = AreaPort(room.engine, sight)
    for row, name in enumerate(inside):
        kpa = 300.0 + names.index(name)
        assert terminal.latest().value[row, Channel.PRESSURE] == pytest.approx(kpa)
        assert terminal.history(row, Channel.PRESSURE, 0)[1] == pytest.approx([kpa])
    assert terminal.limits.low.shape[0] == len(inside)
    assert len(whole.value) == len(names)


def test_the_engine_escalates_once_also_over_a_restart(tmp_path: Path, city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(area_watch, "_LOOK_S", 0.05)
    room = Room(tmp_path, city=city, area_minutes=0.001)
    done(room.engine.submit(OpenIncident(far_pipe(city, WEST)), CENTRE))
    room.sees(lambda p: any(alarm.kind is AlarmKind.AREA_SILENT for alarm in p.alarms))
    room.close()
    again = Room(tmp_path, city=city, area_minutes=0.001)
    try:
        again.settles()
        looked = again.engine._areas._looked_s
        again.waits(lambda: again.engine._areas._looked_s > looked)
        again.settles()
        (case,) = again.engine.latest().incidents
        kinds = [change.kind for change in again.engine.timeline(case.incident_id)]
        assert kinds.count("area_escalated") == 1
        assert [one.kind for one in again.engine.latest().alarms].count(AlarmKind.AREA_SILENT) == 1
        assert AreaMap(city).names[WEST] == case.area_alerts[0].area_name
    finally:
        again.close()
