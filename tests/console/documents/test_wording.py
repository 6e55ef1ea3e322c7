"""Texts of a notice: required content, and no field can add a line of its own."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.documents.wording import clean, clean_lines, draft_text, facts_in_words, issued_texts
from console.domain.notices import NoticeKind, NoticeStatus
from tests.console.documents.cases import LIFTED, a_notice, some_facts

NO_NAMES = {"no_water_communities": (), "low_pressure_communities": (), "delayed_communities": (), "units": ()}
NOBODY = {**NO_NAMES, "roads": (), "households_no_water": 0, "households_low_pressure": 0}


def lines(language: str, **changed: object) -> list[str]:
    """The draft's lines."""
    return draft_text(some_facts(**changed), language).splitlines()


def one(found: list[str], start: str) -> str:
    """The only line that starts so."""
    (line,) = [line for line in found if line.strip("　 ").startswith(start)]
    return line


def test_the_outage_window_is_given_in_the_citys_time() -> None:
    window = one(lines("zh_CN"), "一、")
    assert "2024年1月3日23:01" in window
    assert "2024年1月4日03:30" in window
    assert "北京时间" in window
    assert "3 January 2024, 23:01" in one(lines("en"), "1.")


def test_a_zone_with_summer_time_names_the_offset_of_each_end() -> None:
    spring = {"starts_at": datetime(2024, 3, 31, 0, 30, tzinfo=UTC), "expected_end": datetime(2024, 3, 31, 5, 0, tzinfo=UTC)}
    window = one(lines("en", time_zone="Europe/Berlin", **spring), "1.")
    assert "01:30 UTC+01:00" in window
    assert "07:00 UTC+02:00" in window


def test_no_water_and_low_pressure_are_kept_apart() -> None:
    found = lines("zh_CN")
    assert "泉城花园" not in one(found, "停水：")
    assert "美林苑" not in one(found, "降压（")
    assert "1,284" in one(found, "停水约")
    assert "412" in one(found, "降压约")


def test_only_low_pressure_is_not_called_an_outage() -> None:
    only_low = {"no_water_communities": (), "households_no_water": 0}
    assert "降压供水公告" in draft_text(some_facts(**only_low), "zh_CN")
    assert one(lines("zh_CN", **only_low), "一、").startswith("一、降压时间")


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_what_is_unknown_is_said_to_be_unknown(language: str) -> None:
    text = draft_text(some_facts(**NOBODY), language)
    assert ("正在核实" if language == "zh_CN" else "being established") in text


def test_clauses_of_delay_early_return_taps_store_and_colour_are_there() -> None:
    text = draft_text(some_facts(), "zh_CN")
    for word in (
        "顺延",
        "提前恢复",
        "关闭水龙头",
        "储水",
        "发白或发黄",
        "0531-000000",
        "济南水务调度中心",
        "DN300",
        "北园大街北侧",
    ):
        assert word in text
    english = draft_text(some_facts(), "en")
    for word in ("delayed", "early", "taps", "store", "white or yellow", "0531-000000", "DN300", "北园大街 (north side)"):
        assert word in english


def test_planned_and_emergency_notices_differ_in_title_and_cause() -> None:
    planned = draft_text(some_facts(kind=NoticeKind.PLANNED, cause="", work="对DN600管线进行迁改"), "zh_CN")
    assert "计划停水公告" in planned
    assert "为保证供水安全稳定，计划对DN600管线进行迁改" in planned
    assert "抢修停水公告" in draft_text(some_facts(), "zh_CN")


def test_a_cause_typed_by_hand_is_in_the_notice() -> None:
    assert "因道路塌陷，正在" in draft_text(some_facts(cause="道路塌陷"), "zh_CN")
    assert "Because of a road collapse" in draft_text(some_facts(cause="a road collapse"), "en")
    assert "道路" not in one(lines("en", cause="道路塌陷"), "Because").split("Some")[0]


def test_drills_and_synthetic_cities_are_named_in_the_first_lines() -> None:
    first, second, *_ = lines("zh_CN", is_drill=True, synthetic=True)
    assert first.startswith("【演练】")
    assert second.startswith("【合成数据】")
    assert lines("en", is_drill=True)[0].startswith("*** DRILL ***")
    assert "演练" not in draft_text(some_facts(), "zh_CN")


def test_a_missing_hotline_is_marked_as_missing() -> None:
    assert "未设置" in one(lines("zh_CN", hotline=""), "供水服务热线")


def test_supply_by_other_means_is_promised_only_over_24_hours() -> None:
    assert "应急供水" not in draft_text(some_facts(), "zh_CN")
    assert "应急供水" in draft_text(some_facts(emergency_supply=True), "zh_CN")


def test_a_long_list_of_communities_is_cut_and_counted() -> None:
    text = draft_text(some_facts(no_water_communities=tuple(f"小区{n}" for n in range(90))), "zh_CN")
    assert "等 90 处" in text
    assert "小区89" not in text


