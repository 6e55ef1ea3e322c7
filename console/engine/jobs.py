"""Jobs: what takes seconds and follows a change — pressures after closing, outlooks, files of notices."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from console.domain.changes import ChangeSet
from console.domain.clock import micros
from console.domain.incidents import Incident, Outlook, Phase, PressureImpact
from console.domain.live import LivePicture
from console.domain.notices import Notice, NoticeStatus
from console.engine.commands import Commands
from console.engine.decisions import SYSTEM_USER, Decisions
from console.engine.ports import Ports
from console.services.desk import Desk
from console.services.outlook import Known

log = logging.getLogger(__name__)


class Jobs:
    """Waits for computations and for the notices' folder, on a thread of its own; results come back as calls."""

    def __init__(
        self,
        ports: Ports,
        live: LivePicture,
        expected: Callable[[], NDArray[np.float64]],
        desk: Desk,
        decisions: Decisions,
        commands: Commands,
    ) -> None:
        self._ports, self._live, self._expected = ports, live, expected
        self._desk, self._decisions, self._commands = desk, decisions, commands
        self._background = ThreadPoolExecutor(1, thread_name_prefix="impact")
        self._planned: dict[str, int] = {}
        self._foreseen: dict[str, Incident] = {}
        self._written: set[tuple[str, int]] = set()

    def after(self, changes: ChangeSet) -> None:
        """Ask for what these committed changes call for."""
        for incident in changes.incidents:
            self._ask_outlook(self._decisions.state.incidents[incident.incident_id])
            self._ask_impact(incident.incident_id)
            self._write_files(incident)

    def close(self) -> None:
        """Finish what runs, drop what waits."""
        self._background.shutdown(wait=True, cancel_futures=True)

    def _ask_outlook(self, incident: Incident) -> None:
        """What a suspected case's location predicts, once for each location; the alarm does not wait for it."""
        location, forecasts = incident.location, self._ports.forecasts
        wanted = incident.phase is Phase.SUSPECTED and incident.outlook is None
        before = self._foreseen.get(incident.incident_id)
        if location is None or forecasts is None or not wanted or (before is not None and before.location == location):
            return
        self._foreseen[incident.incident_id] = incident
        read = [reading.place_id for reading in incident.hand_readings]
        heard = (self._live.at_us > 0) & ~self._live.stale(micros(self._ports.clock.now()))
        known = Known.of(self._expected(), heard, read)

        def work() -> None:
            outlook = forecasts.outlook(location, incident.evidence, incident.first_abnormal_at, known)
            self._commands.call(lambda: self._take_outlook(incident, outlook))

        self._background.submit(work).add_done_callback(_log_failure)

    def _take_outlook(self, incident: Incident, outlook: Outlook) -> None:
        if self._foreseen.get(incident.incident_id) is incident:  # a late answer belongs to an older location
            state, now = self._decisions.state, self._ports.clock.now()
            self._decisions.commit(self._desk.on_outlook(state, incident.incident_id, outlook, now), SYSTEM_USER)

    def _ask_impact(self, incident_id: str) -> None:
        incident = self._decisions.state.incidents[incident_id]
        plan, hydraulics = incident.plan, self._ports.hydraulics
        if plan is None or hydraulics is None or incident.impact is not None or self._planned.get(incident_id) == hash(plan):
            return
        generation = self._planned[incident_id] = hash(plan)

        def work() -> None:
            impact = hydraulics.impact(plan)
            self._commands.call(lambda: self._take_impact(incident_id, generation, impact))
            if impact.converged and plan.reopen_candidates:
                checked = replace(impact, reopening=hydraulics.reopening(plan))
                self._commands.call(lambda: self._take_impact(incident_id, generation, checked))

        self._background.submit(work).add_done_callback(_log_failure)

    def _take_impact(self, incident_id: str, generation: int, impact: PressureImpact) -> None:
        if self._planned.get(incident_id) == generation:  # a late answer belongs to an older plan
            state, now = self._decisions.state, self._ports.clock.now()
            self._decisions.commit(self._desk.on_impact(state, incident_id, impact, now), SYSTEM_USER)

    def _write_files(self, incident: Incident) -> None:
        """The files of a notice that has just been issued, written off the engine's thread, then recorded."""
        for notice in incident.notices:
            key = (notice.notice_id, notice.version)
            if notice.status is not NoticeStatus.ISSUED or notice.files or key in self._written:
                continue
            self._written.add(key)
            self._background.submit(self._files_work, incident.incident_id, notice).add_done_callback(_log_failure)

    def _files_work(self, incident_id: str, notice: Notice) -> None:
        paths = self._ports.documents.files(notice, self._ports.notices_folder)
        names = tuple(path.name for path in paths)
        self._commands.call(lambda: self._take_files(incident_id, notice.notice_id, names))

    def _take_files(self, incident_id: str, notice_id: str, names: tuple[str, ...]) -> None:
        state, now = self._decisions.state, self._ports.clock.now()
        self._decisions.commit(self._desk.on_files(state, incident_id, notice_id, names, now), SYSTEM_USER)


def _log_failure(done: Future[None]) -> None:
    fault = None if done.cancelled() else done.exception()
    if fault is not None:
        log.error("work in the background: %s", fault, exc_info=fault)
