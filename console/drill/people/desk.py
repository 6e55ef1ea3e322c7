"""PeopleDispatcher: the scripted dispatcher of a drill with people; carries the case to its end at two signed-in seats."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from console.domain.actors import Actor
from console.domain.incidents import OrderKind, OrderState, Phase
from console.domain.notices import NoticeStatus
from console.domain.outreach import Way
from console.domain.tickets import TICKET, Answer, Aspect, CallbackResult, Ticket, TicketKind
from console.domain.tickets import Stage as AskedAt
from console.drill.dispatcher import SUPERVISOR, Console, ScriptedDispatcher, Stage
from console.services.crews.orders import SendCrew
from console.services.crews.valve_assignment import SendValveCards
from console.services.incidents.isolation_evidence import IsolationSign, Sign, isolation_signs
from console.services.incidents.judging import AdvancePhase, JudgeBurst
from console.services.notices.lifecycle import LiftNotice
from console.services.public.tellings import TellCustomers
from console.services.tickets.changing import LogCallback, RateTicket
from maps.city import City

_SAMPLE = (0.4, 0.35)
"""Turbidity in NTU and chlorine in mg/L that the crew's instruments show."""


@dataclass(frozen=True, slots=True)
class Seat:
    """A console of somebody who has signed in."""

    console: Console
    actor: Actor


class Crew(Protocol):
    """A crew by its browser. Each returns whether the page says that the desk has taken it."""

    @property
    def crew_id(self) -> str:
        """Whose phone it is; "" before the first order."""
        ...

    def closes_valves(self, order_id: str) -> bool:
        """All that the page lists."""
        ...

    def repairs(self, order_id: str) -> bool:
        """The pipe itself."""
        ...

    def reopens_valves(self, order_id: str) -> bool:
        """All that the page says were closed."""
        ...

    def samples(self, order_id: str, turbidity_ntu: float, chlorine_mgl: float) -> bool:
        """The water before service resumes."""
        ...

    def finishes(self, order_id: str) -> bool:
        """The order."""
        ...


class Public(Protocol):
    """Callers as the desk meets them."""

    def one_more(self) -> None:
        """Somebody calls now."""
        ...

    def called_back(self, ticket_id: str) -> tuple[CallbackResult, Answer]:
        """What the caller of a ticket says."""
        ...


