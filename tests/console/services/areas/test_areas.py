"""Operating areas in the town: x 500000 … 500600, cut in two at 500300; J<col><row> every 200 m, pipes H (east) and V (north)."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from console.domain.actors import Actor, Role
from console.domain.alarms import Alarm, AlarmKind, AlarmState, Priority
from console.domain.area_alerts import AreaAlert
from console.domain.compose import compose_picture
from console.domain.contacts import CALL, Contact, ContactKind, Outcome
from console.domain.incidents import Phase
from console.domain.live import LivePicture
from console.domain.outgoing import MessageKind
from console.domain.picture import StationState
from console.domain.records import RecordKind
from console.domain.shift import DUTY, HANDOVER, LOG_ENTRY, Duty, LogEntry, Part, Signature
from console.domain.values import from_json, to_json
from console.services.alarms.station_alarms import AcknowledgeAlarm
from console.services.areas.answers import AcknowledgeAreaAlert, ReportFromArea
from console.services.areas.area_map import AreaMap
from console.services.areas.escalation import Wait
from console.services.areas.sight import AreaSight
from console.services.areas.visibility import Visibility, cases_seen
from console.services.changesets import Refused
from console.services.crews.orders import SendCrew
from console.services.desk import DeskSettings
from console.services.incidents.judging import DismissIncident, JudgeBurst
from console.services.incidents.opening import OpenIncident
from console.services.incidents.undo import UndoLast
from console.services.note_texts import NoteTexts
from console.services.notices.lifecycle import ApproveNotice, DraftNotice
from console.services.shift.contacts import AddContacts, ContactFields, LogCall
from console.services.shift.duty import BeginShift, on_duty
from console.services.shift.entries import WriteEntry
from console.services.shift.handover import HandoverChanged, Items, SignHandover, kept_items, picture_items
from maps.city import City, CrewTable
from maps.errors import InputFault
from tests.console.areas import EAST, WEST, in_two_areas
from tests.console.services.town import X0, Y0, Chair, a_finding, a_town
from tests.console.ui.scripted import ScriptedPort
from tests.console.ui.small_city import build_small_city

CASE = "2024-0001"
LI, ZHAO = Signature("李", "李"), Signature("赵", "赵")
WEST_ONLY, EAST_ONLY = ("V01", "V02"), ("V31", "V30")
"""Pipes at x = 0 and x = 600 m, whose valves and customers are on the same side."""


def a_town_in_two() -> City:
    city = in_two_areas(a_town(), X0 + 300.0)
    crews = CrewTable.of(["C1", "C2", "C3"], name=["一队", "二队", "三队"], base_x=[X0, X0 + 600, X0 + 600], base_y=[Y0] * 3)
    return replace(city, crews=crews)


@pytest.fixture
def chair() -> Chair:
    return Chair(a_town_in_two(), DeskSettings(area_minutes=5.0))


def of_area(area: str, role: Role = Role.AREA) -> Actor:
    return Actor(f"at-{area}", "李", role, areas=(area,))


def alerted(chair: Chair, case: str = CASE) -> set[str]:
    return {one.area_id for one in chair.state.incidents[case].area_alerts}


def alert_of(chair: Chair, area: str, case: str = CASE) -> AreaAlert:
    return next(one for one in chair.state.incidents[case].area_alerts if one.area_id == area)


def told(chair: Chair) -> list[str]:
    return sorted(one.to for one in chair.sent if one.kind is MessageKind.ALERT)


def test_an_area_is_found_by_its_name_or_id_and_an_unknown_one_is_answered_with_the_known_ones() -> None:
    areas = AreaMap(a_town_in_two())
    assert (areas.named("城东片区"), areas.named(" PQ-1 ")) == (EAST, WEST)
    with pytest.raises(InputFault, match=r"no such area; its areas are 城西片区 \(PQ-1\), 城东片区 \(PQ-2\)"):
        areas.named("城南片区")


def test_a_city_without_areas_says_so_and_two_areas_with_one_name_want_an_id() -> None:
    town = a_town()
    with pytest.raises(InputFault, match="it has none"):
        AreaMap(replace(town, zones=town.zones.taken((town.zones.kind != "area").nonzero()[0]))).named("城东片区")
    city = a_town_in_two()
    same = city.zones.replaced(name=[*city.zones.name[:-2], "同名", "同名"])
    with pytest.raises(InputFault, match="2 areas have this name; give the id"):
        AreaMap(replace(city, zones=same)).named("同名")


def test_a_case_alerts_the_areas_of_its_candidates_valves_and_customers_and_no_other(chair: Chair) -> None:
    chair.sees(a_finding(WEST_ONLY))
    assert alerted(chair) == {WEST}
    assert told(chair) == [WEST]


def test_candidates_on_both_sides_alert_both_areas_each_with_position_course_supply_and_valves(chair: Chair) -> None:
    chair.sees(a_finding(("V01", "V31")))
    assert alerted(chair) == {WEST, EAST}
    assert told(chair) == [WEST, EAST]
    for message in chair.sent:
        if message.kind is MessageKind.ALERT:
            body = json.loads(message.payload)
            assert body["geometry"]["features"]
            assert body["course"]["pipe_id"] == "V01"
            assert body["supply_path"]["source"] == "R1"
            assert body["valves"]


def test_a_pipe_that_crosses_the_border_concerns_both_areas_by_its_valves(chair: Chair) -> None:
    chair.does(OpenIncident("H13"))  # from x = 200 to 400 m: a valve at either end
    assert alerted(chair) == {WEST, EAST}


def test_an_area_that_the_location_moves_to_is_alerted_and_the_first_one_hears_of_it(chair: Chair) -> None:
    chair.sees(a_finding(WEST_ONLY))
    chair.does(JudgeBurst(CASE, ("V31",)))
    assert alerted(chair) == {WEST, EAST}
    assert told(chair) == [WEST, WEST, EAST]


def test_undoing_a_judgement_keeps_what_an_area_acknowledged(chair: Chair) -> None:
    chair.sees(a_finding(WEST_ONLY))
    chair.does(JudgeBurst(CASE, ("V31",)))
    chair.take(chair.desk.carry_out(chair.state, AcknowledgeAreaAlert(CASE), of_area(EAST), chair.now))
    chair.does(UndoLast(CASE))
    assert chair.state.incidents[CASE].phase is Phase.SUSPECTED
    assert alert_of(chair, EAST).acknowledged_by == "李"


def test_an_acknowledgement_keeps_who_and_when_and_the_centre_may_record_one_by_phone(chair: Chair) -> None:
    chair.sees(a_finding(("V01", "V31")))
    at = chair.now
    chair.take(chair.desk.carry_out(chair.state, AcknowledgeAreaAlert(CASE), of_area(WEST), chair.now))
    assert (alert_of(chair, WEST).acknowledged_at, alert_of(chair, WEST).acknowledged_by) == (at, "李")
    assert not alert_of(chair, WEST).by_phone
    assert alert_of(chair, EAST).acknowledged_at is None
    with pytest.raises(Refused, match="already acknowledged"):
        chair.desk.carry_out(chair.state, AcknowledgeAreaAlert(CASE), of_area(WEST), chair.now)
    with pytest.raises(Refused, match="was not alerted"):
        chair.does(AcknowledgeAreaAlert(CASE))  # the centre has to name the area
    chair.does(AcknowledgeAreaAlert(CASE, EAST))
    assert alert_of(chair, EAST).by_phone


def test_a_report_needs_words_and_reaches_the_case(chair: Chair) -> None:
    chair.sees(a_finding(WEST_ONLY))
    with pytest.raises(Refused, match="needs words"):
        chair.desk.carry_out(chair.state, ReportFromArea(CASE, "  "), of_area(WEST), chair.now)
    chair.take(chair.desk.carry_out(chair.state, ReportFromArea(CASE, " 路面冒水 "), of_area(WEST), chair.now))
    assert [one.text for one in alert_of(chair, WEST).reports] == ["路面冒水"]
    assert alert_of(chair, WEST).acknowledged_at is None


def waited(chair: Chair, minutes: float) -> frozenset[tuple[str, str]]:
    """What is late when the case was first seen at once and the steady clock has moved on."""
    first, _ = chair.desk.area_waits({}, chair.state, alert_of(chair, WEST).alerted_at, 1000.0)
    _, late = chair.desk.area_waits(first, chair.state, chair.now, 1000.0 + minutes * 60.0)
    return late


def test_an_area_is_late_from_the_set_minutes_on_and_not_before(chair: Chair) -> None:
    chair.sees(a_finding(WEST_ONLY))
    assert waited(chair, 4.99) == frozenset()
    assert waited(chair, 5.0) == {(CASE, WEST)}


def test_without_a_time_set_nothing_escalates() -> None:
    chair = Chair(a_town_in_two(), DeskSettings())
    chair.sees(a_finding(WEST_ONLY))
    assert waited(chair, 600.0) == frozenset()


@pytest.mark.parametrize("jump", [timedelta(hours=8), timedelta(hours=-8)])
def test_a_jump_of_the_wall_clock_makes_an_escalation_neither_early_nor_late(chair: Chair, jump: timedelta) -> None:
    chair.sees(a_finding(WEST_ONLY))
    chair.now += jump
    assert waited(chair, 4.9) == frozenset()
    assert waited(chair, 5.1) == {(CASE, WEST)}


def test_after_a_restart_the_time_waited_before_counts_and_a_clock_set_back_counts_as_none(chair: Chair) -> None:
    chair.sees(a_finding(WEST_ONLY))
    began = alert_of(chair, WEST).alerted_at
    known, late = chair.desk.area_waits({}, chair.state, began + timedelta(minutes=4), 7.0)
    assert (known[CASE, WEST], late) == (Wait(240.0, 7.0), frozenset())
    assert chair.desk.area_waits(known, chair.state, began, 7.0 + 60.0)[1] == {(CASE, WEST)}
    back, _ = chair.desk.area_waits({}, chair.state, began - timedelta(hours=1), 7.0)
    assert back[CASE, WEST].before_s == 0.0


def test_an_escalation_happens_once_alarms_the_centre_and_ends_when_the_area_acknowledges(chair: Chair) -> None:
    chair.sees(a_finding(WEST_ONLY))
    late = frozenset({(CASE, WEST)})
    chair.take(chair.desk.on_area_silence(chair.state, late, chair.now))
    assert chair.desk.on_area_silence(chair.state, late, chair.now).is_empty
    (alarm,) = [one for one in chair.state.alarms.values() if one.kind is AlarmKind.AREA_SILENT]
    assert (alarm.priority, alarm.state, alarm.subject, alarm.incident_id) == (Priority.HIGH, AlarmState.ACTIVE, "城西片区", CASE)
    assert [change.kind for change in chair.log].count("area_escalated") == 1
    chair.take(chair.desk.carry_out(chair.state, AcknowledgeAreaAlert(CASE), of_area(WEST), chair.now))
    assert chair.state.alarms[alarm.alarm_id].state is AlarmState.RETURNED
    assert waited(chair, 60.0) == frozenset()


def test_an_area_that_acknowledged_while_the_escalation_was_on_its_way_is_not_escalated(chair: Chair) -> None:
    chair.sees(a_finding(WEST_ONLY))
    chair.take(chair.desk.carry_out(chair.state, AcknowledgeAreaAlert(CASE), of_area(WEST), chair.now))
    assert chair.desk.on_area_silence(chair.state, frozenset({(CASE, WEST)}), chair.now).is_empty


def test_the_alarm_of_a_silent_area_ends_with_its_case(chair: Chair) -> None:
    chair.sees(a_finding(WEST_ONLY))
    chair.take(chair.desk.on_area_silence(chair.state, frozenset({(CASE, WEST)}), chair.now))
    chair.does(DismissIncident(CASE, "冲洗"))
    chair.take(chair.desk.on_time(chair.state, chair.now))
    assert {one.state for one in chair.state.alarms.values() if one.kind is AlarmKind.AREA_SILENT} == {AlarmState.CLEARED}


@pytest.mark.parametrize("role", [Role.AREA, Role.DISPATCHER])
def test_whoever_has_areas_is_refused_on_another_areas_case_in_the_words_for_an_unknown_one(chair: Chair, role: Role) -> None:
    chair.sees(a_finding(EAST_ONLY))
    chair.does(JudgeBurst(CASE, ("V31",)))
    for intent in (SendCrew(CASE, "C1"), AcknowledgeAreaAlert(CASE), ReportFromArea(CASE, "x"), AcknowledgeAreaAlert(CASE, EAST)):
        with pytest.raises(Refused) as fault:
            chair.desk.carry_out(chair.state, intent, of_area(WEST, role), chair.now)
        unknown = replace(intent, incident_id="2024-0099")
        with pytest.raises(Refused) as other:
            chair.desk.carry_out(chair.state, unknown, of_area(WEST, role), chair.now)
        assert str(fault.value).replace(CASE, "…") == str(other.value).replace("2024-0099", "…")


def test_an_area_sends_its_own_crews_only(chair: Chair) -> None:
    chair.sees(a_finding(WEST_ONLY))
    chair.does(JudgeBurst(CASE, ("V01",)))  # the centre's site check takes C1, the nearest
    (check,) = chair.state.incidents[CASE].orders
    assert check.crew_id == "C1"
    at_west = of_area(WEST)
    with pytest.raises(Refused, match="no crew C2"):
        chair.desk.carry_out(chair.state, SendCrew(CASE, "C2"), at_west, chair.now)
    chair.take(chair.desk.carry_out(chair.state, SendCrew(CASE), at_west, chair.now))
    assert chair.state.incidents[CASE].orders[-1].crew_id == "C1"  # C2 and C3 are free, and not its own


def test_a_dispatcher_with_areas_opens_no_case_beyond_them(chair: Chair) -> None:
    with pytest.raises(Refused, match="outside your area"):
        chair.desk.carry_out(chair.state, OpenIncident("V31"), of_area(WEST, Role.DISPATCHER), chair.now)
    chair.take(chair.desk.carry_out(chair.state, OpenIncident("V01"), of_area(WEST, Role.DISPATCHER), chair.now))
    assert alerted(chair) == {WEST}


def test_cases_written_before_areas_were_kept_belong_to_the_area_of_their_place(chair: Chair) -> None:
    chair.sees(a_finding(WEST_ONLY))
    document = to_json(chair.state.incidents[CASE])
    del document["area_alerts"]
    old = from_json(document, type(chair.state.incidents[CASE]))
    assert not old.area_alerts
    assert old.area_ids() == {WEST}


def moved_to_the_east(chair: Chair) -> None:
    """A case of the west that is judged to be in the east: both areas see it, it lies in the east now."""
    chair.sees(a_finding(WEST_ONLY))
    chair.does(JudgeBurst(CASE, ("V31",)))
    assert alerted(chair) == {WEST, EAST}


def an_alarm(chair: Chair) -> Alarm:
    """One of the case that nobody has acknowledged."""
    chair.take(chair.desk.on_area_silence(chair.state, frozenset({(CASE, EAST)}), chair.now))
    (alarm,) = [one for one in chair.state.alarms.values() if one.kind is AlarmKind.AREA_SILENT]
    return alarm


def test_an_emergency_act_on_a_case_that_left_the_area_is_carried_out_and_recorded_loudly(chair: Chair) -> None:
    moved_to_the_east(chair)
    chair.does(DraftNotice(CASE))
    (notice,) = chair.state.incidents[CASE].notices
    at_west = of_area(WEST)
    with pytest.raises(Refused, match="李"):  # without an emergency an area's people approve nothing
        chair.desk.carry_out(chair.state, ApproveNotice(CASE, notice.notice_id), at_west, chair.now)
    step = chair.desk.carry_out(chair.state, ApproveNotice(CASE, notice.notice_id, "夜间只有一人"), at_west, chair.now)
    assert [draft.note.key for draft in step.drafts] == ["notice.override", "area.emergency"]
    chair.take(step)
    assert chair.state.incidents[CASE].notices[0].override_reason == "夜间只有一人"
    alarm = an_alarm(chair)
    step = chair.desk.carry_out(chair.state, AcknowledgeAlarm(alarm.alarm_id), at_west, chair.now)
    assert [draft.note.key for draft in step.drafts] == ["alarm.acknowledged", "area.emergency"]
    assert "城西片区" in NoteTexts("zh_CN").text(step.drafts[-1].note)
    assert "城东片区" in NoteTexts("zh_CN").text(step.drafts[-1].note)


def test_an_emergency_act_in_the_own_area_has_no_line_more(chair: Chair) -> None:
    moved_to_the_east(chair)
    alarm = an_alarm(chair)
    step = chair.desk.carry_out(chair.state, AcknowledgeAlarm(alarm.alarm_id), of_area(EAST), chair.now)
    assert [draft.note.key for draft in step.drafts] == ["alarm.acknowledged"]


def test_emergency_acts_on_cases_never_seen_are_refused_as_unknown(chair: Chair) -> None:
    chair.sees(a_finding(EAST_ONLY))
    chair.does(JudgeBurst(CASE, ("V31",)))
    chair.does(DraftNotice(CASE))
    (alarm,) = [one for one in chair.state.alarms.values() if one.incident_id == CASE]
    at_west = of_area(WEST)
    for intent, unknown in (
        (ApproveNotice(CASE, f"{CASE}-N1", "无人"), ApproveNotice("2024-0099", "2024-0099-N1", "无人")),
        (AcknowledgeAlarm(alarm.alarm_id), AcknowledgeAlarm("A-99999")),
    ):
        with pytest.raises(Refused) as fault:
            chair.desk.carry_out(chair.state, intent, at_west, chair.now)
        with pytest.raises(Refused) as other:
            chair.desk.carry_out(chair.state, unknown, at_west, chair.now)
        assert str(fault.value).replace(CASE, "…").replace(alarm.alarm_id, "…") == (
            str(other.value).replace("2024-0099", "…").replace("A-99999", "…")
        )


def listed_for(chair: Chair, area: str) -> Items:
    """The handover's list as a terminal of the area shows it."""
    sight = AreaSight(chair.city, [area])
    live = LivePicture(len(chair.city.stations))
    picture = compose_picture(
        live,
        {},
        version=1,
        now_us=chair.now_us,
        expected=np.full(live.value.shape, np.nan),
        crews=chair.state.crews.values(),
        alarms=chair.state.alarms.values(),
        incidents=chair.state.incidents.values(),
        feeds=(),
        is_drill=False,
        records=chair.state.records,
    )
    return picture_items(chair.desk.targets, sight.picture(picture))


