"""Desk: what dispatchers do, and what the world does to a case. (state, intent, now) -> ChangeSet; nothing is mutated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from console.detection.finding import BurstFinding, OperationFinding, StationFinding
from console.domain import intents as ask
from console.domain.changes import ChangeSet
from console.domain.incidents import Outlook, PressureImpact
from console.domain.intents import Intent
from console.domain.limits import Limits
from console.domain.orders import OrderReply
from console.services.alarms import operations
from console.services.alarms import station_alarms as alarms
from console.services.changesets import NOTHING, Refused, recorded
from console.services.crews import orders as crews
from console.services.crews import valve_assignment as crew_plan
from console.services.crews import valve_reports as valves
from console.services.crews.valve_replies import on_valve_reply
from console.services.incidents import judging, opening, undo
from console.services.incidents.joint_plans import merged, with_plans_following
from console.services.incidents.messages import fire_brigade
from console.services.location import gauge_readings as readings_by_hand
from console.services.notices import lifecycle as notices
from console.services.ports import Documents, Planner
from console.services.settings import DeskSettings
from console.services.state import DeskState
from console.services.tools import Tools
from maps.city import City

__all__ = ["Desk", "DeskSettings", "DeskState", "Refused"]


class Desk:
    """One city's desk. An empty ChangeSet means nothing to record. Every method is pure."""

    def __init__(self, city: City, isolator: Planner, documents: Documents, settings: DeskSettings) -> None:
        self._tools = Tools(city, isolator, documents, settings)

    @property
    def limits(self) -> Limits:
        """What each station's channels are held against."""
        return self._tools.limits

    def carry_out(self, state: DeskState, intent: Intent, user: str, now: datetime) -> ChangeSet:
        """What ``user`` asks for. Raises Refused and UnknownAsset."""
        return self._followed(state, self._on_alarm_or_text(state, intent, user, now), now)

    def _followed(self, state: DeskState, step: ChangeSet, now: datetime) -> ChangeSet:
        """A step with what follows from it: other cases' plans, hydrants that lose or regain their water."""
        changes = with_plans_following(self._tools, state, step)
        told = [
            message
            for incident in changes.incidents
            for message in fire_brigade(self._tools, state.incidents.get(incident.incident_id), incident, now)
        ]
        return replace(changes, outgoing=(*changes.outgoing, *told)) if told else changes

    def _on_alarm_or_text(self, state: DeskState, intent: Intent, user: str, now: datetime) -> ChangeSet:
        match intent:
            case ask.AcknowledgeAlarm() | ask.AcknowledgeAlarms():
                return alarms.acknowledge(state, intent, user, now)
            case ask.ShelveAlarm():
                return alarms.shelve(state, intent, user, now)
            case ask.TakeOutOfService():
                return alarms.take_out(state, intent, user)
            case ask.RestoreAlarm():
                return alarms.restore(state, intent, user)
            case ask.EditNotice():
                return notices.edit(state, intent, user)
            case ask.SubmitNotice():
                return notices.submit(self._tools, state, intent, user)
            case ask.ApproveNotice():
                return notices.approve(self._tools, state, intent, user, now)
            case ask.UndoLast():
                return undo.undo_last(self._tools, state, intent.incident_id, now, intent.reason)
            case ask.SendCrew():
                return crews.send_crew(self._tools, state, intent, now)
            case _:
                return self._on_operation_or_case(state, intent, user, now)

    def _on_operation_or_case(self, state: DeskState, intent: Intent, user: str, now: datetime) -> ChangeSet:
        match intent:
            case ask.EnterOperation():
                return operations.enter(self._tools, state, intent, user, now)
            case ask.EndOperation():
                return operations.end(state, intent, user, now)
            case _:
                return self._on_case(state, intent, user, now)

    def _on_case(self, state: DeskState, intent: Intent, user: str, now: datetime) -> ChangeSet:
        tools = self._tools
        match intent:
            case ask.OpenIncident():
                return opening.open_by_hand(tools, state, intent, user, now)
            case ask.JudgeBurst():
                return judging.judge(tools, state, intent, user, now)
            case ask.DismissIncident():
                return judging.dismiss(tools, state, intent, user, now)
            case ask.SetRestoration():
                return judging.set_restoration(tools, state, intent, user, now)
            case ask.AdvancePhase():
                return judging.advance(tools, state, intent, user, now)
            case _:
                return self._on_valve_or_notice(state, intent, user, now)

    def _on_valve_or_notice(self, state: DeskState, intent: Intent, user: str, now: datetime) -> ChangeSet:
        tools = self._tools
        match intent:
            case ask.MarkValveClosed():
                return valves.mark_closed(tools, state, intent, user, now)
            case ask.MarkValveUnable():
                return valves.mark_unable(tools, state, intent, user, now)
            case ask.MarkValveRestored():
                return valves.mark_restored(tools, state, intent, user, now)
            case ask.SendValveCards():
                return crew_plan.send_cards(tools, state, intent, now)
            case ask.RecordSample():
                return valves.record_sample(tools, state, intent, user, now)
            case ask.DraftNotice():
                return notices.draft(tools, state, intent, user, now)
            case ask.EnterReading():
                return readings_by_hand.enter(tools, state, intent, user, now)
            case ask.IssueNotice():
                return notices.issue(tools, state, intent, user, now)
            case ask.LiftNotice():
                return notices.lift(tools, state, intent, user, now)
        raise TypeError(f"no service carries out {type(intent).__name__}")

    def on_burst(self, state: DeskState, finding: BurstFinding, now: datetime) -> ChangeSet:
        """A burst finding: a new alarm and incident, or an open one's location revised (until judged)."""
        return opening.on_burst(self._tools, state, finding, now)

    def on_stations(self, state: DeskState, findings: Sequence[StationFinding], now: datetime) -> ChangeSet:
        """Stations' faults or limits raised or ended: one alarm per station and code."""
        return alarms.on_stations(self._tools, state, findings, now)

    def on_operation(self, state: DeskState, finding: OperationFinding, now: datetime) -> ChangeSet:
        """Something was switched that explains a step of pressures: information in the list, no alarm."""
        return operations.on_operation(self._tools, state, finding, now)

    def on_order_reply(self, state: DeskState, reply: OrderReply, now: datetime) -> ChangeSet:
        """A crew answered, or reports a valve: the plan follows. After a refusal the note names the next nearest free crew."""
        if reply.is_on_valve:
            return self._followed(state, on_valve_reply(self._tools, state, reply, now), now)
        return crews.on_reply(self._tools, state, reply, now)

    def on_impact(self, state: DeskState, incident_id: str, impact: PressureImpact, now: datetime) -> ChangeSet:
        """Pressures after closing came back from the hydraulics; the caller drops late answers."""
        incident = state.incidents.get(incident_id)
        if incident is None or not incident.is_open() or incident.impact == impact:
            return NOTHING
        if impact.reopening and incident.impact == replace(impact, reopening=()):
            tried = "、".join(f"{one.valve_id}{'可' if one.suffices else '不足'}" for one in impact.reopening)
            return recorded(incident, replace(incident, impact=impact), "reopening_checked", f"开阀补水核算：{tried}")
        note = (
            f"关阀后水压：降压 {impact.low_pressure_households} 户"
            if impact.converged
            else f"关阀后水压未能计算：{impact.message}"
        )
        return recorded(incident, replace(incident, impact=impact), "impact_computed", note)

    def on_outlook(self, state: DeskState, incident_id: str, outlook: Outlook, now: datetime) -> ChangeSet:
        """What a case's location predicts came back; the caller drops late answers."""
        return readings_by_hand.on_outlook(self._tools, state, incident_id, outlook, now)

    def on_files(self, state: DeskState, incident_id: str, notice_id: str, files: tuple[str, ...], now: datetime) -> ChangeSet:
        """The files of a notice were written (Documents.files, after the commit)."""
        return notices.on_files(state, incident_id, notice_id, files)

    def on_start(self, state: DeskState, now: datetime) -> ChangeSet:
        """What another dataset than the last one's ends: alarms of stations that are gone."""
        return alarms.on_absent(self._tools, state, now)

    def on_time(self, state: DeskState, now: datetime) -> ChangeSet:
        """Shelving that has run out ends, plans older than the network are made anew; call it every few seconds."""
        return with_plans_following(self._tools, state, merged(alarms.on_time(state, now), operations.on_time(state, now)))
