"""A waiting draft follows the facts by itself; edits by hand are kept, and where one would be lost a person decides."""

from __future__ import annotations

from datetime import timedelta

import pytest

from console.domain.incidents import PressureImpact
from console.domain.notices import Notice, NoticeStatus
from console.services.changesets import Refused
from console.services.incidents.judging import JudgeBurst, SetRestoration
from console.services.notices.contradictions import contradictions
from console.services.notices.lifecycle import ApproveNotice, DraftNotice, EditNotice, SubmitNotice
from tests.console.services.conftest import CASE
from tests.console.services.town import Chair

N1 = f"{CASE}-N1"


def ticks(chair: Chair) -> Notice:
    """A few seconds later; the notice then."""
    chair.take(chair.desk.on_time(chair.state, chair.now))
    return chair.state.incidents[CASE].notices[-1]


def test_a_draft_follows_another_plan_other_pressures_and_another_time_once_each(judged: Chair) -> None:
    judged.does(DraftNotice(CASE), "张")
    first = ticks(judged)
    assert "H10" not in first.text_zh
    judged.does(JudgeBurst(CASE, ("H10", "V10")))
    later = judged.now + timedelta(hours=9)
    judged.does(SetRestoration(CASE, later))
    judged.take(judged.desk.on_impact(judged.state, CASE, PressureImpact(True, (), ("C-V20",), 40, ("泉城花园",)), judged.now))
    after = ticks(judged)
    assert (after.notice_id, after.drafted_by, after.status) == (N1, "张", NoticeStatus.DRAFT)
    assert (after.facts.expected_end, after.facts.households_low_pressure) == (later, 40)
    assert contradictions(judged.city, judged.state.incidents[CASE], after) == ()
    lines = len(judged.log)
    assert ticks(judged) == after
    assert len(judged.log) == lines
    judged.does(SubmitNotice(CASE, N1), "李")
    with pytest.raises(Refused, match="张"):  # who drafted it is still no second person
        judged.does(ApproveNotice(CASE, N1), "张")


def test_edits_are_kept_and_one_that_would_be_lost_stops_the_program(judged: Chair) -> None:
    judged.does(DraftNotice(CASE))
    drafted = ticks(judged)
    judged.does(EditNotice(CASE, N1, drafted.text_zh + "\n另：送水车已到北门。", drafted.text_en + "\nA tanker is there."))
    judged.does(SetRestoration(CASE, judged.now + timedelta(hours=9)))
    kept = ticks(judged)
    assert kept.text_zh.endswith("另：送水车已到北门。")
    assert kept.edited_by == ("王",)
    lines = kept.text_en.split("\n")
    assert "until" in lines[0]
    lines[0] += ", perhaps later"
    judged.does(EditNotice(CASE, N1, kept.text_zh, "\n".join(lines)))
    judged.does(SetRestoration(CASE, judged.now + timedelta(hours=12)))
    assert ticks(judged).text_en == "\n".join(lines)


def test_a_submitted_notice_is_never_changed_by_the_program(judged: Chair) -> None:
    judged.does(DraftNotice(CASE))
    judged.does(SubmitNotice(CASE, N1))
    before = judged.state.incidents[CASE].notices[-1]
    judged.does(SetRestoration(CASE, judged.now + timedelta(hours=9)))
    assert ticks(judged) == before
