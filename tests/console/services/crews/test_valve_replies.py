"""A crew's report on a valve has the effect of the desk's own mark, with the crew as its source."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from console.domain.changes import ChangeSet
from console.domain.corrections import CORRECTION
from console.domain.incidents import Incident, Phase, Unable
from console.domain.orders import OrderReply
from console.domain.values import to_json
from console.services.crews.valve_reports import MarkValveClosed, MarkValveRestored, MarkValveUnable
from console.services.incidents.judging import DismissIncident, JudgeBurst
from maps.city import HydrantTable
from tests.console.notes import chinese
from tests.console.services.conftest import CASE
from tests.console.services.town import Chair, a_finding, a_town

ORDER = f"{CASE}-W1"


def says(chair: Chair, state: str, valve: str, crew: str = "C1", **more: object) -> ChangeSet:
    """A crew replies to its order."""
    reply = replace(OrderReply(ORDER, crew, state, None, valve_id=valve), **more)  # type: ignore[arg-type]
    return chair.take(chair.desk.on_order_reply(chair.state, reply, chair.now), crew)


def _without_durations(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_durations(one) for key, one in value.items() if key != "compute_ms"}
    return [_without_durations(one) for one in value] if isinstance(value, list) else value


def case(chair: Chair) -> Incident:
    return chair.state.incidents[CASE]


@pytest.mark.parametrize(
    ("state", "unable", "mark"),
    [
        ("valve_closed", "", MarkValveClosed(CASE, "H10a")),
        *(("valve_unable", one.value, MarkValveUnable(CASE, "H10a", one)) for one in Unable),
    ],
)
def test_a_crew_s_report_on_a_valve_changes_the_case_as_the_desk_s_own_mark_does(
    judged: Chair, state: str, unable: str, mark: MarkValveClosed | MarkValveUnable
) -> None:
    twin = Chair()
    twin.sees(a_finding())
    twin.state, twin.now, twin.log = judged.state, judged.now, list(judged.log)
    asked = twin.does(mark, "C1")
    told = says(judged, state, "H10a", unable=unable)
    # A report that the valve is not as the dataset says proposes a correction as well.
    assert len(told.of(CORRECTION)) == (unable in ("seized", "not_tight", "not_found"))
    step = ChangeSet(tuple(one for one in told.drafts if one.kind != "correction_proposed"), told.incidents, told.outgoing)
    assert _without_durations(to_json(step)) == _without_durations(to_json(asked))
    (reported,) = case(judged).valve_marks
    assert reported.by == "C1"
    assert judged.log[-1].user == "C1"
    if unable:
        plan = case(judged).plan
        assert plan is not None
        assert "H10a" not in {step.asset_id for step in plan.valves_to_close}


def test_a_report_bears_the_time_at_which_the_crew_turned_the_valve(judged: Chair) -> None:
    at = judged.now - timedelta(seconds=5)
    says(judged, "valve_closed", "H10a", at=at)
    assert case(judged).valve_marks[0].at == at
    says(judged, "valve_closed", "H10b", at=at - timedelta(days=300))  # a clock that was never set
    assert case(judged).valve_marks[1].at == case(judged).opened_at


def test_a_crew_that_holds_a_valve_card_alone_reports_by_the_case(judged: Chair) -> None:
    says(judged, "valve_closed", "H10a", crew="C3", order_id="", incident_id=CASE)
    assert case(judged).valve_marks[0].by == "C3"
    assert says(judged, "valve_closed", "H10b", crew="C9", order_id="", incident_id=CASE).is_empty  # an unknown crew


def test_a_valve_counts_as_closed_also_when_the_order_was_called_back_or_done(judged: Chair) -> None:
    says(judged, "done", "")
    says(judged, "valve_closed", "H10a")
    assert case(judged).closed_valves() == ("H10a",)


def test_a_report_that_comes_again_changes_nothing(judged: Chair) -> None:
    at = judged.now
    says(judged, "valve_closed", "H10a", at=at)
    says(judged, "valve_unable", "H10b", at=at, unable="seized")
    assert says(judged, "valve_closed", "H10a", at=at).is_empty
    assert says(judged, "valve_unable", "H10b", at=at, unable="seized").is_empty


def test_a_report_older_than_what_is_known_of_the_valve_is_noted_and_changes_no_plan(judged: Chair) -> None:
    at = judged.now
    says(judged, "valve_closed", "H10a", at=at)
    judged.now += timedelta(minutes=10)
    judged.does(MarkValveRestored(CASE, "H10a"))
    before = case(judged)
    told = says(judged, "valve_unable", "H10a", at=at + timedelta(minutes=1), unable="not_tight")
    assert "H10a" in chinese(told.drafts[0].note)
    assert replace(case(judged), version=before.version) == before
    assert says(judged, "valve_unable", "H10a", at=at + timedelta(minutes=1), unable="not_tight").is_empty


@pytest.mark.parametrize(("valve", "unable"), [("H10a", ""), ("H10a", "rusty"), ("no such valve", "seized")])
def test_a_report_that_cannot_be_applied_stays_in_the_log_of_actions(judged: Chair, valve: str, unable: str) -> None:
    before = case(judged)
    told = says(judged, "valve_unable", valve, unable=unable)
    assert [draft.kind for draft in told.drafts] == ["valve_report_unused"]
    assert valve in chinese(told.drafts[0].note)
    assert replace(case(judged), version=before.version) == before


def test_a_report_for_a_closed_case_is_noted_and_one_for_no_case_changes_nothing(judged: Chair) -> None:
    judged.does(DismissIncident(CASE, "误报"))
    told = says(judged, "valve_closed", "H10a")
    assert [draft.kind for draft in told.drafts] == ["valve_report_unused"]
    assert case(judged).phase is Phase.CLOSED
    assert says(judged, "valve_closed", "H10a", order_id="2031-0001-W1").is_empty


def test_the_fire_brigade_is_notified_of_hydrants_lost_by_a_crews_report() -> None:
    town = a_town()
    chair = Chair(replace(town, hydrants=HydrantTable.of(["F1"], node=[town.network.nodes.row("J20")], pipe=[-1])))
    chair.sees(a_finding())
    chair.does(JudgeBurst(CASE, ("H10",)))
    chair.sent.clear()
    says(chair, "valve_unable", "H10b", unable="seized")  # the next valves lie beyond J20
    told = [json.loads(message.payload) for message in chair.sent if message.kind == "fire_brigade"]
    assert [body["hydrants_lost"] for body in told] == [["F1"]]


def test_a_crew_reports_a_closed_valve_back_in_its_normal_state_and_late_repeats_change_nothing(judged: Chair) -> None:
    at = judged.now
    says(judged, "valve_closed", "H10a", at=at)
    judged.now += timedelta(minutes=10)
    back_at = judged.now
    says(judged, "valve_restored", "H10a", at=back_at)
    (mark,) = case(judged).valve_marks
    assert (mark.restored_by, mark.restored_at, mark.operated) == ("C1", back_at, False)
    assert says(judged, "valve_restored", "H10a", at=back_at).is_empty  # again
    told = says(judged, "valve_closed", "H10a", at=at)  # the first report again, late
    assert [draft.kind for draft in told.drafts] == ["valve_report_unused"]
    assert case(judged).closed_valves() == ()


def test_a_valve_that_nobody_reported_closed_is_not_reported_back(judged: Chair) -> None:
    told = says(judged, "valve_restored", "H10a")
    assert [draft.kind for draft in told.drafts] == ["valve_report_unused"]
    assert case(judged).valve_marks == ()
