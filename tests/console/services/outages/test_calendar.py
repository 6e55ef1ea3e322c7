"""The week of outages: bars in lanes that never overlap, on the city's calendar; the list for other programs."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from console.domain.outages import Outage, OutagePurpose, OutageState
from console.services.outages.calendar import listed, monday_of, span_of, week_of
from tests.console.services.outages.test_outages import O1, outage, planned
from tests.console.services.town import Chair

ZONE = "Asia/Shanghai"
MONDAY = date(2024, 1, 1)
BEGIN = datetime(2024, 1, 1, tzinfo=UTC) - timedelta(hours=8)


def an_outage(number: int, start_h: float, hours: float) -> Outage:
    """From so many hours after Monday's midnight on."""
    starts = BEGIN + timedelta(hours=start_h)
    return Outage(f"O2024-{number:04d}", OutagePurpose.REPAIR, ("P1",), starts, starts + timedelta(hours=hours), BEGIN, "王")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(-100, 260), st.floats(0.5, 90)), max_size=12))
def test_bars_of_a_lane_never_overlap_and_every_outage_of_the_week_has_one(spans: list[tuple[float, float]]) -> None:
    outages = [an_outage(number, *span) for number, span in enumerate(spans)]
    week = week_of(outages, MONDAY, ZONE)
    inside = {one.outage_id for one in outages if one.ends_at > BEGIN and one.starts_at < BEGIN + timedelta(days=7)}
    assert {bar.outage.outage_id for bar in week.bars} == inside
    assert all(0.0 <= bar.begin <= bar.end <= 7.0 for bar in week.bars)
    for a, b in combinations(week.bars, 2):
        assert a.lane != b.lane or a.outage.ends_at <= b.outage.starts_at or b.outage.ends_at <= a.outage.starts_at
    most = max(
        (sum(a.outage.starts_at <= b.outage.starts_at < a.outage.ends_at for a in week.bars) for b in week.bars), default=0
    )
    assert week.lanes == most


def test_a_bar_begins_at_the_hour_of_the_citys_day() -> None:
    (bar,) = week_of([an_outage(1, 24 + 6, 12)], MONDAY, ZONE).bars
    assert (bar.begin, bar.end) == (1.25, 1.75)
    assert monday_of(datetime(2024, 1, 7, 16, 30, tzinfo=UTC), ZONE) == date(2024, 1, 8)  # 00:30 in Jinan
    assert span_of(MONDAY, ZONE)[0] == BEGIN


def test_a_cancelled_outage_leaves_the_calendar() -> None:
    gone = replace(an_outage(1, 10, 5), state=OutageState.CANCELLED)
    assert week_of([gone], MONDAY, ZONE).bars == ()


def test_the_list_is_json_with_times_of_the_city(chair: Chair) -> None:
    planned(chair, "H20")
    (row,) = json.loads(json.dumps(listed([outage(chair)], ZONE)))
    assert (row["outage_id"], row["state"], row["households_without_water"]) == (O1, "planned", 40)
    assert row["starts"] == "2024-01-05T23:00:05+08:00"
    assert row["critical"][0]["told_by"] == ""
    assert set(row["valves"]) == {"H20a", "H20b"}
