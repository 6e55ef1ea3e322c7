"""Delay between measurement and arrival per station; late readings; no delay is stated without arrival times."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from console.domain.clock import micros
from console.services.review.answers import Answer, Verdict
from console.services.review.arrival import arrival_delays, late_readings
from console.services.review.decisions import late_information
from console.services.review.record import CaseRecord
from tests.console.package.cases import a_case
from tests.console.services.town import NOW


@pytest.fixture(scope="module")
def record() -> CaseRecord:
    """A case in which S4's readings were held up for eight minutes."""
    return a_case()


def facts(answer: Answer) -> dict[str, object]:
    """Values by key."""
    return {fact.key: fact.value for fact in answer.facts}


def test_the_slowest_station_is_named_with_its_longest_delay(record: CaseRecord) -> None:
    answer = arrival_delays(record)
    first = micros(NOW)
    own = record.readings.where(record.readings.station == 3)
    held = own.at_us[(own.at_us >= first) & (own.at_us < first + 480_000_000)]
    longest = timedelta(microseconds=first + 482_000_000 - int(held.min()))
    assert facts(answer) == {"arrival_median": 2.0, "arrival_longest": longest, "arrival_late": ("S4",)}
    assert answer.table is not None
    by_station = {str(row[0]): row for row in answer.table.rows}
    assert by_station["S1"][2:] == (2.0, timedelta(seconds=2), 0)
    assert by_station["S4"][4] == int((first + 482_000_000 - held > 300_000_000).sum())
    assert answer.table.rows[0][0] == "S4"


def test_readings_that_arrived_together_late_are_one_line(record: CaseRecord) -> None:
    lines = late_readings(record)
    assert len(lines) == 1
    at, delay, station, what = lines[0]
    assert station == "S4"
    assert at == NOW + timedelta(seconds=482)
    assert delay > timedelta(minutes=5)
    assert what.startswith("S4 ")
    table = late_information(record).table
    assert table is not None
    assert table.rows[-1][0] == at
    assert table.rows[-1][3] == delay
    assert facts(late_information(record))["late_stations"] == ("S4",)


def test_without_arrival_times_no_delay_is_stated(record: CaseRecord) -> None:
    untimed = replace(record, readings=replace(record.readings, arrived_us=None))
    answer = arrival_delays(untimed)
    assert {fact.verdict for fact in answer.facts} == {Verdict.UNKNOWN}
    assert late_readings(untimed) == []
    some = np.where(np.arange(len(record.readings)) % 2, record.readings.known_us(), 0)
    half = replace(record, readings=replace(record.readings, arrived_us=some))
    assert facts(arrival_delays(half))["arrival_unknown"] == (len(some) + 1) // 2
