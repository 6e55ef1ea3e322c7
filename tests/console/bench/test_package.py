"""The package benchmark runs and prints the figures of its budget."""

from __future__ import annotations

from console.bench.package import a_record, run
from console.services.review.states import broken_change


def test_the_bench_prints_its_figures() -> None:
    found = run(pipes=200, stations=10, hours=1.0, window=False)
    assert {"write_s", "open_s", "picture_ms", "report_mb", "package_mb"} <= set(found)
    assert found["readings"] == 600


def test_the_record_of_the_benchmark_is_a_complete_case() -> None:
    record = a_record(200, 10, 1.0)
    assert broken_change(record.changes, record.links) is None
    assert record.incident_states[-1].value == record.incident
