"""Remarks before approval: every rule that a notice breaks, and no other."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from console.documents.remarks import left_out, remarks
from console.documents.wording import draft_text
from console.domain.notices import NoticeKind
from tests.console.documents.cases import ISSUED, some_facts


def said(**changed: Any) -> str:
    """All remarks on the facts, in Chinese."""
    return " ".join(remarks(some_facts(**changed), ISSUED, "zh_CN"))


def test_a_complete_emergency_notice_needs_no_remark() -> None:
    assert remarks(some_facts(), ISSUED, "zh_CN") == ()
    assert remarks(some_facts(), ISSUED, "en") == ()


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"hotline": " "}, "热线"),
        ({"issuer": ""}, "发布单位"),
        ({"fire_brigade": True}, "119"),
        ({"estimated_customers": True}, "估算"),
        ({"affected_wgs84": ()}, "边界"),
        ({"households_without_supply_before": 12}, "12 户按数据在此前就没有水源"),
        ({"customers_piece_unknown": 3}, "3 个用户所在管段不明"),
        ({"expected_end": ISSUED}, "更正"),
        ({"expected_end": ISSUED + timedelta(hours=25)}, "应急供水"),
        ({"roads": (), "no_water_communities": (), "low_pressure_communities": ()}, "未知"),
    ],
)
def test_what_is_missing_or_owed_is_named(changed: dict[str, Any], word: str) -> None:
    assert word in said(**changed)


def test_a_planned_outage_wants_24_hours_to_the_minute() -> None:
    late = {"starts_at": ISSUED + timedelta(hours=24) - timedelta(minutes=1), "expected_end": ISSUED + timedelta(hours=30)}
    timely = {"starts_at": ISSUED + timedelta(hours=24), "expected_end": ISSUED + timedelta(hours=30)}
    assert "24 小时" in said(kind=NoticeKind.PLANNED, **late)
    assert said(kind=NoticeKind.PLANNED, **timely) == ""


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_a_draft_contains_every_required_fact(language: str) -> None:
    facts = some_facts()
    assert left_out(facts, draft_text(facts, language), language, "zh_CN") == ()


def test_a_corrected_text_that_lost_a_community_or_the_hotline_says_so() -> None:
    facts = some_facts()
    text = draft_text(facts, "zh_CN").replace(facts.hotline, "").replace(facts.no_water_communities[0], "")
    (line,) = left_out(facts, text, "zh_CN", "en")
    assert facts.hotline in line
    assert facts.no_water_communities[0] in line
