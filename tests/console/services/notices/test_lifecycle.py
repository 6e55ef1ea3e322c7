"""Notices: facts, second person, issue, update, lift."""

from __future__ import annotations

from dataclasses import replace

import pytest

from console.domain.actors import Actor, Proof
from console.domain.incidents import PressureImpact
from console.domain.notices import Notice, NoticeFacts, NoticeStatus
from console.domain.values import from_json, to_json
from console.services.crews.valve_reports import MarkValveClosed, MarkValveRestored, RecordSample
from console.services.desk import Refused
from console.services.incidents.judging import JudgeBurst
from console.services.incidents.undo import UndoLast
from console.services.notices.lifecycle import ApproveNotice, DraftNotice, EditNotice, IssueNotice, LiftNotice, SubmitNotice
from tests.console.notes import chinese
from tests.console.services.conftest import CASE
from tests.console.services.town import Chair, PlainDocuments, a_finding, a_town

N1, N2 = f"{CASE}-N1", f"{CASE}-N2"


def notice(chair: Chair, number: int = 1) -> Notice:
    """A notice of the case."""
    return chair.state.incidents[CASE].notices[number - 1]


def issued(chair: Chair) -> Chair:
    """The first notice is public."""
    chair.does(DraftNotice(CASE))
    chair.does(SubmitNotice(CASE, N1))
    chair.does(ApproveNotice(CASE, N1), "李")
    chair.does(IssueNotice(CASE, N1), "李")
    return chair


def test_a_draft_says_who_is_without_water_where_until_when(judged: Chair) -> None:
    judged.does(DraftNotice(CASE))
    facts = notice(judged).facts
    assert facts.roads == ("经十路北侧",)
    assert facts.no_water_communities == ("美林苑",)
    assert facts.households_no_water == 40
    assert facts.expected_end == judged.state.incidents[CASE].restoration_at
    assert (facts.hotline, facts.issuer, facts.city_name, facts.synthetic) == ("96116", "水务集团", "试验市", True)
    assert "DN300" in facts.work
    assert notice(judged).text_zh


def test_a_notice_never_names_pipes_or_valves(judged: Chair) -> None:
    judged.does(DraftNotice(CASE))
    said = repr(notice(judged).facts)
    network = judged.city.network
    assert not [name for name in (*network.pipes.asset_id, *network.valves.asset_id) if f"'{name}'" in said]


def test_critical_customers_and_roof_tanks_are_listed_separately(chair: Chair) -> None:
    chair.sees(a_finding(("H20", "V01")))
    chair.does(JudgeBurst(CASE, ("H20", "V01")))
    chair.does(DraftNotice(CASE))
    facts = notice(chair).facts
    assert facts.units == ("H20号楼",)
    assert facts.no_water_communities == ("泉城花园", "美林苑")
    assert facts.delayed_communities == ("美林苑",)


def test_the_area_of_a_notice_is_the_communities_outline_lat_before_lon(judged: Chair) -> None:
    judged.does(DraftNotice(CASE))
    (ring,) = notice(judged).facts.affected_wgs84
    assert ring[0] == ring[-1]
    assert all(36.0 < lat < 37.0 and 116.9 < lon < 117.1 for lat, lon in ring)


def test_without_georeference_a_notice_says_why_it_has_no_outline() -> None:
    chair = Chair(a_town(crs="local"))
    chair.sees(a_finding())
    chair.does(JudgeBurst(CASE, ("H10",)))
    chair.does(DraftNotice(CASE))
    assert notice(chair).facts.affected_wgs84 == ()
    assert "not georeferenced" in notice(chair).facts.no_geometry_reason


def test_low_pressure_is_listed_separately_from_no_water(judged: Chair) -> None:
    impact = PressureImpact(True, (), ("C-V20",), 40, ("泉城花园", "美林苑"))
    judged.take(judged.desk.on_impact(judged.state, CASE, impact, judged.now))
    judged.does(DraftNotice(CASE))
    facts = notice(judged).facts
    assert facts.low_pressure_communities == ("泉城花园",)
    assert facts.households_low_pressure == 40


def test_a_notice_needs_a_judged_burst(chair: Chair) -> None:
    chair.sees(a_finding())
    with pytest.raises(Refused, match="verified burst"):
        chair.does(DraftNotice(CASE))