class PeopleDispatcher(ScriptedDispatcher):
    """The stages of the scripted dispatcher, then those to the closed case. What could not be done is in ``not_done``."""

    def __init__(
        self, city: City, seats: dict[str, Seat], crew: Crew, public: Public, wait: Callable[[Callable[[], bool]], bool]
    ) -> None:
        """``seats``: by the name of who works there, the dispatcher's first."""
        super().__init__(next(iter(seats.values())).console, wait)
        self._city, self._seats, self._crew, self._public = city, seats, crew, public

    def stages(self) -> Iterator[Stage]:
        """The whole case, from before the burst to the last caller asked."""
        last = ""
        for stage in super().stages():
            last = stage.name
            yield stage
            if stage.name == "3-verified":
                self._public.one_more()
        if last not in ("6-isolating", "7-issued") or self._incident().phase is not Phase.ISOLATED:
            self._note("the burst was not isolated, so the case stays open")
            return
        case = self._id
        self._tell(case)
        yield Stage("8-told", self._incident())
        if not self._restore(case):
            return
        yield Stage("9-restored", self._incident())
        tickets, last = self._tickets(case), self._incident()
        if not self._close(case):
            return
        yield Stage("10-closed", last)  # the picture has open cases only
        self._ask(tickets)
        yield Stage("11-asked", last)

    def _seat(self, user: str) -> tuple[Console, Actor]:
        seat = self._seats[user]
        return seat.console, seat.actor

    def _judge(self) -> bool:
        """Where somebody has seen the water, that pipe; else the first candidate. The crew's report corrects it."""
        seen = [one.pipe_id for one in self._console.latest().of(TICKET) if one.kind is TicketKind.BURST_SEEN and one.pipe_id]
        return self._do(JudgeBurst(self._id, (seen[0],), "calls")) if seen else super()._judge()

    def _send_crew(self) -> bool:
        """The crew that has found the burst repairs it; another one only where none has."""
        there = [one.crew_id for one in self._orders(OrderKind.SITE_CHECK) if one.state is OrderState.ON_SITE]
        if self._crew.crew_id not in there:
            return super()._send_crew()
        before = {order.order_id for order in self._incident().orders}
        if not self._do(SendCrew(self._id, self._crew.crew_id)):
            return False

        def is_answered() -> bool:
            new = [one for one in self._incident().orders if one.order_id not in before]
            return bool(new) and new[-1].state is not OrderState.SENT

        return self._expect(is_answered, "the crew did not answer its repair order")

    def _repair_order(self) -> str:
        """The order of the crew with the phone, a repair before a site check; "" without one."""
        mine = [one for one in self._incident().orders if one.crew_id == self._crew.crew_id and self._crew.crew_id]
        able = [one for one in mine if one.state in (OrderState.ACKNOWLEDGED, OrderState.ON_SITE)]
        able.sort(key=lambda one: one.kind is OrderKind.REPAIR)
        return able[-1].order_id if able else ""

    def _close_valves(self) -> None:
        """The crew closes them by its page; then the dispatcher looks for evidence."""
        plan = self._incident().plan
        if plan is None or not plan.valves_to_close:
            self._note("the plan names no valve to close")
            return
        order_id = self._repair_order()
        if not order_id:
            self._note("no crew with a phone has a live order, so no valve was closed")
            return
        self._do(SendValveCards(self._id))
        if not self._crew.closes_valves(order_id):
            return
        wanted = {step.asset_id for step in plan.valves_to_close}
        if self._expect(lambda: wanted <= set(self._incident().closed_valves()), "not every valve of the plan was closed"):
            self._do(AdvancePhase(self._id, Phase.ISOLATED, self._evidence()))

    def _evidence(self) -> str:
        """What the stations show; else the crew's word, as the case has it."""
        self._wait_briefly(lambda: bool(self._signs()))
        signs = self._signs()
        if signs:
            return "；".join(f"{one.station_id} {one.sign.value} {one.value:.0f}" for one in signs)
        marks = [mark for mark in self._incident().valve_marks if mark.operated]
        by = "、".join(dict.fromkeys(mark.by for mark in marks))
        return f"抢修队 {by} 报告 {len(marks)} 座阀门已关闭：{'、'.join(mark.valve_id for mark in marks)}"

    def _signs(self) -> list[IsolationSign]:
        """Signs of an isolation; none while a station inside still has pressure."""
        found = isolation_signs(self._city, self._incident(), self._console.latest())
        return [] if any(one.sign is Sign.STILL_PRESSURE for one in found) else list(found)

    def _wait_briefly(self, true: Callable[[], bool]) -> None:
        """Four minutes of the drill: new readings have come then."""
        until = self._console.latest().now_us + 240_000_000
        self._wait(lambda: true() or self._console.latest().now_us > until)

    def _approve(self, notice_id: str) -> bool:
        """The supervisor sees the notice at the second seat, and approves it there."""
        second = self._seats[SUPERVISOR].console

        def at(console: Console) -> NoticeStatus | None:
            notices = [one for case in console.latest().incidents for one in case.notices if one.notice_id == notice_id]
            return notices[-1].status if notices else None

        if not self._expect(lambda: at(second) is NoticeStatus.SUBMITTED, "the second seat never showed the submitted notice"):
            return False
        done = super()._approve(notice_id)
        return done and self._expect(
            lambda: at(self._console) is NoticeStatus.APPROVED, "the approval did not reach the dispatcher's seat"
        )

    def _tell(self, case: str) -> None:
        plan = self._incident().plan
        customers = plan.customers_without_water if plan is not None else ()
        if not customers:
            self._note("nobody is without water, so nobody was told")
            return
        called = {one.customer_id for one in self._tickets(case)}
        first = tuple(one for one in customers if one not in called)
        if first:
            self._do(TellCustomers(case, first, Way.GROUP))
        if asked := tuple(one for one in customers if one in called):
            self._do(TellCustomers(case, asked, Way.PHONE, asked_first=True))

    def _restore(self, case: str) -> bool:
        order_id = self._repair_order()
        self._do(AdvancePhase(case, Phase.REPAIRING))
        if not order_id or not self._crew.repairs(order_id):
            self._note("the pipe was not repaired, so the case stays open")
            return False
        self._do(AdvancePhase(case, Phase.RESTORING))
        if not self._crew.reopens_valves(order_id) or not self._expect(
            lambda: not self._incident().closed_valves(), "not every valve was reported back in its normal state"
        ):
            return False
        self._crew.samples(order_id, *_SAMPLE)
        if not self._expect(lambda: (one := self._incident().sample) is not None and one.passed, "no sample has passed"):
            return False
        self._crew.finishes(order_id)
        return True

    def _close(self, case: str) -> bool:
        for notice in self._incident().notices:
            if notice.status is NoticeStatus.ISSUED and not self._do(LiftNotice(case, notice.notice_id, "抢修完成，恢复供水")):
                return False
        return self._do(AdvancePhase(case, Phase.CLOSED, "抢修完成，水质合格，恢复供水"))

    def _tickets(self, case: str) -> tuple[Ticket, ...]:
        return tuple(one for one in self._console.latest().of(TICKET) if one.incident_id == case)

    def _ask(self, of_case: tuple[Ticket, ...]) -> None:
        """Call those back who asked for it, and ask whether they are satisfied."""
        wanted = {one.ticket_id for one in of_case if one.wants_callback}

        def due() -> list[Ticket]:
            return [one for one in self._console.latest().of(TICKET) if one.ticket_id in wanted and one.is_due_back]

        if not wanted or not self._expect(lambda: bool(due()), "no caller is due for a call back"):
            self._note("nobody was called back")
            return
        for ticket in due():
            result, answer = self._public.called_back(ticket.ticket_id)
            self._do(LogCallback(ticket.ticket_id, result))
            for aspect in Aspect:
                self._do(RateTicket(ticket.ticket_id, aspect, AskedAt.RESTORED, answer))
