"""Event level and reports: clocks worked by hand from the table in the resources, and what counts as sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from console.domain.outgoing import MessageKind
from console.domain.reports import REPORT, Report, ReportKind
from console.domain.values import from_json, to_json
from console.services.desk import DeskSettings, Refused
from console.services.incidents.event_level import LevelTable
from console.services.incidents.judging import AdvancePhase, DismissIncident, JudgeBurst, SetRestoration
from console.services.incidents.undo import UndoLast
from console.services.reports.authority import DraftReport, EditReport, RecordReportSent, SetEventLevel
from console.services.reports.report_text import level_reasons
from maps.errors import InputFault
from tests.console.services.conftest import CASE
from tests.console.services.outages.test_outages import announced, planned, running
from tests.console.services.town import Chair, a_finding

R1, R2, R3 = "R2024-0001", "R2024-0002", "R2024-0003"
JUDGED = datetime.fromisoformat("2024-01-03T15:00:15+00:00")
"""When the fixture judges: ten seconds after the finding."""


def ticks(chair: Chair, at: datetime | None = None) -> None:
    """The desk's clock, at a time."""
    chair.now = at or chair.now
    chair.take(chair.desk.on_report_clocks(chair.state, chair.now))


def report(chair: Chair, report_id: str = R1) -> Report:
    """A report as it stands."""
    return chair.state.of(REPORT)[report_id]


def sent(chair: Chair, report_id: str) -> datetime:
    """Record it as sent; when."""
    at = chair.now
    chair.does(RecordReportSent(report_id, ("water_authority",), "传真，值班室李科"))
    return at


def test_clocks_of_first_continued_and_final_report_are_those_of_the_table(judged: Chair) -> None:
    ticks(judged)
    assert (report(judged).kind, report(judged).level) == (ReportKind.FIRST, "IV")
    assert report(judged).due_at == JUDGED + timedelta(minutes=240)
    judged.does(SetEventLevel(CASE, "II", "城区主干道"))
    ticks(judged)
    assert (report(judged).level, report(judged).due_at) == ("II", JUDGED + timedelta(minutes=60))
    first = sent(judged, R1)
    ticks(judged)
    assert (report(judged, R2).kind, report(judged, R2).due_at) == (ReportKind.CONTINUED, first + timedelta(hours=4))
    second = sent(judged, R2)
    ticks(judged)
    assert report(judged, R3).due_at == second + timedelta(hours=4)
    judged.does(AdvancePhase(CASE, judged.state.incidents[CASE].phase.CLOSED, "完工"))
    closed = judged.state.incidents[CASE].closed_at
    assert closed is not None
    ticks(judged)
    final = report(judged, R3)
    assert (final.kind, final.due_at, final.number) == (ReportKind.FINAL, closed + timedelta(hours=48), 3)
    assert "终报" in final.text_zh
    sent(judged, R3)
    ticks(judged)
    assert set(judged.state.of(REPORT)) == {R1, R2, R3}


def test_the_level_follows_the_plan_and_gives_its_reasons(judged: Chair) -> None:
    table = LevelTable.load()
    level = table.level_of(judged.state.incidents[CASE])
    assert (level.name, level.reached, level.tell) == ("IV", (), ("water_authority",))
    judged.does(JudgeBurst(CASE, ("H20",)))  # a hospital
    level = table.level_of(judged.state.incidents[CASE])
    assert (level.name, level.reached) == ("III", ("critical_customers",))
    assert level_reasons(level, "en") == ("critical customers without water: 1",)
    judged.does(SetRestoration(CASE, judged.now + timedelta(hours=50)))
    level = table.level_of(judged.state.incidents[CASE])
    assert (level.name, level.reached) == ("II", ("hours",))


def test_a_level_by_hand_stays_with_its_ground_until_it_is_left_to_the_rules(judged: Chair) -> None:
    with pytest.raises(Refused, match="ground"):
        judged.does(SetEventLevel(CASE, "II", " "))
    with pytest.raises(Refused, match="no level V"):
        judged.does(SetEventLevel(CASE, "V", "x"))
    judged.does(SetEventLevel(CASE, "II", "城区主干道"), "张")
    judged.does(JudgeBurst(CASE, ("H20",)))
    level = LevelTable.load().level_of(judged.state.incidents[CASE])
    assert (level.name, level.proposed, level.by, level.ground) == ("II", "III", "张", "城区主干道")
    judged.does(SetEventLevel(CASE, "", "按规则"))
    assert LevelTable.load().level_of(judged.state.incidents[CASE]).name == "III"
    judged.does(UndoLast(CASE))
    assert LevelTable.load().level_of(judged.state.incidents[CASE]).name == "II"


