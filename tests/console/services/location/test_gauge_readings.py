"""A gauge reading by the crew updates the candidates, plan and place, is sent to the area, and can be undone."""

from __future__ import annotations

import json

import pytest

from console.domain.incidents import Incident, Outlook
from console.services.desk import Refused
from console.services.incidents.judging import JudgeBurst
from console.services.incidents.undo import UndoLast
from console.services.location.gauge_readings import EnterReading
from maps.locate.next_reading import ReadingPlace
from tests.console.notes import chinese
from tests.console.services.town import X0, Y0, Chair, a_finding

CASE = "2024-0001"
PLACE = ReadingPlace("FH1", "hydrant", X0, Y0, 300.0, 5.0, (("H10", 4.0), ("V10", 60.0), ("H20", 10.0)), 1.2, 3, 1.4)


@pytest.fixture
def suspected() -> Chair:
    """A case with a place proposed."""
    chair = Chair()
    chair.sees(a_finding())
    chair.take(chair.desk.on_outlook(chair.state, CASE, Outlook(next_readings=(PLACE,)), chair.now))
    return chair


def case(chair: Chair) -> Incident:
    """The case as it stands."""
    return chair.state.incidents[CASE]


def test_the_next_gauge_reading_is_sent_to_the_area(suspected: Chair) -> None:
    body = json.loads(suspected.sent[-1].payload)
    assert body["next_reading"]["asset_id"] == "FH1"
    assert body["next_reading"]["expected_mpa"] == 0.3
    assert body["next_reading"]["falls_mpa"]["V10"] == 0.06
    assert body["next_reading"]["lon"] == pytest.approx(117.0, abs=0.01)
    assert body["segments"]


def test_the_same_outlook_again_changes_nothing(suspected: Chair) -> None:
    again = suspected.desk.on_outlook(suspected.state, CASE, Outlook(next_readings=(PLACE,)), suspected.now)
    assert again.drafts == ()


def test_a_gauge_reading_in_favour_of_another_pipe_moves_plan_and_place_there(suspected: Chair) -> None:
    suspected.does(EnterReading(CASE, "FH1", 240.0), user="李")
    after = case(suspected)
    assert after.location is not None
    assert after.location.candidates[0].pipe_id == "V10"
    assert after.location.set_90 == ("V10",)
    assert after.plan is not None
    assert after.plan.burst_pipes == ("V10",)
    assert after.place is not None
    assert after.place.pipe_id == "V10"
    assert [(one.place_id, one.by, one.pressure_kpa) for one in after.hand_readings] == [("FH1", "李", 240.0)]
    assert "实测 0.240 MPa" in chinese(suspected.log[-1].note)


def test_stations_a_minute_later_do_not_overrule_a_gauge_reading(suspected: Chair) -> None:
    suspected.does(EnterReading(CASE, "FH1", 240.0))
    assert suspected.sees(a_finding(first=0.9)).drafts == ()


def test_a_reading_can_be_undone(suspected: Chair) -> None:
    before = case(suspected)
    suspected.does(EnterReading(CASE, "FH1", 240.0))
    suspected.does(UndoLast(CASE))
    after = case(suspected)
    assert (after.location, after.hand_readings, after.outlook) == (before.location, (), before.outlook)


def test_a_reading_at_another_place_or_without_a_valid_pressure_is_refused(suspected: Chair) -> None:
    with pytest.raises(Refused, match="not among the places"):
        suspected.does(EnterReading(CASE, "FH2", 240.0))
    for wrong in (-1.0, float("nan"), 5000.0):
        with pytest.raises(Refused, match="between 0 and 3 MPa"):
            suspected.does(EnterReading(CASE, "FH1", wrong))
    suspected.does(JudgeBurst(CASE, ("H10",)))
    with pytest.raises(Refused, match="past"):
        suspected.does(EnterReading(CASE, "FH1", 240.0))
