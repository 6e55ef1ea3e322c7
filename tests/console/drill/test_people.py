"""The drill with people: callers, a crew's browser and a second seat; every time it claims is the store's."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from console.domain.actors import Proof, Role
from console.domain.changes import Change
from console.domain.incidents import INCIDENT
from console.drill import DrillOptions, run_drill
from console.drill.people import PeopleRoom
from console.drill.people.times import ORDER, people_times
from console.store import SqlStore, open_store
from maps.dataset import write_city
from maps.synthetic import SyntheticOptions, build_city
from tests.console.web.chromium import command

LONGEST_S = 150.0
"""Real seconds; guards against hangs only."""


def test_a_store_without_a_case_gives_no_time_and_lists_every_step(tmp_path: Path) -> None:
    store = open_store(tmp_path / "empty.sqlite")
    found = people_times(store, "", lambda at: at)
    store.close()
    assert set(found["times"].values()) == {None}
    assert len(found["not_done"]) == len(ORDER) - 1  # a cluster of calls is not needed where the stations find the burst


@pytest.mark.slow
def test_people_carry_a_burst_from_the_first_call_to_the_closed_case_and_claim_nothing_else(tmp_path: Path) -> None:
    command()
    city = tmp_path / "city.gpkg"
    write_city(build_city(SyntheticOptions(pipes=300, seed=5)), city)
    summary = run_drill(DrillOptions(out=tmp_path / "演练", city=city, screens=False), PeopleRoom(LONGEST_S))
    assert summary["not_done"] == []
    assert summary["incident"]["phase"] == "closed"
    assert summary["incident"]["judged"] == [summary["burst"]["pipe"]]
    at = {name: datetime.fromisoformat(text) for name, text in summary["times"].items() if text is not None}
    _in_order(at)
    store = open_store(tmp_path / "演练" / "drill.sqlite")
    try:
        assert store.verify_chain() is None
        changes = store.changes_of(INCIDENT.subject(summary["incident"]["id"]))
        _by_whom(changes, at)
        _held(store, summary, at)
    finally:
        store.close()


def _in_order(at: dict[str, datetime]) -> None:
    """Each chain by itself: between them the people work side by side."""
    for chain in (
        ("first_call", "judged", "planned", "isolated"),
        ("first_call", "matched_answer", "case_closed"),
        ("finding", "case_opened", "judged", "order_sent", "order_on_phone"),
        ("order_sent", "crew_on_site", "pipe_found", "crew_sent", "valves_closed", "isolated", "customers_told"),
        ("notice_drafted", "notice_submitted", "notice_approved", "notice_issued", "notice_delivered"),
        ("notice_issued", "customers_told", "valves_restored", "sample_passed", "notice_lifted", "case_closed"),
        ("case_closed", "satisfaction_asked", "satisfaction_answered"),
        ("case_closed", "callbacks_made"),
    ):
        moments = [at[name] for name in chain]
        assert moments == sorted(moments), chain


def _by_whom(changes: tuple[Change, ...], at: dict[str, datetime]) -> None:
    """The log of actions itself: who did it, shown by what, and when."""
    made = {kind: [one for one in changes if one.kind == kind] for kind in {one.kind for one in changes}}

    def actors(kind: str) -> set[tuple[Role, Proof, str]]:
        return {(one.actor.role, one.actor.proof, one.actor.seat) for one in made[kind] if one.actor is not None}

    assert actors("notice_submitted") == {(Role.DISPATCHER, Proof.PASSWORD, "seat-1")}
    assert actors("notice_approved") == {(Role.SUPERVISOR, Proof.PASSWORD, "seat-2")}
    for kind in ("valve_closed", "valve_restored", "sample_recorded", "crew_found_pipe"):
        assert {one.actor.role for one in made[kind] if one.actor is not None} == {Role.CREW}, kind
    assert len(made["valve_closed"]) == len(made["valve_restored"])
    for name, kind in (
        ("valves_closed", "valve_closed"), ("isolated", "phase_isolated"), ("notice_approved", "notice_approved"),
        ("notice_issued", "notice_issued"), ("customers_told", "customers_told"), ("valves_restored", "valve_restored"),
        ("sample_passed", "sample_recorded"), ("notice_lifted", "notice_lifted"), ("case_closed", "phase_closed"),
    ):  # fmt: skip
        assert made[kind][0].at >= changes[0].at <= at[name] <= made[kind][-1].at, name


def _held(store: SqlStore, summary: dict[str, Any], at: dict[str, datetime]) -> None:
    """Calls and ratings, counted anew from the log of each ticket."""
    since, until = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)

    def count(kind: str) -> int:
        microseconds = (int(one.timestamp() * 1e6) for one in (since, until))
        return sum(one.subject.startswith("ticket/") for one in store.changes_between([kind], *microseconds))

    assert count("ticket_taken") == summary["people"]["tickets"] == len(summary["calls"]) == 4
    assert count("ticket_called_back") == summary["people"]["callbacks"] > 0
    assert count("ticket_rated") == summary["people"]["satisfaction"]["asked"] > summary["people"]["satisfaction"]["answered"] > 0
    known = [one["ticket"] for one in summary["calls"] if one["answer"].startswith("已知")]
    assert known
    assert at["matched_answer"] <= min(store.changes_of(f"ticket/{one}")[0].at for one in known)
