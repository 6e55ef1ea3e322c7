"""Scripted dispatcher: reads only the picture and submits the same intents as a person."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from console.domain.actors import Actor
from console.domain.incidents import Incident, OrderKind, OrderState, Phase, WorkOrder
from console.domain.intents import Intent
from console.domain.notices import NoticeStatus
from console.domain.picture import Picture
from console.services.alarms.station_alarms import AcknowledgeAlarm
from console.services.crews.orders import SendCrew
from console.services.crews.valve_reports import MarkValveClosed
from console.services.incidents.judging import JudgeBurst
from console.services.notices.lifecycle import ApproveNotice, DraftNotice, IssueNotice, SubmitNotice
from maps.errors import QuanmaiError

DISPATCHER, SUPERVISOR = "调度员", "值班长"
_SPOKEN = 0.9
"""Share of stations that must have reported before the burst-free phase ends."""
_ANSWER_S = 30.0
"""Real seconds for the engine to carry out an intent."""
_CREWS_MOST = 50
"""Number of crews tried one after another for one repair."""


class Console(Protocol):
    """Interface of the simulated dispatcher: the picture and the intents."""

    def latest(self) -> Picture:
        """The latest picture."""
        ...

    def submit(self, intent: Intent, actor: Actor) -> Future[Any]:
        """Submit an intent; the future has its change set, or the fault."""
        ...


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of the incident at which the window is captured."""

    name: str
    incident: Incident | None


