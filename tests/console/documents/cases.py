"""Facts and notices of tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from console.domain.notices import Notice, NoticeFacts, NoticeKind, NoticeStatus

ISSUED = datetime(2024, 1, 3, 15, 9, 30, tzinfo=UTC)
LIFTED = datetime(2024, 1, 3, 20, 0, 0, tzinfo=UTC)
RING = ((36.69, 117.01), (36.69, 117.02), (36.70, 117.02), (36.695, 117.012), (36.69, 117.01))


def some_facts(**changed: Any) -> NoticeFacts:
    """The night of the article."""
    facts = NoticeFacts(
        kind=NoticeKind.EMERGENCY,
        cause="应急抢修",
        work="对北园大街DN300供水管道进行应急抢修",
        starts_at=datetime(2024, 1, 3, 15, 1, 20, tzinfo=UTC),
        expected_end=datetime(2024, 1, 3, 19, 30, tzinfo=UTC),
        time_zone="Asia/Shanghai",
        roads=("北园大街北侧", "济泺路"),
        no_water_communities=("美林苑",),
        low_pressure_communities=("泉城花园",),
        delayed_communities=("美林苑高层",),
        units=("天桥透析中心",),
        households_no_water=1284,
        households_low_pressure=412,
        hotline="0531-000000",
        issuer="济南水务调度中心",
        city_name="济南市",
        affected_wgs84=(RING,),
    )
    return replace(facts, **changed)


def a_notice(texts: tuple[str, str], facts: NoticeFacts, **changed: Any) -> Notice:
    """An issued notice of these facts and texts."""
    notice = Notice(
        notice_id="2024-0007-N1",
        incident_id="2024-0007",
        version=1,
        status=NoticeStatus.ISSUED,
        facts=facts,
        text_zh=texts[0],
        text_en=texts[1],
        drafted_at=datetime(2024, 1, 3, 15, 4, tzinfo=UTC),
        drafted_by="调度员",
        approved_by="值班长",
        approved_at=datetime(2024, 1, 3, 15, 8, tzinfo=UTC),
        issued_at=ISSUED,
    )
    return replace(notice, **changed)