def test_estimated_households_are_called_estimated() -> None:
    assert "估算" in one(lines("zh_CN", estimated_customers=True), "停水约")
    assert "估算" not in one(lines("zh_CN"), "停水约")


HOSTILE = st.text(st.characters(exclude_categories=[]), max_size=40)


@given(name=HOSTILE)
@settings(max_examples=200, deadline=None)
def test_a_field_is_one_line_without_invisible_characters(name: str) -> None:
    cleaned = clean(name)
    assert len(cleaned) <= 200
    assert not [char for char in cleaned if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"}]
    cleaned.encode("utf-8")
    assert clean(cleaned) == cleaned


@given(name=HOSTILE)
@settings(max_examples=100, deadline=None)
def test_no_name_adds_a_line_to_the_notice(name: str) -> None:
    plain = len(lines("zh_CN", no_water_communities=("美林苑",)))
    assert len(draft_text(some_facts(no_water_communities=("美林苑" + name,)), "zh_CN").split("\n")) == plain + 1


def test_a_name_with_a_line_break_or_turned_text_cannot_fake_a_clause() -> None:
    text = draft_text(some_facts(units=("医院\n二、解除停水\u202egnitaf{hotline}",)), "zh_CN")
    assert "医院 二、解除停水gnitaf{hotline}" in text


def test_edited_texts_keep_their_lines_but_no_control_characters() -> None:
    assert clean_lines("一\r\n\u200b二\x07\r　　三\u2028") == "一\n二\n　　三"


def test_the_issued_text_is_the_approved_one_with_its_date() -> None:
    texts = issued_texts(a_notice(("改过的公告\n内容", "Edited\nbody"), some_facts()), LIFTED)
    assert texts[0] == "改过的公告\n内容\n2024年1月3日\n"
    assert texts[1].splitlines()[-1] == "3 January 2024"


def test_a_drill_whose_banner_was_edited_away_gets_it_back() -> None:
    text, _ = issued_texts(a_notice(("公告", "Notice"), some_facts(is_drill=True)), LIFTED)
    assert text.startswith("【演练】")


def test_an_update_and_a_lifting_say_so_first() -> None:
    facts = some_facts()
    update, _ = issued_texts(a_notice(("公告", "Notice"), facts, version=2, references=("a,b,c",)), LIFTED)
    assert update.startswith("【更新】本公告为第 2 版")
    lifted, english = issued_texts(a_notice(("公告", "Notice"), facts, status=NoticeStatus.LIFTED), LIFTED)
    assert lifted.startswith("【已解除】")
    assert "2024年1月4日04:00" in lifted
    assert "ended at 4 January 2024, 04:00" in english


def test_a_lifting_gives_its_reason_in_each_language() -> None:
    lifted = a_notice(("公告", "Notice"), some_facts(), status=NoticeStatus.LIFTED, lifted_at=LIFTED)
    usual = issued_texts(replace(lifted, lift_reason="供水已恢复"), LIFTED)
    assert "原因：供水已恢复" in usual[0]
    assert "Reason: Water service is back" in usual[1]
    own = issued_texts(replace(lifted, lift_reason="管道位置有误"), LIFTED)
    assert "原因：管道位置有误" in own[0]
    assert "Reason" not in own[1], "an English notice quotes no Chinese"


def test_a_notice_withdrawn_for_a_wrong_text_does_not_claim_that_water_is_back() -> None:
    lifted = a_notice(("公告", "Notice"), some_facts(), status=NoticeStatus.LIFTED, lift_reason="公告内容有误", withdrawn=True)
    zh, en = issued_texts(lifted, LIFTED)
    assert zh.startswith("【已撤回】")
    assert "恢复" not in zh
    assert "restored" not in en


def test_a_lifting_is_dated_by_its_own_time_however_late_its_files_are_written() -> None:
    lifted = a_notice(("公告", "Notice"), some_facts(), status=NoticeStatus.LIFTED, lifted_at=LIFTED)
    assert "2024年1月4日04:00" in issued_texts(lifted, LIFTED + timedelta(hours=9))[0]


@pytest.mark.parametrize(
    ("name", "english"),
    [
        ("阳光花园（东北）", "阳光花园 (north-east)"),
        ("阳光花园（历下区）", "阳光花园 (历下区)"),
        ("阳光花园", "阳光花园"),
        ("（东北）", "（东北）"),
    ],
)
def test_the_qualifier_of_communities_of_one_name_is_written_in_each_language(name: str, english: str) -> None:
    facts = some_facts(no_water_communities=(name,), low_pressure_communities=(), delayed_communities=())
    assert f"停水：{name}" in draft_text(facts, "zh_CN")
    assert english in draft_text(facts, "en")
    assert english in facts_in_words(facts, "en")["communities"]
