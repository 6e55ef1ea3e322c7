"""Extensions and early ends: whole lives of a notice, with the CAP messages that go out checked by two schema checkers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from importlib import resources

import pytest
import xmlschema
from lxml import etree

from console.documents import NoticeDocuments
from console.documents.cap import NAMESPACE
from console.domain.notices import Notice, NoticeChange, NoticeStatus, NoticeStep
from console.domain.values import from_json, to_json
from console.services.crews.valve_reports import MarkValveClosed, MarkValveRestored, RecordSample
from console.services.desk import DeskSettings, Refused
from console.services.incidents.judging import JudgeBurst, SetRestoration
from console.services.incidents.undo import UndoLast
from console.services.notices.lifecycle import ApproveNotice, DraftNotice, EditNotice, IssueNotice, LiftNotice, SubmitNotice
from console.services.notices.other_end import EndNoticeEarly, ExtendNotice
from tests.console.services.conftest import CASE
from tests.console.services.town import Chair, a_finding

CAP = {"c": NAMESPACE}


@pytest.fixture
def public() -> Chair:
    """The case's first notice is public; documents are the real ones, on the chair's clock."""
    settings = DeskSettings(site="jn", hotline="96116", issuer="水务集团")
    chair = Chair(settings=settings, documents=NoticeDocuments(settings, now=lambda: chair.now))
    chair.sees(a_finding())
    chair.does(JudgeBurst(CASE, ("H10",)))
    chair.does(DraftNotice(CASE))
    passed(chair, 1)
    return chair


def passed(chair: Chair, number: int) -> None:
    """Submit, approve and issue the draft."""
    notice_id = f"{CASE}-N{number}"
    chair.does(SubmitNotice(CASE, notice_id))
    chair.does(ApproveNotice(CASE, notice_id), "李")
    chair.does(IssueNotice(CASE, notice_id))


def notices(chair: Chair) -> tuple[Notice, ...]:
    """The case's notices."""
    return chair.state.incidents[CASE].notices


def messages(chair: Chair) -> list[etree._Element]:
    """Every CAP message that went out, valid by lxml and by xmlschema."""
    found = [one.payload for one in chair.sent if one.content_type == "application/cap+xml"]
    raw = resources.files("resources").joinpath("schema", "cap-1.2-subset.xsd").read_bytes()
    peer, own = xmlschema.XMLSchema(raw.decode()), etree.XMLSchema(etree.fromstring(raw))
    roots = [etree.fromstring(one) for one in found]
    for root in roots:
        own.assertValid(root)
        peer.validate(etree.tostring(root).decode())
    return roots


def said(root: etree._Element, name: str) -> str:
    """Text of an element of the message."""
    return root.findtext(f"c:{name}", "", CAP)


def referred(root: etree._Element) -> list[tuple[str, ...]]:
    """(sender, identifier, sent) of each reference."""
    return [tuple(one.split(",")) for one in said(root, "references").split()]


def test_extension_early_end_and_lifting_refer_to_every_message_before_them(public: Chair) -> None:
    end = notices(public)[0].facts.expected_end
    public.does(ExtendNotice(CASE, end + timedelta(hours=2), "管沟渗水"))
    passed(public, 2)
    public.does(EndNoticeEarly(CASE, end + timedelta(hours=1), "提前完工"))
    passed(public, 3)
    public.does(LiftNotice(CASE, f"{CASE}-N3", "供水已恢复"))
    roots = messages(public)
    assert [said(root, "msgType") for root in roots] == ["Alert", "Update", "Update", "Cancel"]
    own = [tuple(said(root, name) for name in ("sender", "identifier", "sent")) for root in roots]
    assert [referred(root) for root in roots] == [own[:0], own[:1], own[:2], own[:3]]
    assert [n.status for n in notices(public)] == [NoticeStatus.UPDATED, NoticeStatus.UPDATED, NoticeStatus.LIFTED]
    assert [n.change for n in notices(public)] == [NoticeChange.NONE, NoticeChange.EXTENSION, NoticeChange.EARLY_END]


def test_an_extension_says_until_when_and_why_in_chinese_and_moves_the_estimate(public: Chair) -> None:
    end = notices(public)[0].facts.expected_end + timedelta(hours=2)
    public.does(ExtendNotice(CASE, end, "管沟渗水"))
    case = public.state.incidents[CASE]
    assert (case.restoration_at, case.restoration_by) == (end, "王")
    passed(public, 2)
    zh, en = (one.text for one in messages(public)[-1].findall("c:info/c:description", CAP))
    assert zh is not None
    assert en is not None
    assert "【延长】恢复供水时间推迟至 2024年1月4日" in zh
    assert "原因：管沟渗水" in zh
    assert "EXTENDED" in en
    assert "管沟" not in en


