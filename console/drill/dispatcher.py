"""The scripted dispatcher: sees only the picture, clicks through the same intents as a person would."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from console.domain import intents as ask
from console.domain.incidents import Incident, OrderKind, OrderState, Phase
from console.domain.intents import Intent
from console.domain.notices import NoticeStatus
from console.domain.picture import Picture

DISPATCHER, SUPERVISOR = "调度员", "值班长"
_SPOKEN = 0.9
"""Share of the stations that have spoken once the evening is called quiet."""


class Console(Protocol):
    """What the dispatcher has: the picture and the buttons."""

    def latest(self) -> Picture: ...

    def submit(self, intent: Intent, user: str) -> Future[Any]: ...


@dataclass(frozen=True, slots=True)
class Stage:
    """A point of the case worth a picture of the window."""

    name: str
    incident: Incident | None


class ScriptedDispatcher:
    """``stages`` yields whenever something worth seeing has happened; ``wait`` lets real time pass."""

    def __init__(self, console: Console, wait: Callable[[Callable[[], bool]], bool]) -> None:
        self._console, self._wait = console, wait

    def stages(self) -> Iterator[Stage]:
        """The whole case, from quiet to the issued notice. Ends early when no burst is found in time."""
        self._wait(lambda: bool(np.isfinite(self._console.latest().value).any(axis=1).mean() > _SPOKEN))
        yield Stage("1-quiet", None)
        if not self._wait(lambda: bool(self._console.latest().incidents)):
            return
        self._acknowledge()
        # Candidates settle over the two ticks after the first crossing: the night's patience of half a minute.
        self._wait(lambda: self._incident().plan is not None and self._incident().location is not None)
        yield Stage("2-suspected", self._incident())
        self._judge()
        yield Stage("3-verified", self._incident())
        self._wait(lambda: self._incident().impact is not None)
        self._do(ask.DraftNotice(self._id))
        yield Stage("4-draft", self._incident())
        self._follow_report()
        self._do(ask.SendCrew(self._id))
        self._wait(lambda: any(o.kind is OrderKind.REPAIR and o.state is not OrderState.SENT for o in self._incident().orders))
        yield Stage("5-crew", self._incident())
        self._close_valves()
        yield Stage("6-isolating", self._incident())
        self._issue()
        yield Stage("7-issued", self._incident())

    @property
    def _id(self) -> str:
        return self._console.latest().incidents[0].incident_id

    def _incident(self) -> Incident:
        return self._console.latest().incidents[0]

    def _do(self, intent: Intent, user: str = DISPATCHER) -> None:
        self._console.submit(intent, user).result(timeout=30)
        version = self._console.latest().version
        self._wait(lambda: self._console.latest().version > version)

    def _acknowledge(self) -> None:
        for alarm in self._console.latest().alarms:
            if alarm.incident_id == self._id:
                self._do(ask.AcknowledgeAlarm(alarm.alarm_id))

    def _judge(self) -> None:
        """The first candidate, as a dispatcher in a hurry would; the site check corrects it."""
        location = self._incident().location
        if location is None:
            raise RuntimeError("an incident without a location cannot be judged by the script")
        self._do(ask.JudgeBurst(self._id, (location.candidates[0].pipe_id,), "judgement"))

    def _follow_report(self) -> None:
        """The crew's word from the site: the pipe it found, if another than judged."""
        answered = (OrderState.ON_SITE, OrderState.DONE)
        self._wait(lambda: any(o.kind is OrderKind.SITE_CHECK and o.state in answered for o in self._incident().orders))
        found = next((o.found_pipe for o in self._incident().orders if o.found_pipe), "")
        if found and found not in self._incident().burst_pipes:
            self._do(ask.JudgeBurst(self._id, (found,), "on_site"))
            self._wait(lambda: self._incident().impact is not None)
            self._do(ask.DraftNotice(self._id))

    def _close_valves(self) -> None:
        plan = self._incident().plan
        for step in plan.valves_to_close[:2] if plan else ():
            self._do(ask.MarkValveClosed(self._id, step.asset_id))

    def _issue(self) -> None:
        self._do(ask.DraftNotice(self._id))  # anew: the case went on since, and an overtaken notice is not passed on
        notice = self._incident().notices[-1]
        if notice.status is NoticeStatus.DRAFT:
            self._do(ask.SubmitNotice(self._id, notice.notice_id))
        self._do(ask.ApproveNotice(self._id, notice.notice_id), SUPERVISOR)
        self._do(ask.IssueNotice(self._id, notice.notice_id))
        self._wait(lambda: bool(self._incident().notices[-1].files) or self._incident().phase is Phase.CLOSED)
