"""The scripted dispatcher continues whatever crews do, and lists each step that could not be done."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

import pytest

from console.domain.actors import Actor
from console.domain.crews import CrewState
from console.domain.incidents import Incident, OrderKind, OrderState, PressureImpact
from console.domain.intents import Intent
from console.domain.orders import OrderReply
from console.domain.picture import Picture
from console.drill.dispatcher import ScriptedDispatcher, Stage
from tests.console.ui.scripted import CASE, ScriptedPort

Answer = Callable[[str, OrderKind], str | None]
"""(crew, what it was sent for) → its reply, None when it is silent."""


class Field:
    """A simulated field whose crews answer by a rule; it advances each time the dispatcher reads the picture."""

    def __init__(self, on_duty: int, answer: Answer) -> None:
        self.port, self._answer, self._burst = ScriptedPort(), answer, False
        fixes = list(self.port.chair.state.crews.values())
        off = [replace(fix, state=CrewState.OFF_DUTY) for fix in fixes[on_duty:]]
        self.port.chair.state = self.port.chair.state.with_crews([*fixes[:on_duty], *off])
        self.port.publish()

    def latest(self) -> Picture:
        return self.port.latest()

    def submit(self, intent: Intent, actor: Actor) -> Future[Any]:
        return self.port.submit(intent, actor)

    def wait(self, true: Callable[[], bool]) -> bool:
        """Advance the simulated field, a few times at most."""
        for _ in range(4):
            if true():
                return True
            self._turn()
        return true()

    def _turn(self) -> None:
        chair = self.port.chair
        if not self._burst:
            self._burst = True
            self.port.burst()
        elif CASE in chair.state.incidents:
            case = chair.state.incidents[CASE]
            if case.burst_pipes and case.impact is None:
                chair.take(chair.desk.on_impact(chair.state, CASE, PressureImpact(True), chair.now))
            for order in case.orders:
                said = self._answer(order.crew_id, order.kind)
                if said is not None:
                    reply = OrderReply(order.order_id, order.crew_id, said, chair.now)
                    chair.take(chair.desk.on_order_reply(chair.state, reply, chair.now), order.crew_id)
        self.port.publish()


def played(on_duty: int, answer: Answer) -> tuple[list[Stage], list[str], Incident]:
    """Stages reached, steps not done, the final case."""
    field = Field(on_duty, answer)
    dispatcher = ScriptedDispatcher(field, field.wait)
    stages = list(dispatcher.stages())
    return stages, dispatcher.not_done, field.port.case


def names(stages: list[Stage]) -> list[str]:
    return [stage.name for stage in stages]


WITHOUT_CREW = ["1-quiet", "2-suspected", "3-verified", "4-draft", "6-isolating", "7-issued"]


def test_the_only_crew_checks_the_site_and_does_the_repair() -> None:
    stages, not_done, case = played(1, lambda crew, kind: "on_site")
    assert names(stages) == [*WITHOUT_CREW[:4], "5-crew", *WITHOUT_CREW[4:]]
    assert [line for line in not_done if "files of the notice" not in line] == []  # a desk alone writes none
    assert [(order.crew_id, order.kind) for order in case.orders] == [
        ("crew1", OrderKind.SITE_CHECK),
        ("crew1", OrderKind.REPAIR),
    ]


def test_without_a_crew_on_duty_the_drill_goes_on_to_the_notice_and_says_so() -> None:
    stages, not_done, case = played(0, lambda crew, kind: "on_site")
    assert names(stages) == WITHOUT_CREW
    assert case.orders == ()
    assert not_done[0] == "no crew was free for the site check"
    assert any("No crew is free" in line for line in not_done)


@pytest.mark.parametrize("on_duty", [1, 2, 3])
def test_each_crew_is_tried_once_and_every_refusal_is_named(on_duty: int) -> None:
    stages, not_done, case = played(on_duty, lambda crew, kind: "refused")
    assert names(stages) == WITHOUT_CREW
    assert {order.state for order in case.orders} == {OrderState.REFUSED}
    assert sorted(order.crew_id for order in case.orders) == ["crew1", "crew2", "crew3"][:on_duty]
    for order in case.orders:
        assert f"crew {order.crew_id} refused order {order.order_id}" in not_done
    assert any("No crew is free" in line for line in not_done)


def test_silent_crews_are_named_and_the_notice_goes_out_all_the_same() -> None:
    stages, not_done, case = played(3, lambda crew, kind: None)
    assert names(stages) == WITHOUT_CREW
    check, repair = case.orders
    assert f"crew {check.crew_id} did not report from the site" in not_done
    assert f"crew {repair.crew_id} did not answer order {repair.order_id}" in not_done


def test_a_crew_that_refuses_the_repair_is_followed_by_the_next_that_takes_it() -> None:
    stages, not_done, case = played(
        3, lambda crew, kind: "on_site" if kind is OrderKind.SITE_CHECK or crew == "crew3" else "refused"
    )
    assert "5-crew" in names(stages)
    repairs = [order for order in case.orders if order.kind is OrderKind.REPAIR]
    assert repairs[-1].state is OrderState.ON_SITE
    assert sum("refused order" in line for line in not_done) == len(repairs) - 1
