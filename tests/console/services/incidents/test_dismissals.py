"""A finding similar to one dismissed in the days before names it and has a lower priority; it is never hidden."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from console.detection.finding import BurstFinding
from console.domain.alarms import Alarm, AlarmKind, Evidence, Priority
from console.services.incidents.judging import DismissIncident, JudgeBurst
from console.services.incidents.undo import UndoLast
from tests.console.notes import chinese
from tests.console.services.conftest import CASE
from tests.console.services.town import Chair, a_finding

FULL, LOWER = Priority.CRITICAL, Priority.HIGH
"""The town's burst leaves a hospital without water."""

PLACE, STATIONS = ("H20", "V20"), ("S1", "S2", "S3", "S4")


def found(chair: Chair, **how: object) -> BurstFinding:
    """A burst suspected now."""
    return a_finding(at=chair.now, **{"pipes": PLACE, "stations": STATIONS, **how})  # type: ignore[arg-type]


def dismissed(reason: str = "消火栓用水", flow: bool = False) -> Chair:
    """A desk at which one finding was dismissed."""
    chair = Chair()
    meter = (Evidence("Q1", "flow", 130.0, 100.0, chair.now),) if flow else ()
    finding = found(chair)
    chair.sees(replace(finding, evidence=(*finding.evidence, *meter)))
    chair.does(DismissIncident(CASE, reason))
    return chair


def sees(chair: Chair, finding: BurstFinding) -> Alarm:
    """The alarm it makes."""
    changes = chair.sees(finding)
    (alarm,) = (alarm for alarm in changes.alarms if alarm.kind is AlarmKind.BURST)
    return alarm


@pytest.mark.parametrize("later", [timedelta(days=1), timedelta(days=6), timedelta(days=1, hours=1.9), timedelta(hours=22.1)])
def test_a_like_finding_of_the_following_days_is_open_lower_and_names_the_dismissal(later: timedelta) -> None:
    chair = dismissed()
    chair.now += later
    alarm = sees(chair, found(chair))
    assert (alarm.priority, alarm.unexplained_priority) == (LOWER, FULL)
    assert f"与 {CASE} 相似（已排除：消火栓用水）" in chinese(alarm.detail)
    assert chair.state.incidents[alarm.incident_id].is_open()


@pytest.mark.parametrize(
    ("later", "how"),
    [
        (timedelta(days=8), {}),
        (timedelta(days=1, hours=3), {}),
        (timedelta(days=1), {"pipes": ("H03", "H13")}),
        (timedelta(days=1), {"stations": ("S1", "S7", "S8", "S9")}),
        (timedelta(days=1), {"stations": (*STATIONS, "S5", "S6", "S7", "S8", "S9")}),
    ],
)
def test_a_finding_of_another_day_hour_place_or_other_stations_is_not_lowered(later: timedelta, how: dict[str, object]) -> None:
    chair = dismissed()
    chair.now += later
    assert sees(chair, found(chair, **how)).explanations == ()


def test_a_larger_finding_is_not_lowered() -> None:
    chair = dismissed()
    chair.now += timedelta(days=1)
    finding = found(chair)
    assert sees(chair, replace(finding, location=replace(finding.location, statistic=63.1))).priority is FULL


def test_a_finding_with_a_meter_change_is_lowered_only_if_the_meter_changed_then_too() -> None:
    for flow, priority in ((False, FULL), (True, LOWER)):
        chair = dismissed(flow=flow)
        chair.now += timedelta(days=1)
        finding = found(chair)
        meter = Evidence("Q1", "flow", 131.0, 100.0, chair.now)
        assert sees(chair, replace(finding, evidence=(*finding.evidence, meter))).priority is priority


def test_a_revision_that_is_no_longer_like_it_has_its_full_priority() -> None:
    chair = dismissed()
    chair.now += timedelta(days=1)
    finding = found(chair)
    assert sees(chair, finding).priority is LOWER
    meter = Evidence("Q1", "flow", 131.0, 100.0, chair.now)
    more = replace(finding, evidence=(*finding.evidence, meter), location=found(chair, first=0.8).location)
    assert sees(chair, more).priority is FULL


def test_after_ten_minutes_unseen_it_has_its_full_priority_back() -> None:
    chair = dismissed()
    chair.now += timedelta(days=1)
    alarm = sees(chair, found(chair))
    chair.now += timedelta(minutes=11)
    chair.take(chair.desk.on_time(chair.state, chair.now))
    assert chair.state.alarms[alarm.alarm_id].priority is FULL


def test_an_undone_dismissal_or_a_judged_burst_lowers_no_later_finding() -> None:
    undone = dismissed()
    undone.does(UndoLast(CASE))
    assert undone.state.dismissals == {}
    judged = Chair()
    judged.sees(found(judged))
    judged.does(JudgeBurst(CASE, ("H20",), "on_site"))
    judged.does(DismissIncident(CASE, "重复"))
    assert judged.state.dismissals == {}
