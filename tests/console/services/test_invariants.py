"""Any intents in any order: no alarm is lost, no value is mutated, no message is sent without a change that explains it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from console.domain.alarms import AlarmState
from console.domain.changes import Change
from console.domain.incidents import Incident, OrderKind, Phase, Unable
from console.domain.intents import Intent
from console.domain.notices import NoticeStatus
from console.domain.orders import OrderReply
from console.domain.values import to_json
from console.services.alarms.station_alarms import AcknowledgeAlarm, ShelveAlarm
from console.services.crews.orders import SendCrew, live_orders
from console.services.crews.valve_reports import MarkValveClosed, MarkValveRestored, MarkValveUnable, RecordSample
from console.services.incidents.judging import AdvancePhase, DismissIncident, JudgeBurst, SetRestoration
from console.services.incidents.opening import OpenIncident
from console.services.incidents.undo import UndoLast
from console.services.notices.lifecycle import ApproveNotice, DraftNotice, EditNotice, IssueNotice, LiftNotice, SubmitNotice
from maps.errors import QuanmaiError
from tests.console.services.town import NOW, Chair, a_finding, a_town

CITY = a_town()
ONE, TWO = "2024-0001", "2024-0002"
N1 = f"{ONE}-N1"
BOTH = sorted((OrderKind.SITE_CHECK, OrderKind.REPAIR))
ASKED: tuple[Intent, ...] = (
    AcknowledgeAlarm("A-000001"),
    ShelveAlarm("A-000001", NOW + timedelta(days=1), "r"),
    JudgeBurst(ONE, ("H10",)),
    JudgeBurst(ONE, ("V10",), "on_site"),
    JudgeBurst(TWO, ("H23",)),
    DismissIncident(ONE, "误报"),
    OpenIncident("V11"),
    MarkValveClosed(ONE, "H10a"),
    MarkValveUnable(ONE, "H10a", Unable.NOT_TIGHT),
    MarkValveUnable(ONE, "H10b", Unable.SEIZED),
    MarkValveRestored(ONE, "H10a"),
    RecordSample(ONE, 0.4, 0.2),
    SendCrew(ONE),
    SetRestoration(ONE, NOW + timedelta(hours=5)),
    *(AdvancePhase(ONE, phase, "证据") for phase in Phase),
    DraftNotice(ONE),
    EditNotice(ONE, N1, "甲", "a"),
    SubmitNotice(ONE, N1),
    ApproveNotice(ONE, N1, "紧急"),
    IssueNotice(ONE, N1),
    LiftNotice(ONE, N1),
    UndoLast(ONE),
    UndoLast(TWO),
)
WORLD: tuple[Any, ...] = (
    a_finding(),
    a_finding(("V10", "H10"), first=0.8),
    a_finding(("H13", "H23"), stations=("S8", "S9")),
    OrderReply(f"{ONE}-W1", "C1", "refused", None),
    OrderReply(f"{ONE}-W1", "C1", "acknowledged", None),
    OrderReply(f"{ONE}-W1", "C1", "on_site", None, "", "V10"),
    OrderReply(f"{ONE}-W1", "C1", "valve_closed", None, valve_id="H10a"),
    OrderReply("", "C2", "valve_unable", None, valve_id="H10b", unable="seized", incident_id=ONE),
)


def replayed(log: list[Change], incident_id: str) -> dict[str, Any]:
    """The incident's JSON value computed from the chain alone."""
    value: dict[str, Any] = {}
    for change in log:
        if change.subject == f"incident/{incident_id}":
            for name in change.before or {}:
                assert value[name] == change.before[name], (change.kind, name)
            value.update(change.after or {})  # None: a line of the log about the case, such as a proposal or a call
    return value


def holds(chair: Chair, left: set[str]) -> None:
    """Invariants; ``left``: ids of orders and notices that were ever sent."""
    for incident in chair.state.incidents.values():
        alarms = [chair.state.alarms[alarm_id] for alarm_id in incident.alarm_ids]
        assert alarms
        assert incident.phase is Phase.CLOSED or all(alarm.state is not AlarmState.CLEARED for alarm in alarms)
        assert (incident.phase is Phase.SUSPECTED) == (not incident.burst_pipes) or incident.phase is Phase.CLOSED
        assert incident.plan is not None
        assert set(incident.plan.burst_pipes) == set(incident.target_pipes())
        assert set(incident.plan.unable) == set(incident.unable_valves())
        left |= {order.order_id for order in incident.orders}
        out = [n for n in incident.notices if n.status in (NoticeStatus.ISSUED, NoticeStatus.UPDATED, NoticeStatus.LIFTED)]
        left |= {n.notice_id for n in out}
    kept = {order.order_id for i in chair.state.incidents.values() for order in i.orders}
    kept |= {n.notice_id for i in chair.state.incidents.values() for n in i.notices}
    assert left <= kept
    bound: dict[str, list[tuple[str, OrderKind]]] = {}
    for order in (order for incident in chair.state.incidents.values() for order in live_orders(incident)):
        bound.setdefault(order.crew_id, []).append((order.incident_id, order.kind))
    for orders in bound.values():
        # One order; or, where no other crew is free, the site check and the repair of the same case.
        assert len(orders) == 1 or (len({case for case, _ in orders}) == 1 and sorted(kind for _, kind in orders) == BOTH)


@settings(max_examples=120, deadline=None)
@example(steps=[JudgeBurst(ONE, ("H10",)), SendCrew(ONE), SendCrew(ONE), SendCrew(ONE), SendCrew(ONE)])
@given(steps=st.lists(st.sampled_from((*ASKED, *WORLD)), min_size=5, max_size=30))
def test_no_order_of_events_loses_an_alarm_a_change_or_a_message(steps: list[Any]) -> None:
    chair, left = Chair(CITY), set[str]()
    chair.sees(a_finding())
    alarms_seen = set(chair.state.alarms)
    for step in steps:
        before, frozen = chair.state, {key: to_json(value) for key, value in chair.state.incidents.items()}
        versions = {key: incident.version for key, incident in before.incidents.items()}
        try:
            if step in WORLD[:3]:
                changes = chair.sees(step)
            elif isinstance(step, OrderReply):
                changes = chair.take(chair.desk.on_order_reply(chair.state, step, chair.now))
            else:
                changes = chair.does(step)
        except QuanmaiError:
            continue
        assert {key: to_json(value) for key, value in before.incidents.items()} == frozen
        assert changes.drafts or not changes.outgoing
        for incident in changes.incidents:
            assert incident.version == versions.get(incident.incident_id, 0) + 1
        assert alarms_seen <= set(chair.state.alarms)
        alarms_seen |= set(chair.state.alarms)
        holds(chair, left)
    for incident_id, incident in chair.state.incidents.items():
        assert _without_version(incident) == {k: v for k, v in replayed(chair.log, incident_id).items() if k != "version"}


def _without_version(incident: Incident) -> dict[str, Any]:
    return {key: value for key, value in to_json(incident).items() if key != "version"}
