"""Domain values are equal after conversion to JSON and back, NaN included."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from console.domain.alarms import Alarm, AlarmKind, Evidence, Priority
from console.domain.changes import canonical_json
from console.domain.incidents import Incident, Phase, PipePlace, Unable, ValveMark
from console.domain.notes import Note
from console.domain.values import from_json, to_json
from maps.isolation.plan.result import IsolationPlan, Reliance, ValveStep
from maps.locate.result import Candidate, Location
from tests.conftest import ROOT

NOW = datetime(2024, 1, 3, 15, 0, 5, 120001, tzinfo=UTC)


@given(
    observed=st.floats(allow_nan=False),
    text=st.text(),
    at=st.datetimes(timezones=st.just(UTC)),
    priority=st.sampled_from(Priority),
)
def test_an_alarm_comes_back_equal(observed: float, text: str, at: datetime, priority: Priority) -> None:
    alarm = Alarm(
        "A-1",
        AlarmKind.BURST,
        priority,
        "network",
        at,
        (Evidence("S1", "pressure", observed, 1.5, at),),
        detail=Note.literal(text),
    )
    assert from_json(json.loads(canonical_json(to_json(alarm))), Alarm) == alarm


def test_an_incident_comes_back_equal_with_all_it_holds() -> None:
    place = PipePlace("P~1", 300.0, "", None, "经十路", "north", None, "a", "b", 1.0, "", "", "", "")
    incident = Incident(
        "2024-0001",
        "经十路",
        NOW,
        NOW,
        phase=Phase.ISOLATING,
        location=Location((Candidate("P~1", 0.75),), ("P~1",), "built"),
        place=place,
        plan=IsolationPlan(("P~1",), True, ("P~1",), (), (ValveStep("V1", 1, "border", minutes=3.5),)),
        valve_marks=(ValveMark("V1", False, NOW, "一队", Unable.SEIZED),),
    )
    again = from_json(json.loads(canonical_json(to_json(incident))), Incident)
    assert again == incident
    assert again.unable_valves() == ("V1",)


def test_nan_stays_nan() -> None:
    place = PipePlace("P1", math.nan, "", None, "", "", math.inf, "", "", 1.0, "", "", "", "")
    again = from_json(json.loads(canonical_json(to_json(place))), PipePlace)
    assert math.isnan(again.diameter_mm)
    assert again.depth_m == math.inf
    assert replace(again, diameter_mm=1.0) == replace(place, diameter_mm=1.0)


def test_fields_of_a_newer_version_are_ignored_and_missing_ones_get_their_default() -> None:
    raw = to_json(Incident("1", "t", NOW, NOW))
    del raw["sample"]
    raw["from_the_future"] = 1
    assert from_json(raw, Incident) == Incident("1", "t", NOW, NOW)


def test_a_plan_kept_before_its_marks_existed_is_read_without_them() -> None:
    plan = IsolationPlan(("P1",), True, ("P1",), ("P2",), (ValveStep("V1", 1, "border"),), relies_on=(Reliance("V2", "closed"),))
    raw = to_json(plan)
    for name in ("without_supply_before", "customers_piece_unknown", "reopen_pipes", "reopen_feeds_burst"):
        del raw[name]
    del raw["valves_to_close"][0]["placing"]
    for name in ("in_series", "assumed", "placing"):
        del raw["relies_on"][0][name]
    assert from_json(raw, IsolationPlan) == plan


_THREADS = """
import sys, threading
from dataclasses import make_dataclass
from console.domain.values import from_json
sys.setswitchinterval(1e-6)
for number in range(100):
    names = [(f"f{field}", str, "") for field in range(20)]
    inner = make_dataclass(f"Inner{number}", names, frozen=True, slots=True)
    outer = make_dataclass(f"Outer{number}", [*names, ("inner", tuple[inner, ...], ())], frozen=True, slots=True)
    begin = threading.Barrier(4)
    def read():
        begin.wait()
        assert from_json({"f1": "x", "inner": [{"f2": "y"}]}, outer).inner[0].f2 == "y"
    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
"""


def test_threads_that_read_a_type_for_the_first_time_at_once_do_not_crash() -> None:
    done = subprocess.run([sys.executable, "-c", _THREADS], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