def test_a_lifted_notice_advises_on_discoloured_water_and_a_withdrawn_one_does_not(public: Chair) -> None:
    public.does(LiftNotice(CASE, f"{CASE}-N1", "公告内容有误"))
    assert "可能发白或发黄" not in messages(public)[-1].findtext("c:info/c:description", "", CAP).split("停水公告")[0]
    chair = public
    chair.does(DraftNotice(CASE))
    passed(chair, 2)
    plan = chair.state.incidents[CASE].plan
    assert plan is not None
    for step in plan.valves_to_close:
        chair.does(MarkValveClosed(CASE, step.asset_id))
    for step in plan.valves_to_close:
        chair.does(MarkValveRestored(CASE, step.asset_id))
    chair.does(RecordSample(CASE, turbidity_ntu=0.4, chlorine_mgl=0.2))
    chair.does(LiftNotice(CASE, f"{CASE}-N2", "供水已恢复"))
    text = messages(chair)[-1].findtext("c:info/c:description", "", CAP)
    assert "可能发白或发黄" in text.split("停水公告")[0]


@pytest.mark.parametrize(
    ("make", "hours", "wrong"),
    [
        (ExtendNotice, -1.0, "ends later"),
        (ExtendNotice, 0.0, "ends later"),
        (EndNoticeEarly, 1.0, "before the announced end"),
        (EndNoticeEarly, -300.0, "after its begin"),
    ],
)
def test_an_extension_is_later_and_an_early_end_earlier(
    public: Chair, make: type[ExtendNotice] | type[EndNoticeEarly], hours: float, wrong: str
) -> None:
    end = notices(public)[0].facts.expected_end
    with pytest.raises(Refused, match=wrong):
        public.does(make(CASE, end + timedelta(hours=hours), "原因"))
    with pytest.raises(Refused, match="why"):
        public.does(make(CASE, end, " "))


def test_a_year_typed_wrong_is_refused_and_no_end_of_a_notice(public: Chair) -> None:
    far = datetime(9999, 12, 31, 23, tzinfo=UTC)  # no time in Jinan: the year 10000
    for intent in (ExtendNotice(CASE, far, "抢修难度大"), SetRestoration(CASE, far)):
        with pytest.raises(Refused, match="more than 3 years ahead"):
            public.does(intent)
    public.does(ExtendNotice(CASE, public.now + timedelta(days=2), "抢修\n难度大"))
    assert notices(public)[-1].change_reason == "抢修 难度大"


def test_an_early_end_that_has_passed_needs_the_valves_back(public: Chair) -> None:
    plan = public.state.incidents[CASE].plan
    assert plan is not None
    public.does(MarkValveClosed(CASE, plan.valves_to_close[0].asset_id))
    with pytest.raises(Refused, match="H10"):
        public.does(EndNoticeEarly(CASE, public.now - timedelta(seconds=5), "完工"))


def test_every_version_keeps_its_texts_facts_people_and_times(public: Chair) -> None:
    end = notices(public)[0].facts.expected_end
    public.does(ExtendNotice(CASE, end + timedelta(hours=2), "管沟渗水"))
    public.does(EditNotice(CASE, f"{CASE}-N2", "手改", "by hand"), "张")
    public.does(SubmitNotice(CASE, f"{CASE}-N2"), "张")
    second = from_json(to_json(notices(public)[1]), Notice)
    drafted, edited, submitted = second.history
    assert [(one.step, one.by) for one in second.history] == [
        (NoticeStep.DRAFTED, "王"),
        (NoticeStep.EDITED, "张"),
        (NoticeStep.SUBMITTED, "张"),
    ]
    assert (edited.text_zh, edited.facts, submitted.text_zh) == ("手改", None, None)
    assert drafted.facts is not None
    assert drafted.facts.expected_end == end + timedelta(hours=2)
    assert drafted.at < edited.at < submitted.at
    assert [one.step for one in notices(public)[0].history][-1] is NoticeStep.ISSUED


def test_lines_by_hand_of_the_version_in_force_stay_in_the_next_and_their_author_does_not_approve_it() -> None:
    settings = DeskSettings(site="jn", hotline="96116", issuer="水务集团")
    chair = Chair(settings=settings, documents=NoticeDocuments(settings, now=lambda: chair.now))
    chair.sees(a_finding())
    chair.does(JudgeBurst(CASE, ("H10",)))
    chair.does(DraftNotice(CASE))
    made = notices(chair)[0]
    chair.does(
        EditNotice(CASE, f"{CASE}-N1", made.text_zh.replace("给您带来不便", "送水车已到，给您带来不便"), made.text_en), "张"
    )
    passed(chair, 1)
    chair.does(ExtendNotice(CASE, made.facts.expected_end + timedelta(hours=2), "管沟渗水"))
    second = notices(chair)[1]
    assert "送水车已到" in second.text_zh
    assert second.facts.expected_end == made.facts.expected_end + timedelta(hours=2)
    chair.does(SubmitNotice(CASE, second.notice_id))
    with pytest.raises(Refused, match="second person"):
        chair.does(ApproveNotice(CASE, second.notice_id), "张")
    chair.does(ApproveNotice(CASE, second.notice_id), "李")


def test_undoing_a_drafted_extension_gives_the_estimate_back(public: Chair) -> None:
    before = public.state.incidents[CASE]
    public.does(ExtendNotice(CASE, notices(public)[0].facts.expected_end + timedelta(hours=2), "管沟渗水"))
    public.does(UndoLast(CASE))
    after = public.state.incidents[CASE]
    assert (after.restoration_at, after.notices) == (before.restoration_at, before.notices)