def test_what_an_areas_people_write_has_their_area_and_the_centres_has_none(chair: Chair) -> None:
    chair.sees(a_finding(("V01", "V31")))
    for actor in (of_area(WEST), Actor.named("王")):
        chair.acts(WriteEntry("巡线正常"), actor)
        chair.acts(LogCall(Outcome.REACHED, name="物业", incident_id=CASE), actor)
        chair.acts(BeginShift(), actor)
    kinds: tuple[RecordKind[Any], ...] = (LOG_ENTRY, CALL, DUTY)
    for kind in kinds:
        assert [one.area for one in chair.state.of(kind).values()] == [WEST, ""]


def test_a_terminal_sees_the_shift_of_its_own_area_and_of_its_cases_and_nothing_of_another_area(chair: Chair) -> None:
    chair.sees(a_finding(EAST_ONLY))
    for actor in (of_area(WEST), of_area(EAST), Actor.named("王")):
        chair.acts(WriteEntry(f"{actor.actor_id} 一般"), actor)
        chair.acts(BeginShift(), actor)
    chair.does(WriteEntry("中心 关于事件", incident_id=CASE))
    chair.does(AddContacts(tuple(ContactFields(name, ContactKind.PROPERTY, areas=of) for name, of in (
        ("西物业", ("城西片区",)), ("东物业", (EAST,)), ("都不写", ())
    ))))  # fmt: skip
    shown = {}
    for area in (WEST, EAST):
        visible = Visibility(AreaMap(chair.city), (area,))
        cases = cases_seen(visible, chair.state)
        records = (one for some in chair.state.records.values() for one in some.values())
        seen = [one for one in records if visible.record(one, cases)]
        shown[area] = {
            getattr(one, "text", "") or getattr(one, "name", "") or type(one).__name__
            for one in seen if isinstance(one, LogEntry | Duty | Contact)
        }  # fmt: skip
    assert shown == {
        WEST: {f"at-{WEST} 一般", "李", "西物业"},
        EAST: {f"at-{EAST} 一般", "李", "东物业", "中心 关于事件"},
    }