class ScriptedDispatcher:
    """``stages`` yields after every significant event; ``wait`` lets real time pass.

    Steps that fail (refused, or timed out) are recorded in ``not_done``, one line each, and the incident continues.
    """

    def __init__(self, console: Console, wait: Callable[[Callable[[], bool]], bool]) -> None:
        self._console, self._wait = console, wait
        self.not_done: list[str] = []

    def stages(self) -> Iterator[Stage]:
        """The whole incident, from the burst-free phase to the issued notice. Ends early without a burst finding or judgement."""
        self._expect(lambda: self._spoken() > _SPOKEN, "not all stations have sent readings")
        yield Stage("1-quiet", None)
        if not self._expect(lambda: bool(self._console.latest().incidents), "no burst was found"):
            return
        self._acknowledge()
        # The candidates are revised in the two ticks after the first crossing, about half a minute.
        self._wait(lambda: self._incident().plan is not None and self._incident().location is not None)
        yield Stage("2-suspected", self._incident())
        if not self._judge():
            return
        yield Stage("3-verified", self._incident())
        self._expect(lambda: self._incident().impact is not None, "pressures after closing were not computed")
        self._do(DraftNotice(self._id))
        yield Stage("4-draft", self._incident())
        self._follow_report()
        if self._send_crew():
            yield Stage("5-crew", self._incident())
        self._close_valves()
        yield Stage("6-isolating", self._incident())
        if self._issue():
            yield Stage("7-issued", self._incident())

    @property
    def _id(self) -> str:
        return self._console.latest().incidents[0].incident_id

    def _incident(self) -> Incident:
        return self._console.latest().incidents[0]

    def _spoken(self) -> float:
        value = self._console.latest().value
        return float(np.isfinite(value).any(axis=1).mean()) if len(value) else 1.0

    def _expect(self, true: Callable[[], bool], else_note: str) -> bool:
        """Wait for a condition; a timeout is recorded."""
        came = self._wait(true)
        if not came:
            self._note(else_note)
        return came

    def _note(self, line: str) -> None:
        if line not in self.not_done:
            self.not_done.append(line)

    def _do(self, intent: Intent, user: str = DISPATCHER) -> bool:
        """Carry out an intent; a refusal is noted."""
        console, actor = self._seat(user)
        version = console.latest().version
        try:
            console.submit(intent, actor).result(timeout=_ANSWER_S)
        except QuanmaiError as refused:
            self._note(f"{type(intent).__name__}: {refused}")
            return False
        except TimeoutError:
            self._note(f"{type(intent).__name__}: the engine did not answer within {_ANSWER_S:.0f} s")
            return False
        self._wait(lambda: console.latest().version > version)
        return True

    def _seat(self, user: str) -> tuple[Console, Actor]:
        """Where somebody works, and as whom."""
        return self._console, Actor.named(user)

    def _acknowledge(self) -> None:
        for alarm in self._console.latest().alarms:
            if alarm.incident_id == self._id:
                self._do(AcknowledgeAlarm(alarm.alarm_id))

    def _judge(self) -> bool:
        """Judge the first candidate; the site check corrects it."""
        location = self._incident().location
        if location is None or not location.candidates:
            self._note("the burst was not located, so none was judged")
            return False
        return self._do(JudgeBurst(self._id, (location.candidates[0].pipe_id,), "judgement"))

    def _follow_report(self) -> None:
        """Correct the judged pipe by the crew's report from the site, if it found another one."""
        if not self._orders(OrderKind.SITE_CHECK):
            self._note("no crew was free for the site check")
            return
        answered = (OrderState.ON_SITE, OrderState.DONE, OrderState.REFUSED)
        if not self._wait(lambda: all(o.state in answered for o in self._orders(OrderKind.SITE_CHECK))):
            self._note(self._silent(OrderKind.SITE_CHECK, "did not report from the site"))
        for order in self._orders(OrderKind.SITE_CHECK):
            if order.state is OrderState.REFUSED:
                self._note(f"crew {order.crew_id} refused order {order.order_id}")
        found = next((o.found_pipe for o in self._incident().orders if o.found_pipe), "")
        if found and found not in self._incident().burst_pipes and self._do(JudgeBurst(self._id, (found,), "on_site")):
            self._expect(lambda: self._incident().impact is not None, "pressures after closing were not computed")
            self._do(DraftNotice(self._id))

    def _send_crew(self) -> bool:
        """One crew after the other until one accepts; False when none does."""
        for _ in range(_CREWS_MOST):
            asked = len(self._incident().orders)
            if not self._do(SendCrew(self._id)):
                return False
            orders = self._incident().orders[asked:]
            if not orders:
                return False
            order_id, crew = orders[0].order_id, orders[0].crew_id
            if not self._wait(lambda sent=order_id: self._state_of(sent) is not OrderState.SENT):  # type: ignore[misc]
                self._note(f"crew {crew} did not answer order {order_id}")
                return False
            if self._state_of(order_id) is not OrderState.REFUSED:
                return True
            self._note(f"crew {crew} refused order {order_id}")
        return False

    def _orders(self, kind: OrderKind) -> tuple[WorkOrder, ...]:
        return tuple(order for order in self._incident().orders if order.kind is kind)

    def _state_of(self, order_id: str) -> OrderState:
        return next(order.state for order in self._incident().orders if order.order_id == order_id)

    def _silent(self, kind: OrderKind, what: str) -> str:
        waiting = [o for o in self._orders(kind) if o.state in (OrderState.SENT, OrderState.ACKNOWLEDGED)]
        return f"crew {', '.join(dict.fromkeys(o.crew_id for o in waiting))} {what}"

    def _close_valves(self) -> None:
        plan = self._incident().plan
        if plan is None or not plan.valves_to_close:
            self._note("the plan names no valve to close")
            return
        for step in plan.valves_to_close[:2]:
            self._do(MarkValveClosed(self._id, step.asset_id))

    def _issue(self) -> bool:
        """Redraft, submit, approve and issue the notice; False when it was not issued."""
        if not self._incident().notices:
            self._note("there is no notice to issue")
            return False
        self._do(DraftNotice(self._id))  # the incident has changed since, and an outdated notice is not forwarded
        notice = self._incident().notices[-1]
        if notice.status is NoticeStatus.DRAFT and not self._do(SubmitNotice(self._id, notice.notice_id)):
            return False
        approved = self._approve(notice.notice_id)
        if not (approved and self._do(IssueNotice(self._id, notice.notice_id))):
            return False
        written = lambda: bool(self._incident().notices[-1].files) or self._incident().phase is Phase.CLOSED  # noqa: E731
        self._expect(written, "the files of the notice were not written")
        return True

    def _approve(self, notice_id: str) -> bool:
        """A second person approves the notice."""
        return self._do(ApproveNotice(self._id, notice_id), SUPERVISOR)
