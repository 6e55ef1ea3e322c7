"""Jobs: slow work that follows from the state of a case: pressures after closing, outlooks, files of notices.

They are derived from the cases after each change and at the start, so that an interrupted job is done again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from console.domain.changes import ChangeSet
from console.domain.clock import micros
from console.domain.incidents import Incident, Outlook, Phase, PressureImpact
from console.domain.live import LivePicture
from console.domain.notices import Notice
from console.engine.commands import Commands
from console.engine.decisions import Decisions
from console.engine.faults import Faults
from console.engine.ports import Ports
from console.engine.retrying import Job, Retrying
from console.services.desk import Desk
from console.services.location.outlook import Known
from console.services.notices.lifecycle import lacks_files


class Jobs:
    """Waits for computations and for the notices' folder; results are calls on the engine's thread."""

    def __init__(
        self,
        ports: Ports,
        live: LivePicture,
        expected: Callable[[], NDArray[np.float64]],
        desk: Desk,
        decisions: Decisions,
        commands: Commands,
        faults: Faults,
    ) -> None:
        self._ports, self._live, self._expected = ports, live, expected
        self._desk, self._decisions, self._commands = desk, decisions, commands
        self._retrying = Retrying(ports.clock, faults)
        self._planned: dict[str, int] = {}
        self._foreseen: dict[str, Incident] = {}
        self._asked: set[tuple[str, str]] = set()

    def start(self) -> None:
        """Begin, with unfinished jobs of an earlier process. Outlooks wait for ``resume_outlooks``."""
        for incident in self._decisions.state.incidents.values():
            self._ask_impact(incident)
            self._ask_files(incident)
        self._retrying.start()

    def resume_outlooks(self) -> None:
        """Start outlooks left unfinished by an earlier process; they need the expected values of a first tick."""
        for incident in self._decisions.state.incidents.values():
            self._ask_outlook(incident)

    def after(self, changes: ChangeSet) -> None:
        """Start the jobs that these changes require."""
        self._drop_unknown()
        for changed in changes.incidents:
            incident = self._decisions.state.incidents[changed.incident_id]
            self._ask_outlook(incident)
            self._ask_impact(incident)
            self._ask_files(incident)

    def close(self, patience_s: float) -> None:
        """Finish the running job, drop the waiting ones."""
        self._retrying.close(patience_s)

    def _drop_unknown(self) -> None:
        """Jobs of cases that are no longer known by that id: they have got a final one, under which the job is asked for anew."""
        incidents = self._decisions.state.incidents
        for name, known in (("outlook", self._foreseen), ("impact", self._planned)):
            for incident_id in known.keys() - incidents.keys():
                known.pop(incident_id)
                self._retrying.drop(f"{name}/{incident_id}")

    def _ask_outlook(self, incident: Incident) -> None:
        """The outlook of a suspected case, once for each location; the alarm does not wait for it."""
        incident_id, location, forecasts = incident.incident_id, incident.location, self._ports.forecasts
        wanted = incident.phase is Phase.SUSPECTED and incident.outlook is None
        before = self._foreseen.get(incident_id)
        if location is None or forecasts is None or not wanted or (before is not None and before.location == location):
            return
        self._foreseen[incident_id] = incident
        read = [reading.place_id for reading in incident.hand_readings]
        heard = (self._live.at_us > 0) & ~self._live.stale(micros(self._ports.clock.now()))
        known = Known.of(self._expected(), heard, read)

        def work() -> None:
            outlook = forecasts.outlook(location, incident.evidence, incident.first_abnormal_at, known)
            self._commands.call(lambda: self._take_outlook(incident, outlook))

        def is_wanted() -> bool:  # the result for an older location is dropped
            return self._foreseen.get(incident_id) is incident

        self._retrying.add(Job(f"outlook/{incident_id}", f"outlook of case {incident_id}", work, is_wanted))

    def _take_outlook(self, incident: Incident, outlook: Outlook) -> None:
        if self._foreseen.get(incident.incident_id) is incident:
            desk, now = self._desk, self._ports.clock.now()
            self._decisions.decide(lambda state: desk.on_outlook(state, incident.incident_id, outlook, now))

    def _ask_impact(self, incident: Incident) -> None:
        incident_id, plan, hydraulics = incident.incident_id, incident.plan, self._ports.hydraulics
        if plan is None or hydraulics is None or not incident.is_open() or not _lacks_impact(incident):
            return
        generation = hash(plan)
        if self._planned.get(incident_id) == generation:
            return
        self._planned[incident_id] = generation

        def work() -> None:
            impact = hydraulics.impact(plan)
            self._commands.call(lambda: self._take_impact(incident_id, generation, impact))
            if impact.converged and plan.reopen_candidates:
                checked = replace(impact, reopening=hydraulics.reopening(plan))
                self._commands.call(lambda: self._take_impact(incident_id, generation, checked))

        def is_wanted() -> bool:  # the result for an older plan is dropped
            return self._planned.get(incident_id) == generation

        self._retrying.add(Job(f"impact/{incident_id}", f"pressures after closing, case {incident_id}", work, is_wanted))

    def _take_impact(self, incident_id: str, generation: int, impact: PressureImpact) -> None:
        if self._planned.get(incident_id) == generation:  # a late result belongs to an older plan
            desk, now = self._desk, self._ports.clock.now()
            self._decisions.decide(lambda state: desk.on_impact(state, incident_id, impact, now))

    def _ask_files(self, incident: Incident) -> None:
        """The files of an issued or lifted notice."""
        for notice in incident.notices:
            key = (notice.notice_id, self._ports.documents.stem(notice))
            if key not in self._asked and lacks_files(notice, self._ports.documents):
                self._asked.add(key)
                work = partial(self._files_work, incident.incident_id, notice)
                self._retrying.add(Job(f"files/{key[1]}", f"files of notice {notice.notice_id}", work, lambda: True))

    def _files_work(self, incident_id: str, notice: Notice) -> None:
        paths = self._ports.documents.files(notice, self._ports.notices_folder)
        names = tuple(path.name for path in paths)
        self._commands.call(lambda: self._take_files(incident_id, notice.notice_id, names))

    def _take_files(self, incident_id: str, notice_id: str, names: tuple[str, ...]) -> None:
        desk, now = self._desk, self._ports.clock.now()
        self._decisions.decide(lambda state: desk.on_files(state, incident_id, notice_id, names, now))


def _lacks_impact(incident: Incident) -> bool:
    plan, impact = incident.plan, incident.impact
    if plan is None or impact is None:
        return plan is not None
    return impact.converged and bool(plan.reopen_candidates) and not impact.reopening
