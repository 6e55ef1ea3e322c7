"""Who is on duty."""

from __future__ import annotations

import pytest

from console.domain.actors import Actor, Proof, Role
from console.domain.shift import DUTY
from console.services.changesets import Refused
from console.services.desk import DeskState
from console.services.shift.duty import BeginShift, EndShift, on_duty
from tests.console.services.town import Chair

SIGNED_IN = Actor("u7", "钱", seat="desk-2", proof=Proof.PASSWORD)


def _as(chair: Chair, actor: Actor, intent: BeginShift | EndShift) -> DeskState:
    chair.take(chair.desk.carry_out(chair.state, intent, actor, chair.now), actor.name)
    return chair.state


def test_a_person_is_on_duty_from_signing_on_to_signing_off(chair: Chair) -> None:
    began = chair.now
    chair.does(BeginShift())
    (duty,) = on_duty(chair.state)
    assert (duty.duty_id, duty.name, duty.began_at, duty.ended_at) == ("D-00001", "王", began, None)
    ended = chair.now
    chair.does(EndShift("D-00001"))
    assert on_duty(chair.state) == ()
    assert chair.state.of(DUTY)["D-00001"].ended_at == ended


def test_nobody_signs_on_twice_at_one_seat_and_one_person_may_at_two(chair: Chair) -> None:
    _as(chair, SIGNED_IN, BeginShift())
    with pytest.raises(Refused, match="钱 is on duty at this seat already"):
        _as(chair, SIGNED_IN, BeginShift())
    _as(chair, Actor("u7", "钱", seat="desk-3", proof=Proof.PASSWORD), BeginShift())
    assert [duty.seat for duty in on_duty(chair.state)] == ["desk-2", "desk-3"]


def test_a_typed_name_is_never_said_to_be_verified(chair: Chair) -> None:
    _as(chair, SIGNED_IN, BeginShift())
    _as(chair, SIGNED_IN, BeginShift("赵"))
    chair.does(BeginShift())
    assert [(duty.name, duty.is_verified) for duty in on_duty(chair.state)] == [("钱", True), ("赵", False), ("王", False)]


def test_the_shift_of_a_signed_in_person_is_ended_by_that_person_or_a_supervisor(chair: Chair) -> None:
    _as(chair, SIGNED_IN, BeginShift())
    with pytest.raises(Refused, match="only they or a supervisor"):
        chair.does(EndShift("D-00001"))
    _as(chair, Actor("u1", "孙", Role.SUPERVISOR), EndShift("D-00001"))
    assert not on_duty(chair.state)
    with pytest.raises(Refused, match="no such shift"):
        chair.does(EndShift("D-00001"))
