"""Clusters of calls: false suspicions in a simulated city, real ones found, alarms that begin, grow and end."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from console.domain.actors import SYSTEM
from console.domain.alarms import AlarmKind, AlarmState
from console.domain.notes import NO_NOTE
from console.domain.tickets import TICKET, Ticket, TicketKind, TicketSource
from console.services.changesets import recorded
from console.services.tickets.clusters import CLUSTER, WINDOWS, expected, is_cluster
from console.services.tickets.hearing import CallFields
from console.services.tickets.taking import TakeCall
from console.services.tickets.usual import CallCounts
from console.store import open_store
from tests.console.services.conftest import CASE
from tests.console.services.town import NOW, Chair, a_finding

Shares = NDArray[np.float64]
START = datetime(2023, 1, 1, tzinfo=UTC)
PLACES, PER_DAY, HOUSEHOLDS = 80, 40.0, 200_000


def _city(seed: int) -> tuple[np.random.Generator, Shares, Shares]:
    """Shares of the places, which differ by a factor of ten and not as their households do, and of the hours."""
    rng = np.random.default_rng(seed)
    share = rng.gamma(2.0, 1.0, PLACES)
    hour = 1.0 + 0.8 * np.sin(np.arange(24) / 24 * 2 * np.pi)
    return rng, share / share.sum(), hour / hour.sum()


def _calls(rng: np.random.Generator, share: Shares, hour: Shares, days: int) -> list[tuple[float, int]]:
    """(days after the start, place) of independent calls."""
    count = rng.poisson(PER_DAY * days)
    at = np.sort(rng.integers(0, days, count) + (rng.choice(24, count, p=hour) + rng.random(count)) / 24)
    return list(zip(at.tolist(), rng.choice(PLACES, count, p=share).tolist(), strict=True))


def _ticket(at: datetime, place: str) -> Ticket:
    return Ticket("", at, TicketKind.NO_WATER, TicketSource.PHONE, "王", community=place)


@pytest.mark.parametrize(("seed", "learned_days"), [(1, 30), (2, 90), (3, 2)])
def test_false_suspicions_of_the_whole_city_stay_below_one_a_month(seed: int, learned_days: int) -> None:
    """Two years of calls that nothing explains but chance; the usual was learned from the days before, then goes on."""
    rng, share, hour = _city(seed)
    counts = CallCounts().with_calls(
        _ticket(START + timedelta(days=at), f"P{place}") for at, place in _calls(rng, share, hour, learned_days)
    )
    begin, months, suspicions = START + timedelta(days=learned_days), 24, 0
    last: dict[int, list[datetime]] = {}
    for at, place in _calls(rng, share, hour, 30 * months):
        now = begin + timedelta(days=at)
        recent = [one for one in last.get(place, []) if now - one <= WINDOWS[-1]]
        usual = expected(counts, f"P{place}", 1.0 / PLACES, HOUSEHOLDS, now)
        suspicions += is_cluster(usual, (now - one for one in recent))
        last[place] = [*recent, now]
        counts = counts.with_calls([_ticket(now, f"P{place}")])
    assert suspicions <= months


def test_four_calls_of_one_community_in_ten_minutes_are_a_suspicion_and_two_are_none() -> None:
    rng, share, hour = _city(4)
    counts = CallCounts().with_calls(
        _ticket(START + timedelta(days=at), f"P{place}") for at, place in _calls(rng, share, hour, 60)
    )
    now = START + timedelta(days=61)
    usual = expected(counts, "P5", 1.0 / PLACES, HOUSEHOLDS, now)
    assert not is_cluster(usual, [timedelta(minutes=5)])
    assert is_cluster(usual, [timedelta(minutes=minutes) for minutes in (3, 6, 9)])


def test_the_expected_number_is_that_of_a_hand_worked_place() -> None:
    """60 calls in 30 days, 6 of them of the place, all at one hour; 0.0002 · 10,000 = 2 calls a day are assumed for 14 days."""
    tickets = [_ticket(START + timedelta(days=day, hours=3), "A" if day < 3 else "B") for day in range(30) for _ in range(2)]
    now = START + timedelta(days=30, hours=3)
    counts = CallCounts().with_calls(tickets)
    usual = expected(counts, "A", 0.1, 10_000, now)
    # The whole city: (60 + 28) / (30 + 14) = 2 a day; the place: (6 + 2 · 0.1 · 14) / 44 = 0.2 a day.
    assert usual.shape == pytest.approx(8.8)
    assert usual.shape / usual.rate_days == pytest.approx(0.2)
    assert usual.month == pytest.approx(60.0)
    # The hour: (60 + 28/24) · 24 / (60 + 28).
    assert usual.hour == pytest.approx((60 + 28 / 24) * 24 / 88)
    assert usual.mean(timedelta(days=1)) == pytest.approx(0.2 * usual.hour)


def _call(chair: Chair, customer: str) -> None:
    chair.does(TakeCall(CallFields(TicketKind.NO_WATER, "1380000000", asset_kind="customer", asset_id=customer)))


def test_a_cluster_raises_one_alarm_that_grows_and_ends_when_calls_cease(chair: Chair) -> None:
    for _ in range(6):
        _call(chair, "C-V32")
    (alarm,) = [one for one in chair.state.alarms.values() if one.kind is AlarmKind.CALLS]
    assert (alarm.code, alarm.subject, alarm.state) == (CLUSTER, "泉城花园", AlarmState.ACTIVE)
    assert alarm.channels == tuple(chair.state.of(TICKET))
    chair.now += timedelta(hours=1)
    chair.take(chair.desk.on_time(chair.state, chair.now))
    assert chair.state.alarms[alarm.alarm_id].state is AlarmState.ACTIVE
    chair.now += timedelta(hours=3)
    chair.take(chair.desk.on_time(chair.state, chair.now))
    assert chair.state.alarms[alarm.alarm_id].state is AlarmState.RETURNED


def test_calls_that_a_case_explains_are_no_cluster_and_one_that_it_takes_up_is_over(chair: Chair) -> None:
    for _ in range(6):
        _call(chair, "C-H10")
    assert [one.kind for one in chair.state.alarms.values()] == [AlarmKind.CALLS]
    chair.sees(a_finding(at=NOW))
    for _ in range(6):
        _call(chair, "C-H10")
    assert {one.incident_id for one in chair.state.of(TICKET).values()} == {CASE}
    chair.take(chair.desk.on_time(chair.state, chair.now))
    cluster = next(one for one in chair.state.alarms.values() if one.kind is AlarmKind.CALLS)
    assert cluster.state is AlarmState.RETURNED


def test_what_is_usual_is_counted_from_the_store_at_a_start_and_goes_on(tmp_path: Path) -> None:
    store = open_store(tmp_path / "s.sqlite")
    tickets = [
        _ticket(NOW - timedelta(days=100), "A"),
        replace(_ticket(NOW, "A"), incident_id="2024-0001"),
        _ticket(NOW, "A"),
        replace(_ticket(NOW, "B"), kind=TicketKind.OTHER),
    ]
    for number, one in enumerate(tickets):
        store.commit(recorded(None, replace(one, ticket_id=f"H{number}"), "ticket_taken", NO_NOTE), SYSTEM, NOW)
    state = store.load_desk()
    store.close()
    assert dict(state.usual_calls.by_place) == {"A": 1}
    step = recorded(None, replace(_ticket(NOW, "B"), ticket_id="H9"), "ticket_taken", NO_NOTE)
    assert dict(state.applied(step, ()).usual_calls.by_place) == {"A": 1, "B": 1}
