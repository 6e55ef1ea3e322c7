"""Demands of the rules on a notice, and which lines are by hand or differ from what was issued."""

from __future__ import annotations

from datetime import timedelta

import pytest

from console.domain.notices import DemandCode, NoticeStatus
from console.services.desk import Refused
from console.services.incidents.judging import SetRestoration
from console.services.notices.demands import Around, MarkDemandDone, around_of, demands_of, rules
from console.services.notices.holders import case_of
from console.services.notices.lifecycle import ApproveNotice, DraftNotice, IssueNotice, SubmitNotice
from console.services.notices.line_marks import line_marks
from console.services.outages.planning import TellCritical
from console.services.public.affected import affected
from console.services.public.water_demand import people_without
from console.services.public.water_points import OpenWaterPoint, PlanWaterPoint
from tests.console.services.conftest import CASE
from tests.console.services.outages.test_outages import O1, outage, planned
from tests.console.services.town import X0, Y0, Chair

N1 = f"{O1}-N1"


def asked(chair: Chair) -> dict[str, bool]:
    """Demands on the outage's notice, and whether they are done."""
    held = outage(chair)
    return {one.code.value: one.is_done for one in demands_of(held.notices[0], Around(held.contacts), chair.now)}


def approved(chair: Chair) -> None:
    """The outage's notice is approved."""
    chair.does(DraftNotice(O1))
    chair.does(SubmitNotice(O1, N1))
    chair.does(ApproveNotice(O1, N1), "李")


def test_a_planned_notice_demands_24_h_reason_fire_brigade_and_each_critical_customer(chair: Chair) -> None:
    assert rules().hours_ahead == 24.0
    planned(chair, "H20", at=chair.now + timedelta(hours=25))
    approved(chair)
    assert asked(chair) == {"users_ahead": True, "reason": True, "fire_brigade": False, "critical_customers": False}
    with pytest.raises(Refused, match=r"fire brigade is not told .*Critical customers told: 0 of 1"):
        chair.does(IssueNotice(O1, N1))
    with pytest.raises(Refused, match="how"):
        chair.does(MarkDemandDone(O1, N1, DemandCode.FIRE_BRIGADE, " "))
    with pytest.raises(Refused, match="worked out"):
        chair.does(MarkDemandDone(O1, N1, DemandCode.USERS, "x"))
    chair.does(MarkDemandDone(O1, N1, DemandCode.FIRE_BRIGADE, "119 指挥中心，值班员"), "张")
    chair.does(TellCritical(O1, "C-H20", "电话"))
    chair.does(IssueNotice(O1, N1))
    (done,) = [one for one in demands_of(outage(chair).notices[0], Around(), chair.now) if one.code is DemandCode.FIRE_BRIGADE]
    assert (done.by, done.how, done.is_unverified) == ("张", "119 指挥中心，值班员", True)


def test_less_than_24_h_ahead_a_planned_notice_needs_a_reason_which_is_recorded(chair: Chair) -> None:
    planned(chair, "V31", at=chair.now + timedelta(hours=20))
    approved(chair)
    chair.does(MarkDemandDone(O1, N1, DemandCode.FIRE_BRIGADE, "119"))
    with pytest.raises(Refused, match=r"Hours of notice to users: 20\.0 of 24"):
        chair.does(IssueNotice(O1, N1))
    chair.does(IssueNotice(O1, N1, "管道随时可能爆裂"))
    assert outage(chair).notices[0].contradiction_reason == "管道随时可能爆裂"


def test_over_24_h_the_plan_for_emergency_water_is_demanded_of_works_and_asked_for_in_an_emergency(chair: Chair) -> None:
    planned(chair, "V31", at=chair.now + timedelta(hours=30), hours=25)
    approved(chair)
    chair.does(MarkDemandDone(O1, N1, DemandCode.FIRE_BRIGADE, "119"))
    with pytest.raises(Refused, match="no plan for emergency water"):
        chair.does(IssueNotice(O1, N1))
    chair.does(MarkDemandDone(O1, N1, DemandCode.EMERGENCY_WATER, "两个取水点"))
    chair.does(IssueNotice(O1, N1))
    assert outage(chair).notices[0].status is NoticeStatus.ISSUED


def test_an_emergency_notice_is_never_held_up_by_a_demand(judged: Chair) -> None:
    judged.does(SetRestoration(CASE, judged.now + timedelta(hours=30)))
    judged.does(DraftNotice(CASE))
    case = judged.state.incidents[CASE]
    (water,) = demands_of(case.notices[0], Around(), judged.now)
    assert (water.code, water.is_done) == (DemandCode.EMERGENCY_WATER, False)
    judged.does(SubmitNotice(CASE, f"{CASE}-N1"))
    judged.does(ApproveNotice(CASE, f"{CASE}-N1"), "李")
    judged.does(IssueNotice(CASE, f"{CASE}-N1"))


def test_open_points_for_everybody_are_the_emergency_supply_that_a_notice_demands(judged: Chair) -> None:
    judged.does(SetRestoration(CASE, judged.now + timedelta(hours=30)))
    judged.does(DraftNotice(CASE))

    def water() -> tuple[bool, tuple[str, str]]:
        case = judged.state.incidents[CASE]
        notice = case.notices[0]
        (found,) = demands_of(notice, around_of(judged.desk._tools, judged.state, case_of(case), notice), judged.now)
        return found.is_done, found.figures

    assert water() == (False, ("", ""))
    people = people_without(affected(judged.city, judged.state.incidents[CASE]))
    for number, share in enumerate((people - 1, 1), start=1):
        judged.does(PlanWaterPoint(CASE, f"点{number}", X0, Y0, share))
        judged.does(OpenWaterPoint(f"E-0000{number}", "李科", "瓶装水"))
        assert water() == (number == 2, (str(share if number == 1 else people), str(people)))


def test_lines_by_hand_and_lines_that_differ_from_the_issued_version_are_marked() -> None:
    drafted = "标题\n\n停水至 06:00\n道路：经十路\n热线"
    text = "标题\n\n停水至 06:00\n道路：经十路（送水车已到）\n热线\n另：注意安全"
    issued = "标题\n\n停水至 04:00\n道路：经十路\n热线"
    marks = line_marks(text, drafted, issued)
    assert marks.edited == {3, 5}
    assert marks.changed == {2, 3, 5}
    assert marks.gone == ("停水至 04:00", "道路：经十路")
    assert line_marks(drafted, drafted, None).edited == line_marks(drafted, drafted, None).changed == frozenset()