def test_a_handover_at_an_areas_terminal_holds_what_its_terminal_shows_and_is_signed(chair: Chair) -> None:
    chair.sees(a_finding(EAST_ONLY))
    chair.does(OpenIncident(WEST_ONLY[0]))
    east, west = sorted(chair.state.incidents, key=lambda case: EAST not in alerted(chair, case))
    chair.does(JudgeBurst(east, (EAST_ONLY[0],), "电话"))
    chair.does(SendCrew(east, "C1"))  # a crew of the west, which the east's terminal shows while it works there
    actor = of_area(EAST)
    seen = listed_for(chair, EAST)
    assert {item.key for item in seen if item.part is Part.CASES} == {east}
    assert "一队" in str([item.note for item in seen])
    whole = kept_items(chair.desk.targets, chair.state)
    with pytest.raises(Refused, match="no incident"):  # the centre's list is not what this terminal hands over
        chair.acts(SignHandover(LI, ZHAO, seen, chair.now, whole), actor)
    with pytest.raises(HandoverChanged) as refused:
        chair.acts(SignHandover(LI, ZHAO, seen, chair.now, ()), actor)
    assert west not in str(refused.value.changes)
    chair.acts(SignHandover(LI, ZHAO, seen, chair.now, seen), actor)
    (handover,) = chair.state.of(HANDOVER).values()
    assert (handover.area, handover.items) == (EAST, seen)
    assert west not in str(handover.items)
    assert [(one.name, one.area) for one in on_duty(chair.state)] == [("赵", EAST)]


