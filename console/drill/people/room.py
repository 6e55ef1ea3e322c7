"""PeopleRoom: callers, a crew's browser and a supervisor at a second seat, around the engine of a drill."""

from __future__ import annotations

import json
import logging
import queue
import secrets
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from console.channels.port import DeliveryChannel
from console.domain.actors import SYSTEM, Actor, Role
from console.domain.clock import Clock
from console.domain.tickets import TICKET
from console.drill.dispatcher import DISPATCHER, SUPERVISOR, ScriptedDispatcher
from console.drill.people.browser import BrowserFailed, browser_command
from console.drill.people.callers import Callers
from console.drill.people.crew import CrewAtWork
from console.drill.people.desk import PeopleDispatcher, Seat
from console.drill.people.keystrokes import TakenCall, quick_tickets
from console.drill.people.phone import CrewPhone, NotDone
from console.drill.people.streets import Streets
from console.drill.people.times import people_times
from console.drill.scene import Scene
from console.feeds.port import Feed
from console.feeds.simulator import SimulatorProcess
from console.runtime import Runtime, RuntimeOptions
from console.services.note_texts import NoteTexts
from console.services.tickets.taking import TakeCall
from console.store import open_store
from console.web.open311 import TicketParts
from console.web.server import WebAddress
from console.web.site import CrewSite
from maps.errors import QuanmaiError

log = logging.getLogger(__name__)

HOTLINE, PLATFORM = "热线员", "drill-12345"
_ROLES = {DISPATCHER: Role.DISPATCHER, SUPERVISOR: Role.SUPERVISOR, HOTLINE: Role.HOTLINE}
_ANSWER_S = 15.0
LONGEST_S = 240.0
"""Real seconds after which the drill waits for nothing more."""


