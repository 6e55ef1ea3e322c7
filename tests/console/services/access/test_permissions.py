"""Who may do what: roles, the proof of who it is, and what an emergency opens."""

from __future__ import annotations

from dataclasses import replace

import pytest

from console.domain.actors import GRANTED, PEOPLE, Actor, Permission, Proof, Role
from console.services.alarms.station_alarms import AcknowledgeAlarm, ShelveAlarm
from console.services.changesets import Refused
from console.services.desk import DeskSettings
from console.services.incidents.judging import JudgeBurst
from console.services.incidents.opening import OpenIncident
from console.services.notices.lifecycle import ApproveNotice, DraftNotice, SubmitNotice
from tests.console.services.town import Chair, a_finding

CASE, N1 = "2024-0001", "2024-0001-N1"


def signed(name: str, role: Role, areas: tuple[str, ...] = (), proof: Proof = Proof.PASSWORD) -> Actor:
    return Actor(f"u-{name}", name, role, areas, "D1", proof)


@pytest.fixture
def chair() -> Chair:
    """A suspected case, on a store with users."""
    made = Chair(settings=DeskSettings(signs_in=True))
    made.sees(a_finding())
    return made


@pytest.fixture
def submitted(chair: Chair) -> Chair:
    """A notice that 王 drafted and submitted."""
    wang = signed("王", Role.DISPATCHER)
    pipe = chair.state.incidents[CASE].target_pipes()[0]
    for intent in (JudgeBurst(CASE, (pipe,), "calls"), DraftNotice(CASE), SubmitNotice(CASE, N1)):
        chair.acts(intent, wang)
    return chair


def key_of(chair: Chair, intent: object, actor: Actor) -> str:
    with pytest.raises(Refused) as refused:
        chair.acts(intent, actor)  # type: ignore[arg-type]
    assert "\n" not in refused.value.text("en")
    return refused.value.key


def test_where_people_sign_in_nobody_acts_without_a_password(chair: Chair) -> None:
    for proof in (Proof.UNRECORDED, Proof.ACCOUNT, Proof.TYPED_NAME):
        assert key_of(chair, AcknowledgeAlarm("A-000001"), signed("王", Role.DISPATCHER, proof=proof)) == "needs_sign_in"


def test_a_locked_seat_acknowledges_and_does_nothing_else(chair: Chair) -> None:
    nobody = Actor.at_locked_seat("D1")
    (alarm_id,) = chair.state.alarms
    assert key_of(chair, ShelveAlarm(alarm_id, None, "x"), nobody) == "not_permitted"
    assert key_of(chair, OpenIncident("any"), nobody) == "not_permitted"
    chair.acts(AcknowledgeAlarm(alarm_id), nobody)
    assert chair.state.alarms[alarm_id].acknowledged_by == "D1"


@pytest.mark.parametrize("role", sorted({*PEOPLE} - {Role.AUDITOR}))
def test_every_role_at_work_acknowledges_and_an_auditor_only_reads(chair: Chair, role: Role) -> None:
    (alarm_id,) = chair.state.alarms
    assert key_of(chair, AcknowledgeAlarm(alarm_id), signed("赵", Role.AUDITOR)) == "not_permitted"
    chair.acts(AcknowledgeAlarm(alarm_id), signed("钱", role))


def test_only_administrators_administer_users_and_only_supervisors_and_they_unlock_others() -> None:
    assert {role for role in PEOPLE if Permission.USERS in GRANTED[role]} == {Role.ADMIN}
    assert {role for role in PEOPLE if Permission.UNLOCK_OTHERS in GRANTED[role]} == {Role.ADMIN, Role.SUPERVISOR}


def test_a_second_person_approves_with_a_password_at_another_seat_or_here(submitted: Chair) -> None:
    before = submitted.state
    for proof, key in ((Proof.PASSWORD, "notice.approved_signed_in"), (Proof.PASSWORD_ONCE, "notice.approved_once")):
        submitted.state = before
        submitted.acts(ApproveNotice(CASE, N1), signed("李", Role.SUPERVISOR, proof=proof))
        assert submitted.log[-1].note.key == key
        assert submitted.state.incidents[CASE].notices[0].approval is proof


def test_who_drafted_it_approves_it_under_no_later_name_either(submitted: Chair) -> None:
    assert key_of(submitted, ApproveNotice(CASE, N1), signed("王", Role.DISPATCHER)) == "notice_second_person"
    renamed = replace(signed("王", Role.DISPATCHER), name="王芳芳")
    assert key_of(submitted, ApproveNotice(CASE, N1), renamed) == "notice_second_person"


def test_an_emergency_override_is_open_to_every_role_at_work_with_its_reason_and_recorded(submitted: Chair) -> None:
    hotline = signed("周", Role.HOTLINE)
    assert key_of(submitted, ApproveNotice(CASE, N1), hotline) == "not_permitted"
    submitted.acts(ApproveNotice(CASE, N1, "夜间只有一人"), hotline)
    assert submitted.log[-1].note.key == "notice.override"
    assert submitted.state.incidents[CASE].notices[0].override_reason == "夜间只有一人"