def test_somebody_of_two_areas_writes_about_cases_and_is_sent_to_a_terminal_for_the_rest(chair: Chair) -> None:
    chair.sees(a_finding(EAST_ONLY))
    both = Actor("at-both", "周", Role.AREA, areas=(WEST, EAST))
    chair.acts(WriteEntry("两边都看到", incident_id=CASE), both)
    for intent in (WriteEntry("一般"), BeginShift(), SignHandover(LI, ZHAO, (), chair.now, listed_for(chair, EAST))):
        with pytest.raises(Refused) as refused:
            chair.acts(intent, both)
        assert "城西片区, 城东片区" in refused.value.text("zh_CN") or isinstance(refused.value, HandoverChanged)


def test_an_area_neither_answers_nor_corrects_an_entry_of_another_area(chair: Chair) -> None:
    chair.acts(WriteEntry("东边的事"), of_area(EAST))
    (entry,) = chair.state.of(LOG_ENTRY)
    for intent in (WriteEntry("答复", reply_to=entry), WriteEntry("更正", corrects=entry)):
        with pytest.raises(Refused):
            chair.acts(intent, of_area(WEST))


@pytest.mark.parametrize("kind", [LOG_ENTRY, DUTY, CALL, HANDOVER], ids=lambda kind: kind.name)
def test_a_record_of_before_areas_is_read_and_is_the_centres(chair: Chair, kind: RecordKind[Any]) -> None:
    chair.does(WriteEntry("旧"))
    chair.does(BeginShift())
    chair.does(LogCall(Outcome.BUSY, name="物业"))
    chair.does(SignHandover(LI, ZHAO, (), chair.now, ()))
    (record, *_) = chair.state.of(kind).values()
    old = to_json(record)
    del old["area"]
    assert kind.read(old, 1, record.version) == record
    part = {"ended_at": None}  # what a change of an old record holds
    assert kind.upgraded(part, 1) == part
    assert not Visibility(AreaMap(chair.city), (WEST, EAST)).record(kind.read(old, 1), frozenset())


def test_a_station_whose_case_is_not_seen_here_keeps_its_alarm() -> None:
    city = build_small_city()
    port = ScriptedPort(in_two_areas(city, float(np.median(city.network.nodes.x)) - 400.0))
    port.burst(stations=9)
    whole = port.latest()
    assert (whole.station_state == StationState.IN_CASE).sum() == 9
    seen = set()
    for area in (WEST, EAST):
        sight = AreaSight(port.city, [area])
        shown = sight.picture(whole)
        seen.add(bool(shown.incidents))
        states = (StationState.ABNORMAL, StationState.IN_CASE)
        wrong, right = states if shown.incidents else states[::-1]
        assert not (shown.station_state == wrong).any()
        assert (shown.station_state == right).any()
        assert shown.late is not None
        assert len(shown.late) == len(sight.station_rows)
    assert seen == {True, False}
