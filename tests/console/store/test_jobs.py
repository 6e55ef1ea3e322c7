"""Rows of jobs: written once a key, next times by the store's clock, refused for a process that does not lead."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from console.domain.jobs import JobKey, JobKind, JobRow, JobState
from console.services.analysis.retention import HistoryKind
from console.services.ports import NotLeading
from console.store import SqlStore, open_store
from tests.console.store.older import a_store_of_revision

FILES = JobKey(JobKind.FILES, "2024-0001-N1", "2024-0001-N1-v1")
IMPACT = JobKey(JobKind.IMPACT, "2024-0001", "ab12")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlStore]:
    """An empty store."""
    opened = open_store(tmp_path / "s.sqlite" if request.param == "sqlite" else request.getfixturevalue("database"))
    yield opened
    opened.close()


def test_a_job_has_one_row_as_it_was_written_last_and_its_wait_runs_down(kept: SqlStore) -> None:
    kept.jobs.record([JobRow(FILES), JobRow(IMPACT, JobState.RUNNING, 1, 2.0)])
    kept.jobs.record([JobRow(FILES, JobState.FAILED, 3, 60.0, "no disk")])
    found = {one.key: one for one in kept.jobs.unfinished()}
    assert set(found) == {FILES, IMPACT}
    files = found[FILES]
    assert (files.state, files.attempts, files.reason) == (JobState.FAILED, 3, "no disk")
    assert 30.0 < files.wait_s <= 60.0


def test_another_basis_is_another_job_and_ended_ones_are_listed_only(kept: SqlStore) -> None:
    lifted = JobKey(JobKind.FILES, FILES.subject, f"{FILES.basis}-lifted")
    kept.jobs.record([JobRow(FILES, JobState.SUPERSEDED, 2, reason="lifted"), JobRow(lifted, JobState.DONE, 1)])
    assert kept.jobs.unfinished() == ()
    assert {one.key for one in kept.jobs.latest(10)} == {FILES, lifted}
    assert len(kept.jobs.latest(1)) == 1


def test_a_job_is_written_by_the_leader_under_its_own_epoch_alone(tmp_path: Path) -> None:
    first = open_store(tmp_path / "s.sqlite", "engine", is_shared=True)
    second = open_store(tmp_path / "s.sqlite", "engine", is_shared=True)
    epoch = first.hold_lease().epoch
    second.hold_lease()
    first.jobs.record([JobRow(FILES, JobState.RUNNING, 1)], epoch)
    with pytest.raises(NotLeading):
        second.jobs.record([JobRow(FILES, JobState.DONE, 1)])
    first.release_lease()
    assert second.hold_lease().is_ours
    with pytest.raises(NotLeading):
        first.jobs.record([JobRow(FILES, JobState.DONE, 1)], epoch)
    with pytest.raises(NotLeading):
        second.jobs.record([JobRow(FILES, JobState.DONE, 1)], epoch)  # of an earlier time as leader
    (row,) = second.jobs.unfinished()
    assert (row.state, row.attempts) == (JobState.RUNNING, 1)
    first.close()
    second.close()


def test_a_store_of_the_tenth_revision_opens_and_takes_jobs(tmp_path: Path) -> None:
    a_store_of_revision(tmp_path / "old.sqlite", "0010")
    store = open_store(tmp_path / "old.sqlite")
    assert store.jobs.unfinished() == ()
    store.jobs.record([JobRow(FILES)])
    assert [one.key for one in store.jobs.unfinished()] == [FILES]
    store.close()


def test_ended_jobs_of_a_time_are_deleted_and_counted_unfinished_ones_never(kept: SqlStore) -> None:
    kept.jobs.record([JobRow(FILES, JobState.DONE, 1), JobRow(IMPACT, JobState.FAILED, 2, 9.0, "no model")])
    (failed,) = kept.jobs.unfinished()
    assert kept.delete_history(HistoryKind.JOBS, 0, failed.at_us, 10, days=35, at_us=0) == 0
    assert kept.delete_history(HistoryKind.JOBS, 0, failed.at_us + 1, 10, days=35, at_us=0) == 1
    assert [one.key for one in kept.jobs.latest(10)] == [IMPACT]
    (deletion,) = kept.deletions()
    assert (deletion.kind, deletion.rows) == (HistoryKind.JOBS, 1)
