"""The estimate of restoration follows diameter, material and season."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from console.services.incidents.restoration_time import RestorationTable
from maps.errors import InputFault

TABLE = RestorationTable.load()


def test_a_larger_main_takes_longer() -> None:
    hours = [TABLE.hours(diameter, "", 5) for diameter in (100, 150, 151, 300, 500, 800, 1600)]
    assert hours == sorted(hours)
    assert hours[0] == hours[1] < hours[2]


@pytest.mark.parametrize(
    ("slower", "faster"), [("灰口铸铁", "球墨铸铁"), ("PCCP", "DIP"), ("钢筋混凝土", "PE100"), ("cast iron", "ductile iron")]
)
def test_the_material_counts(slower: str, faster: str) -> None:
    assert TABLE.hours(300, slower, 5) > TABLE.hours(300, faster, 5)


def test_frost_takes_longer_and_the_month_is_the_citys_own() -> None:
    assert TABLE.hours(300, "", 1) > TABLE.hours(300, "", 5)
    # 30 November 18:00 UTC is 1 December in Jinan.
    november = datetime(2023, 11, 30, 18, 0, tzinfo=UTC)
    in_utc = TABLE.expected_end(300, "", november, "UTC")
    in_jinan = TABLE.expected_end(300, "", november, "Asia/Shanghai")
    assert in_jinan > in_utc


def test_the_time_is_rounded_up_and_travel_is_counted() -> None:
    start = datetime(2024, 5, 1, 0, 1, 2, 3, tzinfo=UTC)
    end = TABLE.expected_end(300, "", start, "UTC")
    assert (end.minute % TABLE.round_minutes, end.second, end.microsecond) == (0, 0, 0)
    assert TABLE.expected_end(300, "", start, "UTC", travel_minutes=60) > end


def test_an_unknown_diameter_counts_as_the_middle_of_the_table() -> None:
    rows = TABLE.hours_by_diameter
    assert TABLE.hours(float("nan"), "", 5) == TABLE.hours(rows[len(rows) // 2][0], "", 5)


@pytest.mark.parametrize("text", ["", "version = ", 'version="1"\nsource="x"\nround_minutes=30\n[filling]\nshare=1'])
def test_a_table_that_cannot_be_read_is_reported(text: str) -> None:
    with pytest.raises(InputFault, match=r"restoration\.toml"):
        RestorationTable.load(text)