def test_a_report_is_sent_by_a_persons_word_only_with_whom_and_how(judged: Chair) -> None:
    ticks(judged)
    before = len(judged.sent)
    with pytest.raises(Refused, match="whom"):
        judged.does(RecordReportSent(R1, (" ",), "传真"))
    with pytest.raises(Refused, match="how"):
        judged.does(RecordReportSent(R1, ("water_authority",), ""))
    assert report(judged).sent is None
    judged.does(RecordReportSent(R1, ("water_authority", "张区长"), "电话"), "张")
    done = report(judged).sent
    assert done is not None
    assert (done.to, done.by, done.how) == (("water_authority", "张区长"), "张", "电话")
    assert len(judged.sent) == before
    with pytest.raises(Refused, match="stays as it is"):
        judged.does(EditReport(R1, "a", "b", ("", "")))


def test_a_late_report_is_told_once_with_a_message_to_the_supervisor() -> None:
    chair = Chair(settings=DeskSettings(supervisor_address="duty"))
    chair.sees(a_finding())
    chair.does(JudgeBurst(CASE, ("H10",)))
    ticks(chair)
    for minutes in (239, 241, 250, 300):
        ticks(chair, JUDGED + timedelta(minutes=minutes))
    late = [one for one in chair.log if one.kind == "report_late"]
    told = [one for one in chair.sent if one.kind is MessageKind.ESCALATION and R1.encode() in one.payload]
    assert (len(late), late[0].at, len(told)) == (1, JUDGED + timedelta(minutes=241), 1)
    assert report(chair).late_at == JUDGED + timedelta(minutes=241)


def test_a_report_filled_anew_keeps_edits_that_fit(judged: Chair) -> None:
    ticks(judged)
    made = report(judged)
    assert "停水约 40 户" in made.text_zh
    assert "H10" not in made.text_zh + made.text_en
    judged.does(
        EditReport(
            R1, made.text_zh.replace("已派抢修队 1 支", "已派抢修队 1 支（含焊工）"), made.text_en, (made.text_zh, made.text_en)
        )
    )
    judged.does(JudgeBurst(CASE, ("H10", "V10")))
    judged.does(DraftReport(R1))
    anew = report(judged)
    assert "（含焊工）" in anew.text_zh
    assert "停水约 80 户" in anew.text_zh
    assert anew.is_edited
    assert from_json(to_json(anew), Report) == anew


def test_a_save_on_texts_that_somebody_else_has_saved_since_is_refused(judged: Chair) -> None:
    ticks(judged)
    seen = report(judged).text_zh, report(judged).text_en
    judged.does(EditReport(R1, seen[0] + "\n李写的", seen[1], seen), "李")
    with pytest.raises(Refused, match="李"):
        judged.does(EditReport(R1, seen[0] + "\n王写的", seen[1], seen), "王")
    assert report(judged).text_zh.endswith("李写的")
    now = report(judged).text_zh, report(judged).text_en
    judged.does(EditReport(R1, now[0] + "\n王写的", now[1], now), "王")
    assert report(judged).text_zh.endswith("李写的\n王写的")


def test_a_dismissed_case_needs_no_report_but_one_that_was_reported_needs_its_last(judged: Chair) -> None:
    ticks(judged)
    judged.does(DismissIncident(CASE, "误报"))
    ticks(judged)
    assert (report(judged).closed_at is not None, report(judged).dropped, report(judged).sent) == (True, "dismissed", None)
    other = Chair()
    other.sees(a_finding())
    other.does(JudgeBurst(CASE, ("H10",)))
    ticks(other)
    sent(other, R1)
    ticks(other)
    other.does(DismissIncident(CASE, "误报"))
    ticks(other)
    assert report(other, R2).kind is ReportKind.FINAL


def test_planned_work_has_no_level_and_no_report(chair: Chair) -> None:
    planned(chair, "H20")
    announced(chair)
    case = running(chair)
    ticks(chair)
    assert not chair.state.of(REPORT)
    with pytest.raises(Refused, match="planned work"):
        chair.does(SetEventLevel(case.incident_id, "I", "x"))


def test_an_unsent_final_report_is_told_late_after_its_case_has_left_the_desk(judged: Chair) -> None:
    ticks(judged)
    sent(judged, R1)
    judged.does(AdvancePhase(CASE, judged.state.incidents[CASE].phase.CLOSED, "完工"))
    ticks(judged)
    due = report(judged, R2).due_at
    records = {**judged.state.records, "incident": {}}
    judged.state = replace(judged.state, records=records)
    ticks(judged, due + timedelta(minutes=1))
    assert report(judged, R2).late_at == due + timedelta(minutes=1)


def test_a_table_that_names_an_unknown_body_is_refused_with_its_name() -> None:
    text = 'version="1"\nsource="s"\n[[level]]\nname="I"\ntell=["mayor"]\nfirst_report_minutes=1\n'
    with pytest.raises(InputFault, match="mayor"):
        LevelTable.load(text)