class PeopleRoom:
    """A ``Cast``. Raises InputFault where no Chromium is found."""

    def __init__(self, longest_s: float = LONGEST_S) -> None:
        browser_command()
        self.ends_at = time.monotonic() + longest_s
        self._site = CrewSite(WebAddress("127.0.0.1", 0))
        self._wanted: queue.SimpleQueue[tuple[str, dict[str, Any]]] = queue.SimpleQueue()
        self._passwords = {name: secrets.token_urlsafe(12) for name in _ROLES}
        self._tokens: dict[str, str] = {}
        self._actors: dict[str, Actor] = {}
        self._key = ""
        self._scene: Scene | None = None
        self._second: Runtime | None = None
        self._phone: CrewPhone | None = None
        self._close = ExitStack()
        self._seats: dict[str, Seat] = {}
        self._not_done: list[str] = []
        self._taken: list[TakenCall] = []
        self._callers: Callers | None = None
        self._crew: CrewAtWork | None = None
        self._runtime: Runtime | None = None
        self._origin: tuple[datetime, datetime, float] | None = None
        """The same moment by the machine's clock and the drill's, and the drill's speed."""

    @property
    def feeds(self) -> Sequence[Feed]:
        """The crew page's."""
        return (self._site.feed,)

    @property
    def channels(self) -> Sequence[DeliveryChannel]:
        """The crew page's, and the feed of alerts."""
        return self._site.channels

    def prepare(self, scene: Scene, options: RuntimeOptions, clock: Clock) -> None:
        """Users with passwords, a link for each crew, a key for the city's platform; the second seat and the browser."""
        self._scene, now = scene, clock.now()
        store = open_store(options.store, "drill", is_shared=True)
        try:
            for name, role in _ROLES.items():
                store.users.add(name, role, (), self._passwords[name], SYSTEM, now)
                seat = "seat-2" if name == SUPERVISOR else "seat-1"
                self._actors[name] = store.users.authenticate(name, self._passwords[name], seat=seat)
            for crew in scene.city.crews.asset_id:
                self._tokens[str(crew)] = store.crew_links.make(str(crew), SYSTEM, now)[1]
            self._key = store.api_keys.make(PLATFORM, SYSTEM, now)[1]
        finally:
            store.close()
        # The second seat needs no hydraulics of its own: the leading one computes.
        aside = replace(options, role="supervisor", may_lead=False)
        self._second = Runtime(replace(scene.city, epanet=None), clock, aside)
        self._close.callback(self._second.close)
        folder = self._close.enter_context(tempfile.TemporaryDirectory(prefix="drill-phone-", ignore_cleanup_errors=True))
        self._phone = CrewPhone(Path(folder))
        self._close.callback(self._phone.close)

    def reply(self, topic: str, payload: bytes) -> object:
        """A simulated crew is about to answer: its person does so on the page, when the drill's thread is free."""
        self._wanted.put((topic.split("/")[-2], json.loads(payload)))
        return None

    def enter(self, runtime: Runtime, field: SimulatorProcess, burst_at: datetime) -> None:
        """Serve the page and begin."""
        assert self._scene is not None
        assert self._second is not None
        assert self._phone is not None
        clock, pipe = runtime.clock, self._scene.burst_pipe
        self._runtime, self._origin = runtime, (datetime.now(UTC), clock.now(), getattr(clock, "speed", 1.0))
        parts = TicketParts(runtime.city, clock, runtime.store, runtime.store.api_keys, runtime.engine.submit)
        self._site.serve(runtime.city, clock, runtime.store, runtime.store.crew_links, parts)
        self._close.callback(self._site.close)
        self._second.start()
        for name, seat in ((DISPATCHER, runtime), (HOTLINE, runtime), (SUPERVISOR, self._second)):
            self._seats[name] = Seat(seat.engine, self._actors[name])
        streets = Streets(field, pipe)
        self._phone.address = f"http://localhost:{self._site.port}"
        self._crew = CrewAtWork(self._phone, self._tokens, streets, self._note)
        self._callers = Callers(runtime.city, pipe, streets, self._site.port, self._key, self._take)
        self._callers.begin(burst_at)

    def dispatcher(self, wait: Callable[[Callable[[], bool]], bool]) -> ScriptedDispatcher:
        """With the two seats, the crew's phone and the callers."""
        assert self._runtime is not None
        assert self._crew is not None
        made = PeopleDispatcher(self._runtime.city, self._seats, self._crew, self, wait)
        self._not_done, before = made.not_done, self._not_done
        made.not_done.extend(before)
        return made

    def work(self) -> None:
        """Callers whose time has come call; the crew does what it is about to do."""
        assert self._runtime is not None
        if self._callers is not None:
            self._attempt(lambda: self._callers.work(self._runtime.clock.now()))  # type: ignore[union-attr]
        while not self._wanted.empty() and self._crew is not None:
            self._crew.wants(*self._wanted.get())

    def one_more(self) -> None:
        """Somebody without water calls."""
        if self._callers is not None:
            self._attempt(self._callers.one_more)

    def called_back(self, ticket_id: str) -> tuple[Any, Any]:
        """As of the callers."""
        assert self._callers is not None
        return self._callers.called_back(ticket_id)

    def leave(self) -> None:
        """Browser, second seat and page end."""
        self._close.close()

    def report(self, store: Path, summary: dict[str, Any]) -> dict[str, Any]:
        """Times, people, and what was not done, from the store."""
        case = (summary.get("incident") or {}).get("id", "")
        opened = open_store(store, "drill", is_shared=True)
        try:
            found = people_times(opened, case, self._drill_time)
            kept = opened.incident(case) if case else None
        finally:
            opened.close()
        if kept is not None:
            found["incident"] = {**summary["incident"], "phase": kept.phase.value, "judged": list(kept.burst_pipes)}
            notice = kept.notices[-1] if kept.notices else None
            found["notice"] = {**summary["notice"], "status": notice.status.value if notice else None}
        called = [] if self._callers is None else self._callers.everyone
        found["calls"] = [
            {"ticket": one.ticket_id, "kind": one.kind.value, "by": "open311" if one.is_online else "phone", "answer": one.told}
            for one in called
        ]
        found["quick_ticket"] = quick_tickets(self._taken)
        found["not_done"] = [*summary["not_done"], *(one for one in found["not_done"] if one not in summary["not_done"])]
        return found

    def _take(self, call: TakeCall) -> tuple[str, str]:
        assert self._runtime is not None
        seat, begun = self._seats[HOTLINE], time.perf_counter()
        try:
            made = seat.console.submit(call, seat.actor).result(_ANSWER_S)
        except (QuanmaiError, TimeoutError) as fault:
            raise NotDone(f"the call of {call.fields.caller} was not taken: {fault}") from fault
        self._taken.append(TakenCall(call.fields, call.fields.address, time.perf_counter() - begun))
        (ticket,) = made.of(TICKET)
        return ticket.ticket_id, NoteTexts("zh_CN", self._runtime.city.info.time_zone).text(ticket.answer)

    def _attempt(self, work: Callable[[], None]) -> None:
        try:
            work()
        except (NotDone, BrowserFailed) as fault:
            self._note(str(fault))

    def _note(self, line: str) -> None:
        if line not in self._not_done:
            self._not_done.append(line)

    def _drill_time(self, at: datetime) -> datetime:
        assert self._origin is not None
        real, drill, speed = self._origin
        return drill + timedelta(seconds=(at - real).total_seconds() * speed)
