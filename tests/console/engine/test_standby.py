"""What a process that takes over has to decide: its own findings against the stored alarms."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from console.detection.finding import OperationFinding, StationFinding
from console.domain.alarms import Alarm, AlarmKind, AlarmState, Priority
from console.domain.clock import micros
from console.engine.standby import Standby
from tests.console.services.town import a_finding

AT = datetime(2024, 1, 3, 15, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def low(station: str, at: datetime, *, active: bool = True) -> StationFinding:
    return StationFinding(station, "pressure", "low_pressure", at, active)


def alarm(station: str, raised_at: datetime) -> Alarm:
    return Alarm(
        alarm_id=f"A-{station}", kind=AlarmKind.LOW_PRESSURE, priority=Priority.HIGH, subject=station, raised_at=raised_at,
        evidence=(), code="low_pressure", channels=("pressure",),
    )  # fmt: skip


def test_a_condition_that_lasts_without_an_alarm_is_raised_and_one_that_has_an_alarm_is_not() -> None:
    standby = Standby()
    standby.note((), (), (low("Q1", AT), low("Q2", AT)))
    owed = standby.owed([alarm("Q2", AT)], micros(AT))
    assert owed.stations == (low("Q1", AT),)
    assert [one.subject for one in owed.resumed] == ["Q2"]


def test_an_alarm_whose_condition_has_ended_here_is_ended_and_one_raised_later_is_watched() -> None:
    standby, over = Standby(), low("Q1", AT + MINUTE, active=False)
    standby.note((), (), (low("Q1", AT),))
    standby.note((), (), (over,))
    assert standby.owed([alarm("Q1", AT)], micros(AT)).stations == (over,)
    assert standby.owed([alarm("Q1", AT)], micros(AT)).resumed == ()
    later = alarm("Q1", AT + 2 * MINUTE)
    owed = standby.owed([later], micros(AT))
    assert (owed.stations, owed.resumed) == ((), (later,))


def test_an_alarm_that_has_returned_is_no_standing_one() -> None:
    standby = Standby()
    standby.note((), (), (low("Q1", AT),))
    back = replace(alarm("Q1", AT), state=AlarmState.RETURNED, returned_at=AT)
    assert standby.owed([back], micros(AT)).stations == (low("Q1", AT),)


def test_bursts_and_operations_are_compared_again_only_from_the_last_ticks_of_the_leader_on() -> None:
    standby = Standby()
    bursts = [a_finding(("P1",), at=AT + n * MINUTE, stations=("Q1",)) for n in range(3)]
    operations = [OperationFinding(AT + n * MINUTE, "pump") for n in range(3)]
    standby.note(operations, bursts, ())
    owed = standby.owed([], micros(AT + MINUTE))
    assert owed.bursts == tuple(bursts[1:])
    assert owed.operations == tuple(operations[1:])
