"""Findings across a take-over, with real processes and kill -9: none is lost, none ends without a reason, none comes twice."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from console.domain.alarms import ALARM
from console.domain.incidents import INCIDENT
from console.store import open_store
from tests.console.control_room import ControlRoom, Seat, until
from tests.servers import free_port, mosquitto

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
"""Five processes on two cores that others may use too: half a minute of waiting becomes minutes there."""
TAKEN_OVER_WITHIN_S = 25.0
AT_WORK_S = 120.0
"""A limit for a process that hangs, no claim: starting and learning take as long as the machine is busy."""
LOW, FAR_PIPE = "Q-003", "P-104300"


@pytest.fixture(params=["postgresql", "sqlite"])
def room(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[ControlRoom]:
    store = str(tmp_path / "泉 s.sqlite") if request.param == "sqlite" else str(request.getfixturevalue("database"))
    with mosquitto(tmp_path, free_port()) as broker:
        opened = ControlRoom(tmp_path, store, broker)
        opened.has_history()
        yield opened
        opened.close()


def low(seat: Seat) -> dict[str, Any] | None:
    """The alarm of the low pressure, as a seat shows it."""
    alarms = seat.asks("picture")["alarms"].values()
    return next((one for one in alarms if (one["subject"], one["code"]) == (LOW, "low_pressure")), None)


def leads(seat: Seat) -> bool:
    return bool(seat.asks("picture")["leads"])


def passes(seconds: float) -> None:
    """Some ticks of the leader."""
    until_s = time.monotonic() + seconds
    until(lambda: time.monotonic() > until_s, seconds + 5, "")


def test_a_new_leader_goes_on_with_the_alarms_of_the_old_one_and_finds_what_happens_while_nobody_leads(room: ControlRoom) -> None:
    row = room.city.stations.row(LOW)
    with ExitStack() as stack:
        engine = stack.enter_context(room.seat("engine"))
        desk = stack.enter_context(room.seat("desk"))
        until(lambda: leads(engine), AT_WORK_S, "the engine never led")
        until(lambda: engine.asks("picture")["learning"] == desk.asks("picture")["learning"] == 0, AT_WORK_S, "never learned")
        passes(5)
        room.lower_kpa[row] = 250.0
        until(lambda: low(engine) is not None and low(desk) is not None, AT_WORK_S, "no alarm of the first leader")
        first = low(desk)
        assert first is not None

        engine.kill()
        room.burst_at(FAR_PIPE)
        until(lambda: leads(desk), TAKEN_OVER_WITHIN_S, "nobody took over")
        until(
            lambda: len(desk.asks("picture")["cases"]) == 1,
            AT_WORK_S,
            "the burst while nobody led was not found",
        )
        passes(6)
        now = low(desk)
        assert now is not None
        assert (now["alarm_id"], now["raised_at"], now.get("returned_at")) == (first["alarm_id"], first["raised_at"], None)

        again = stack.enter_context(room.seat("engine"))  # it has seen nothing but what is stored
        until(lambda: again.asks("picture")["learning"] == 0, AT_WORK_S, "never learned")
        desk.kill()
        until(lambda: leads(again), TAKEN_OVER_WITHIN_S, "nobody took over")
        passes(8)
        now = low(again)
        assert now is not None
        assert (now["alarm_id"], now["raised_at"], now.get("returned_at")) == (first["alarm_id"], first["raised_at"], None)
        room.lower_kpa[row] = 0.0
        until(lambda: (low(again) or {}).get("returned_at") is not None, AT_WORK_S, "the alarm never ended")
    store = open_store(room.store)
    cases, alarms = store.load_desk().of(INCIDENT), store.load_desk().of(ALARM)
    assert len(cases) == 1
    found = Counter((one.subject, one.code) for one in alarms.values())
    assert found["network", ""] == 1
    assert set(found.values()) == {1}, found
    raised = [one for one in store.changes() if one.kind == "alarm_raised" and one.subject == f"alarm/{first['alarm_id']}"]
    assert len(raised) == 1
    assert store.verify_chain() is None
    store.close()
    assert "Traceback" not in "".join(path.read_text() for path in room.folder.glob("*.log"))