@pytest.mark.parametrize("user", ["王", "张"])
def test_who_drafted_or_edited_a_notice_cannot_approve_it(judged: Chair, user: str) -> None:
    judged.does(DraftNotice(CASE), "王")
    judged.does(EditNotice(CASE, N1, "新文", "new"), "张")
    judged.does(SubmitNotice(CASE, N1), "王")
    with pytest.raises(Refused, match="second person"):
        judged.does(ApproveNotice(CASE, N1), user)
    with pytest.raises(Refused, match="proves nothing"):
        judged.acts(ApproveNotice(CASE, N1), Actor.named("李", proof=Proof.TYPED_NAME))
    judged.does(ApproveNotice(CASE, N1), "李")
    assert (notice(judged).status, notice(judged).approved_by) == (NoticeStatus.APPROVED, "李")


def test_an_override_is_possible_recorded_and_shown(judged: Chair) -> None:
    judged.does(DraftNotice(CASE), "王")
    changes = judged.does(ApproveNotice(CASE, N1, "主管失联，医院断水"), "王")
    assert notice(judged).status is NoticeStatus.APPROVED
    assert notice(judged).override_reason == "主管失联，医院断水"
    assert changes.drafts[0].kind == "notice_override"
    assert "越权" in chinese(changes.drafts[0].note)


def test_an_edit_takes_the_approval_back(judged: Chair) -> None:
    judged.does(DraftNotice(CASE))
    judged.does(SubmitNotice(CASE, N1))
    judged.does(ApproveNotice(CASE, N1), "李")
    judged.does(EditNotice(CASE, N1, "新文", "new"), "李")
    assert (notice(judged).status, notice(judged).approved_by, notice(judged).text_zh) == (NoticeStatus.DRAFT, "", "新文")
    with pytest.raises(Refused, match="only a notice that is approved"):
        judged.does(IssueNotice(CASE, N1))


def test_issuing_sends_the_documents_payloads_and_stops_the_clock(judged: Chair) -> None:
    issued(judged)
    assert judged.sent[-1].payload.decode() == f"alert {N1} "
    assert judged.state.incidents[CASE].issued_at == notice(judged).issued_at
    with pytest.raises(Refused, match="draft an update"):
        judged.does(EditNotice(CASE, N1, "a", "b"))


def test_a_second_notice_updates_and_refers_to_the_first(judged: Chair) -> None:
    issued(judged)
    judged.does(DraftNotice(CASE))
    judged.does(SubmitNotice(CASE, N2))
    judged.does(ApproveNotice(CASE, N2), "李")
    judged.does(IssueNotice(CASE, N2))
    assert [n.status for n in judged.state.incidents[CASE].notices] == [NoticeStatus.UPDATED, NoticeStatus.ISSUED]
    assert notice(judged, 2).version == 2
    assert judged.sent[-1].payload.decode().startswith(f"update {N2} quanmai,{N1},")


def test_a_notice_is_lifted_only_when_valves_are_back_and_the_sample_passed(judged: Chair) -> None:
    issued(judged)
    judged.does(MarkValveClosed(CASE, "H10a"))
    with pytest.raises(Refused, match="normal state"):
        judged.does(LiftNotice(CASE, N1))
    judged.does(MarkValveRestored(CASE, "H10a"))
    with pytest.raises(Refused, match="sample"):
        judged.does(LiftNotice(CASE, N1))
    judged.does(RecordSample(CASE, 0.4, 0.2))
    judged.does(LiftNotice(CASE, N1, "供水已恢复"))
    assert (notice(judged).status, notice(judged).withdrawn) == (NoticeStatus.LIFTED, False)
    assert judged.sent[-1].payload.decode().startswith(f"cancel {N1} quanmai,{N1},")


def test_the_files_written_are_noted_once(judged: Chair) -> None:
    issued(judged)
    files = (f"{N1}.txt",)
    judged.take(judged.desk.on_files(judged.state, CASE, N1, files, judged.now))
    assert notice(judged).files == files
    assert judged.desk.on_files(judged.state, CASE, N1, files, judged.now).drafts == ()


def test_a_draft_in_preparation_is_filled_anew_when_the_pipe_was_corrected(judged: Chair) -> None:
    judged.does(DraftNotice(CASE), "王")
    judged.does(SubmitNotice(CASE, N1))
    judged.does(JudgeBurst(CASE, ("V10",), "on_site"))
    judged.does(DraftNotice(CASE), "张")
    (only,) = judged.state.incidents[CASE].notices
    assert (only.notice_id, only.status, only.drafted_by, only.submitted_by) == (N1, NoticeStatus.DRAFT, "张", "")
    assert only.facts.roads == ("纬二路",)
    judged.does(UndoLast(CASE))
    assert notice(judged).facts.roads == ("经十路北侧",)
    assert notice(judged).status is NoticeStatus.SUBMITTED


