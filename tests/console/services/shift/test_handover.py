"""A handover holds what is open, and two people sign the list that they saw."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from console.detection.finding import StationFinding
from console.domain.actors import Actor, Proof, Role
from console.domain.incidents import Unable
from console.domain.shift import DUTY, HANDOVER, Part, Signature
from console.domain.targets import Targets
from console.services.alarms.operations import EnterOperation
from console.services.alarms.station_alarms import ShelveAlarm, TakeOutOfService
from console.services.changesets import Refused
from console.services.crews.valve_reports import MarkValveClosed, MarkValveRestored, MarkValveUnable
from console.services.desk import DeskSettings
from console.services.incidents.judging import JudgeBurst
from console.services.note_texts import NoteTexts
from console.services.shift.duty import BeginShift, on_duty
from console.services.shift.entries import WriteEntry
from console.services.shift.handover import HandoverChanged, Items, SignHandover, differences, kept_items
from tests.console.services.conftest import CASE
from tests.console.services.town import Chair, a_finding

WANG, ZHAO = Signature("王", "王"), Signature("赵", "赵")
EN = NoteTexts("en", "Asia/Shanghai").text


def listed(chair: Chair) -> Items:
    return kept_items(chair.desk.targets, chair.state)


def signed(chair: Chair, preview: Items | None = None, seen: Items | None = None, remarks: str = "") -> SignHandover:
    now = listed(chair)
    return SignHandover(WANG, ZHAO, now if preview is None else preview, chair.now, now if seen is None else seen, remarks)


@pytest.fixture
def busy(judged: Chair) -> Chair:
    """A judged case with one valve closed, one stuck, a crew out, works, an alarm shelved and one out of service."""
    judged.does(MarkValveClosed(CASE, "H10a"))
    judged.does(MarkValveUnable(CASE, "H10b", Unable.SEIZED))
    judged.does(EnterOperation("works", "H02", judged.now, judged.now + timedelta(hours=2), "换阀"))
    stale = [StationFinding(station, "pressure", "stale", judged.now, True) for station in ("S8", "S9")]
    judged.take(judged.desk.on_stations(judged.state, stale, judged.now))
    first, second = (one.alarm_id for one in judged.state.alarms.values() if one.subject in ("S8", "S9"))
    judged.does(ShelveAlarm(first, judged.now + timedelta(minutes=30), "检修"))
    judged.does(TakeOutOfService(second, "送检"))
    return judged


def test_every_open_thing_is_listed_once_in_its_section(busy: Chair) -> None:
    found = [(item.part, item.key) for item in listed(busy)]
    (shelved, aside) = (one.alarm_id for one in busy.state.alarms.values() if one.subject in ("S8", "S9"))
    (works,) = (one.alarm_id for one in busy.state.alarms.values() if one.code == "works")
    assert found == [
        (Part.CASES, CASE),
        (Part.VALVES, f"{CASE}/H10a"),
        (Part.VALVES, f"{CASE}/H10b"),
        (Part.CREWS, f"{CASE}-W1"),
        (Part.SHELVED, shelved),
        (Part.OUT_OF_SERVICE, aside),
        (Part.WORKS, works),
    ]


def test_a_case_has_its_next_step_and_its_nearest_deadline(judged: Chair) -> None:
    (case, *_) = listed(judged)
    alerted = judged.state.incidents[CASE].alerted_at
    assert alerted is not None
    assert case.due == alerted + timedelta(minutes=Targets().issue.minutes)
    assert "verified, next: close the valves, draft the notice; notice public due 01-03 23:10" in EN(case.note)


def test_a_valve_leaves_the_list_when_it_is_back(busy: Chair) -> None:
    busy.does(MarkValveRestored(CASE, "H10a"))
    assert [item.key for item in listed(busy) if item.part is Part.VALVES] == [f"{CASE}/H10b"]


def test_both_sign_one_goes_off_duty_and_the_other_on(busy: Chair) -> None:
    began = busy.now
    busy.does(BeginShift())
    items, at = listed(busy), busy.now
    busy.does(signed(busy, remarks="钥匙在抽屉"))
    handover = busy.state.of(HANDOVER)["H-00001"]
    assert (handover.items, handover.signed_at, handover.since) == (items, at, began)
    assert (handover.outgoing, handover.incoming, handover.remarks) == (WANG, ZHAO, "钥匙在抽屉")
    (left, came) = busy.state.of(DUTY).values()
    assert (left.name, left.ended_at, left.handover_id) == ("王", at, "H-00001")
    assert [(duty.name, duty.began_at) for duty in on_duty(busy.state)] == [("赵", at)]
    assert came.duty_id != left.duty_id


def test_what_changed_between_preview_and_signature_is_kept(busy: Chair) -> None:
    preview = listed(busy)
    busy.does(MarkValveRestored(CASE, "H10a"))
    busy.does(MarkValveClosed(CASE, "H20a"))
    now = listed(busy)
    busy.does(signed(busy, preview=preview))
    changes = busy.state.of(HANDOVER)["H-00001"].changes
    came = {one.after.key for one in changes if one.before is None and one.after is not None}
    went = {one.before.key for one in changes if one.after is None and one.before is not None}
    old, new = ({(item.part, item.key) for item in items} for items in (preview, now))
    assert came == {key for _, key in new - old} == {f"{CASE}/H20a"}
    assert went == {key for _, key in old - new} == {f"{CASE}/H10a"}


def test_a_list_that_changed_unseen_is_not_signed(busy: Chair) -> None:
    seen = listed(busy)
    busy.does(MarkValveRestored(CASE, "H10a"))
    with pytest.raises(HandoverChanged) as refused:
        busy.does(signed(busy, seen=seen))
    assert [one.before.key for one in refused.value.changes if one.before is not None] == [f"{CASE}/H10a"]
    assert not busy.state.of(HANDOVER)
    busy.does(WriteEntry("an entry of the log is no open thing"))
    busy.does(signed(busy, seen=listed(busy)))
    assert busy.state.of(HANDOVER)


@pytest.mark.parametrize(
    "other", [WANG, Signature("王2", " 王 "), Signature("王", "赵"), Signature("x", "Ｗ"), Signature("x", "")]
)
def test_two_different_named_people_sign(chair: Chair, other: Signature) -> None:
    mine = replace(WANG, name="w") if other.name == "Ｗ" else WANG
    with pytest.raises(Refused, match=r"two people|both names"):
        chair.does(replace(signed(chair), outgoing=mine, incoming=other))


def test_who_may_not_keep_the_shift_signs_no_handover(chair: Chair) -> None:
    auditor = Signature("u-1", "审", Role.AUDITOR, is_verified=True)
    for outgoing, incoming in ((WANG, auditor), (auditor, ZHAO)):
        with pytest.raises(Refused, match="审"):
            chair.does(replace(signed(chair), outgoing=outgoing, incoming=incoming))
    assert not chair.state.of(HANDOVER)


def test_where_people_have_passwords_a_typed_name_does_not_sign(chair: Chair) -> None:
    strict, seat = Chair(settings=DeskSettings(signs_in=True)), Actor("u-王", "王", proof=Proof.PASSWORD)

    def signs(outgoing: Signature, incoming: Signature) -> None:
        intent = replace(signed(strict), outgoing=outgoing, incoming=incoming)
        strict.take(strict.desk.carry_out(strict.state, intent, seat, strict.now))

    proven = [replace(one, actor_id=f"u-{one.name}", is_verified=True) for one in (WANG, ZHAO)]
    for pair in ((WANG, ZHAO), (proven[0], ZHAO), (WANG, proven[1])):
        with pytest.raises(Refused, match="passwords"):
            signs(*pair)
    signs(proven[0], proven[1])
    assert strict.state.of(HANDOVER)["H-00001"].is_verified
    chair.does(signed(chair))
    assert not chair.state.of(HANDOVER)["H-00001"].is_verified


@pytest.mark.parametrize(("verified", "said"), [(True, "both signed with their passwords"), (False, "names typed, not verified")])
def test_the_log_says_whether_the_names_are_proven(chair: Chair, verified: bool, said: str) -> None:
    who = [replace(one, actor_id=f"u-{one.name}", is_verified=verified) for one in (WANG, ZHAO)]
    chair.does(replace(signed(chair), outgoing=who[0], incoming=who[1]))
    (line,) = [EN(change.note) for change in chair.log if change.kind == "handover_signed"]
    assert said in line


def test_a_handover_at_one_seat_leaves_people_at_other_seats_on_duty(chair: Chair) -> None:
    elsewhere = Actor("u9", "孙", seat="desk-2")
    chair.take(chair.desk.carry_out(chair.state, BeginShift(), elsewhere, chair.now))
    chair.does(BeginShift())
    chair.does(signed(chair))
    assert {duty.name for duty in on_duty(chair.state)} == {"孙", "赵"}


def test_differences_are_what_came_went_and_changed() -> None:
    chair = Chair()
    chair.sees(a_finding())
    before = listed(chair)
    chair.does(JudgeBurst(CASE, ("H10",)))
    after = listed(chair)
    assert differences(before, before) == ()
    assert {(one.before is None, one.after is None) for one in differences(before, after)} == {(False, False), (True, False)}
    assert [(one.after, one.before) for one in differences(after, before)[:1]] == [(before[0], after[0])]
