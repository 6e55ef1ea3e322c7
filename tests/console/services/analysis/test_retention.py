"""What retention may delete: no history of open cases, and nothing while clock and readings disagree."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.clock import micros
from console.domain.incidents import Incident, Phase
from console.services.analysis.retention import (
    FIRST_US,
    Deletion,
    HistoryKind,
    RetentionRules,
    clock_fault,
    deletable,
    kept_for_cases,
    recorded_deletion,
)
from tests.console.notes import chinese, english

NOW = datetime(2026, 1, 10, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
STRETCHES = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20)).map(lambda one: (one[0], one[0] + one[1])), max_size=5)


def a_case(opened: datetime, closed: datetime | None = None) -> Incident:
    incident = Incident("2026-0001", "经十路", opened, opened)
    return incident if closed is None else replace(incident, closed_at=closed, phase=Phase.CLOSED)


@given(before=st.integers(0, 60), kept=STRETCHES)
def test_exactly_the_old_history_outside_protected_periods_may_be_deleted(before: int, kept: list[tuple[int, int]]) -> None:
    ranges = deletable(before, kept)
    for time in range(-5, 80):
        goes = any(since <= time < until for since, until in ranges)
        assert goes == (time < before and not any(since <= time < until for since, until in kept))
    assert list(ranges) == sorted(ranges)


def test_an_open_case_keeps_everything_from_before_its_begin_on() -> None:
    opened = NOW - 400 * DAY
    (stretch,) = kept_for_cases([a_case(opened)], micros(NOW))
    assert stretch[0] < micros(opened - timedelta(hours=1))
    assert deletable(micros(NOW - 90 * DAY), [stretch]) == ((FIRST_US, stretch[0]),)


@pytest.mark.parametrize(("days", "is_kept"), [(34, True), (36, False)])
def test_a_closed_case_keeps_its_own_for_the_weeks_in_which_its_package_is_written(days: int, is_kept: bool) -> None:
    closed = NOW - days * DAY
    found = kept_for_cases([a_case(closed - DAY, closed)], micros(NOW))
    assert bool(found) == is_kept
    if is_kept:
        assert found[0][1] > micros(closed)


@pytest.mark.parametrize("years", [-20, -1, 1, 14])
def test_a_clock_that_is_years_off_deletes_nothing_and_says_so(years: int) -> None:
    newest = np.full(50, micros(NOW), dtype=np.int64)
    assert clock_fault(micros(NOW + 365 * years * DAY), newest)


def test_a_right_clock_is_trusted_and_no_reading_at_all_is_no_evidence() -> None:
    newest = np.full(50, micros(NOW - timedelta(minutes=5)), dtype=np.int64)
    assert clock_fault(micros(NOW), newest) == ""
    assert clock_fault(micros(NOW), np.empty(0, np.int64)) is None


@pytest.mark.parametrize("off", [-3000, 3000])
def test_some_stations_with_wrong_clocks_neither_allow_nor_prevent_a_deletion(off: int) -> None:
    right, wrong = np.full(30, micros(NOW)), np.full(20, micros(NOW + off * DAY))
    assert clock_fault(micros(NOW), np.concatenate([right, wrong])) == ""
    assert clock_fault(micros(NOW + off * DAY), np.concatenate([right, wrong])) != ""


def test_the_entry_of_the_log_names_kind_span_and_count() -> None:
    first, last = datetime(2023, 12, 31, 16, 0, tzinfo=UTC), datetime(2024, 1, 1, 15, 59, tzinfo=UTC)
    (draft,) = recorded_deletion(Deletion(HistoryKind.READINGS, micros(NOW), 730, micros(first), micros(last), 4321)).drafts
    assert draft.subject == "retention/readings"
    assert draft.after == {
        "kind": "readings", "from": first.isoformat(), "until": last.isoformat(), "rows": 4321, "days": 730,
    }  # fmt: skip
    assert chinese(draft.note) == "按保留期 730 天删除历史读数：2024-01-01 00:00 至 2024-01-01 23:59，共 4321 条"
    assert english(draft.note) == (
        "Readings deleted after 730 days of retention: 2024-01-01 00:00 to 2024-01-01 23:59, 4321 rows"
    )


def test_by_default_readings_stay_two_years_positions_ninety_days_and_what_is_rolled_up_five_and_ten_years() -> None:
    rules = RetentionRules()
    assert {kind.value: rules.days(kind) for kind in HistoryKind} == {
        "readings": 730, "positions": 90, "expected": 35, "minutes": 1826, "quarters": 3652, "jobs": 35,
    }  # fmt: skip