def test_a_notice_is_lifted_with_a_reason_that_is_kept(judged: Chair) -> None:
    issued(judged)
    with pytest.raises(Refused, match="say why"):
        judged.does(LiftNotice(CASE, N1, "  "))
    changes = judged.does(LiftNotice(CASE, N1, "公告内容有误"), "张")
    assert notice(judged).lift_reason == "公告内容有误"
    assert chinese(changes.drafts[0].note) == f"停水公告 {N1} 由 张 解除：公告内容有误"
    assert notice(judged).withdrawn, "no valve was turned: nothing shows that water is back"


@pytest.mark.parametrize("is_lifted", [False, True])
def test_after_a_public_notice_the_next_version_refers_to_it_and_both_are_kept(judged: Chair, is_lifted: bool) -> None:
    issued(judged)
    public = notice(judged)
    if is_lifted:
        judged.does(LiftNotice(CASE, N1, "公告内容有误"))
    judged.does(DraftNotice(CASE))
    judged.does(SubmitNotice(CASE, N2))
    judged.does(ApproveNotice(CASE, N2), "李")
    judged.does(IssueNotice(CASE, N2))
    assert judged.sent[-1].payload.decode() == f"update {N2} quanmai,{N1},{public.issued_at}"
    first, second = judged.state.incidents[CASE].notices
    assert (first.version, first.text_zh, second.version) == (1, public.text_zh, 2)
    assert first.status is (NoticeStatus.LIFTED if is_lifted else NoticeStatus.UPDATED)


def test_a_public_notice_undone_is_withdrawn_and_does_not_claim_that_water_is_back(judged: Chair) -> None:
    issued(judged)
    judged.does(UndoLast(CASE))
    assert (notice(judged).status, notice(judged).withdrawn) == (NoticeStatus.LIFTED, True)
    assert notice(judged).lift_reason


def test_files_of_the_lifting_stand_beside_those_of_the_issue(judged: Chair) -> None:
    issued(judged)
    for names in ((f"{N1}.txt",), (f"{N1}-lifted.txt",)):
        judged.take(judged.desk.on_files(judged.state, CASE, N1, names, judged.now))
    assert notice(judged).files == (f"{N1}.txt", f"{N1}-lifted.txt")


def test_edits_by_hand_survive_a_redraft_or_are_given_back(chair: Chair) -> None:
    chair = Chair(documents=LinedDocuments())
    chair.sees(a_finding())
    chair.does(JudgeBurst(CASE, ("H10",)))
    chair.does(DraftNotice(CASE), "王")
    zh, en = notice(chair).text_zh.split("\n"), notice(chair).text_en.split("\n")
    assert zh[1] == "40"
    by_hand = "\n".join([zh[0], "约 40 户", *zh[2:], "送水车在小区门口"])
    chair.does(EditNotice(CASE, N1, by_hand, "\n".join(en)), "张")
    chair.does(JudgeBurst(CASE, ("H10", "V10"), "on_site"))
    changes = chair.does(DraftNotice(CASE), "王")
    assert notice(chair).text_zh.split("\n")[1] == "80"
    assert notice(chair).text_zh.endswith("送水车在小区门口")
    assert notice(chair).dropped_edits == ("约 40 户",)
    assert "约 40 户" in chinese(changes.drafts[0].note)
    chair.does(SubmitNotice(CASE, N1))
    with pytest.raises(Refused, match="second person"):
        chair.does(ApproveNotice(CASE, N1), "张")


def test_a_notice_written_by_an_earlier_version_of_the_program_opens_and_goes_on(judged: Chair) -> None:
    judged.does(DraftNotice(CASE))
    stored = to_json(notice(judged))
    for name in ("basis", "contradiction_reason", "lift_reason", "lifted_at", "withdrawn", "dropped_edits"):
        del stored[name]
    for name in ("no_water_zones", "low_pressure_zones"):
        del stored["facts"][name]
    old = from_json(stored, Notice)
    incident = judged.state.incidents[CASE]
    judged.state = judged.state.with_records([replace(incident, notices=(old,))])
    judged.does(SubmitNotice(CASE, N1))
    judged.does(ApproveNotice(CASE, N1), "李")
    judged.does(IssueNotice(CASE, N1))
    assert notice(judged).status is NoticeStatus.ISSUED


class LinedDocuments(PlainDocuments):
    """A text of several lines, one of which is the number of households."""

    def texts(self, facts: NoticeFacts) -> tuple[str, str]:
        """Both texts."""
        return f"停水公告\n{facts.households_no_water}\n敬请谅解", f"Notice\n{facts.households_no_water}\nSorry"
