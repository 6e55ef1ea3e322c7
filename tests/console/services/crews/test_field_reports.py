"""Reports of crews: each counts once, in any order of arrival, and the case says what overrode one that does not count."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest

from console.domain.attachments import Attachment
from console.domain.crews import CrewState
from console.domain.field_reports import FieldReport, Reported, ReportKind
from console.domain.incidents import Incident
from console.domain.shift import LOG_ENTRY
from console.services.crews.field_reports import MOST_PHOTOS
from console.services.crews.orders import SendCrew
from console.services.incidents.judging import DismissIncident, JudgeBurst
from console.services.incidents.opening import OpenIncident
from console.services.incidents.undo import UndoLast
from tests.console.services.town import NOW, Chair

CASE = "2024-0001"
JPEG = b"\xff\xd8\xff\xe0 no real picture"


@pytest.fixture
def chair() -> Chair:
    chair = Chair()
    chair.does(OpenIncident("H10"))
    chair.does(JudgeBurst(CASE, ("H10",), "calls"))
    if not chair.state.incidents[CASE].orders:
        chair.does(SendCrew(CASE, "C1"))
    return chair


def case(chair: Chair) -> Incident:
    return chair.state.incidents[CASE]


def a_report(chair: Chair, kind: ReportKind, name: str, minutes: float = 0.0, **more: object) -> FieldReport:
    order = case(chair).orders[0]
    return FieldReport(name, order.crew_id, kind, NOW + timedelta(minutes=minutes), order.order_id, **more)  # type: ignore[arg-type]


def hears(chair: Chair, report: FieldReport, photo: Attachment | None = None) -> tuple[str, ...]:
    return tuple(one.kind for one in chair.take(chair.desk.on_report(chair.state, Reported(report, photo), chair.now)).drafts)


def test_a_found_pipe_is_in_the_case_at_once_and_a_second_arrival_changes_nothing(chair: Chair) -> None:
    found = a_report(chair, ReportKind.FOUND, "r1", asset_id="V10")
    assert hears(chair, found) == ("crew_found_pipe",)
    assert case(chair).found_elsewhere() == "V10"
    assert hears(chair, found) == ()
    assert case(chair).field_reports == (found,)


def test_of_two_found_pipes_the_later_one_stands_in_every_order_of_arrival(chair: Chair) -> None:
    first = a_report(chair, ReportKind.FOUND, "r1", 1, asset_id="V10")
    second = a_report(chair, ReportKind.FOUND, "r2", 2, asset_id="H20")
    begin = chair.state
    for order in itertools.permutations((first, second, first, second)):
        chair.state = begin
        for report in order:
            hears(chair, report)
        assert case(chair).orders[0].found_pipe == "H20"


def test_an_overtaken_report_is_logged_once_with_what_overrode_it(chair: Chair) -> None:
    hears(chair, a_report(chair, ReportKind.FOUND, "r2", 2, asset_id="H20"))
    late = a_report(chair, ReportKind.FOUND, "r1", 1, asset_id="V10")
    assert hears(chair, late) == ("crew_report_unused",)
    assert hears(chair, late) == ()
    (log,) = [change for change in chair.log if change.kind == "crew_report_unused"]
    why = log.note.params["why"]
    assert getattr(why, "key", "") == "field_report.later"


def test_a_sample_of_a_crew_is_that_of_the_case_and_its_undo_keeps_other_reports(chair: Chair) -> None:
    assert hears(chair, a_report(chair, ReportKind.GAUGE, "r1", pressure_kpa=210.0, place="桥头")) == ("crew_gauge",)
    hears(chair, a_report(chair, ReportKind.SAMPLE, "r2", turbidity_ntu=0.6, chlorine_mgl=0.4))
    sample = case(chair).sample
    assert sample is not None
    assert (sample.passed, sample.by, sample.turbidity_ntu) == (True, case(chair).orders[0].crew_id, 0.6)
    hears(chair, a_report(chair, ReportKind.GAUGE, "r3", pressure_kpa=220.0, asset_id="FH1"))
    chair.does(UndoLast(CASE))
    assert case(chair).sample is None
    assert [one.report_id for one in case(chair).field_reports] == ["r1", "r2", "r3"]


def test_a_photo_is_an_entry_of_the_shift_log_about_the_case_and_their_number_is_limited(chair: Chair) -> None:
    photo = Attachment.of(JPEG)
    for number in range(MOST_PHOTOS):
        told = chair.take(
            chair.desk.on_report(chair.state, Reported(a_report(chair, ReportKind.PHOTO, f"p{number}"), photo), chair.now)
        )
        assert told.attachments == (photo,)
    entries = [one for one in chair.state.of(LOG_ENTRY).values() if one.incident_id == CASE]
    assert len(entries) == MOST_PHOTOS
    assert entries[0].picture == photo.ref(entries[0].picture.name if entries[0].picture else "")
    assert hears(chair, a_report(chair, ReportKind.PHOTO, "one more"), photo) == ("crew_report_unused",)
    assert hears(chair, a_report(chair, ReportKind.PHOTO, "empty")) in ((), ("crew_report_unused",))


def test_reports_of_another_crew_of_no_order_and_of_a_closed_case_change_no_case(chair: Chair) -> None:
    mine = a_report(chair, ReportKind.FOUND, "r1", asset_id="V10")
    other = next(crew for crew in chair.state.crews if crew != mine.crew_id)
    stranger = FieldReport("r2", other, ReportKind.FOUND, NOW, mine.order_id, "V10")
    assert hears(chair, stranger) == ()
    assert hears(chair, FieldReport("r3", mine.crew_id, ReportKind.FOUND, NOW, "2024-0009-W1", "V10")) == ()
    chair.does(DismissIncident(CASE, "false alarm"))
    assert hears(chair, mine) == ("crew_report_unused",)
    assert case(chair).field_reports == ()


def test_duty_is_what_the_crew_said_last_and_an_open_order_comes_before_off_duty(chair: Chair) -> None:
    free = next(crew.crew_id for crew in chair.state.crews.values() if crew.state is CrewState.FREE)
    said = [
        FieldReport("d1", free, ReportKind.ON_DUTY, NOW + timedelta(minutes=1)),
        FieldReport("d2", free, ReportKind.OFF_DUTY, NOW + timedelta(minutes=2)),
    ]
    begin = chair.state
    for order in itertools.permutations((*said, *said)):
        chair.state = begin
        for report in order:
            hears(chair, report)
        assert chair.state.crews[free].state is CrewState.OFF_DUTY
        assert len(chair.state.duties()) == 1
    with_order = case(chair).orders[0].crew_id
    hears(chair, FieldReport("d3", with_order, ReportKind.OFF_DUTY, NOW))
    assert chair.state.crews[with_order].state is CrewState.ASSIGNED
    hears(chair, FieldReport("d4", "nobody", ReportKind.ON_DUTY, NOW))
    assert len(chair.state.duties()) == 2
