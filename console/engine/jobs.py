"""Jobs: slow work that follows from the state of a case: pressures after closing, outlooks, files of notices.

They are derived from the cases after each change and when this process begins to lead; how each one fares is in the store
(``retrying.py``), so that one that a kill interrupted goes on with its attempts and next time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from console.domain.changes import ChangeSet
from console.domain.clock import micros
from console.domain.incidents import Incident, Phase, PressureImpact
from console.domain.jobs import JobKey, JobKind
from console.domain.live import LivePicture
from console.domain.notices import Notice
from console.domain.outages import OUTAGE
from console.domain.record_ids import is_provisional
from console.domain.values import json_bytes
from console.engine.commands import Commands
from console.engine.decisions import Decisions
from console.engine.faults import Faults
from console.engine.lease import Leadership
from console.engine.ports import Ports
from console.engine.retrying import Job, Result, Retrying
from console.engine.rollup import LOOK_S, Rollup
from console.services.changesets import NOTHING
from console.services.desk import Desk
from console.services.location.outlook import Known
from console.services.notices.holders import case_of
from console.services.notices.lifecycle import lacks_files
from console.services.ports import Forecasts, Hydraulics
from console.services.state import DeskState
from maps.isolation.plan.result import IsolationPlan
from maps.locate.result import Location

_AT_ONCE = (JobKind.IMPACT, JobKind.REOPENING, JobKind.FILES)
_REASONS = {
    JobKind.IMPACT: "the plan changed or the case is closed",
    JobKind.REOPENING: "the plan changed or the case is closed",
    JobKind.OUTLOOK: "the location changed or the case is judged",
    JobKind.FILES: "the notice was changed or lifted",
    JobKind.ROLLUP: "",
}
_RENUMBERED = "the case has another number"


class Jobs:
    """Waits for computations and for the notices' folder; results are decisions on the engine's thread."""

    def __init__(
        self,
        ports: Ports,
        live: LivePicture,
        expected: Callable[[], NDArray[np.float64]],
        desk: Desk,
        decisions: Decisions,
        commands: Commands,
        faults: Faults,
        leadership: Leadership,
    ) -> None:
        self._leadership = leadership
        self._ports, self._live, self._expected = ports, live, expected
        self._desk, self._decisions, self._commands = desk, decisions, commands
        self._retrying = Retrying(
            ports.clock, ports.store.jobs, faults, lambda job, result: commands.call(lambda: self._take(job, result))
        )
        self._rollup = Rollup(ports.store.rollups, ports.clock)

    def start(self) -> None:
        """Begin, with unfinished jobs of an earlier process. Outlooks wait for ``resume_outlooks``."""
        self.resume()
        self._retrying.start()

    def resume(self) -> None:
        """This process leads: derive the unfinished jobs from the cases; a process that follows has none."""
        if self._leadership.leads:
            self._retrying.lead(self._leadership.epoch)
            key = JobKey(JobKind.ROLLUP, "readings")
            self._retrying.add(Job(key, "readings are not rolled up", "", self._rollup.step, longest_s=LOOK_S))
            self._ask_all(_AT_ONCE)

    def drop(self) -> None:
        """Another process leads: it does them; the running one's result is not taken."""
        self._retrying.drop_all()

    def resume_outlooks(self) -> None:
        """Start outlooks left unfinished by an earlier process; they need the expected values of a first tick."""
        if self._leadership.leads:
            self._ask_all((JobKind.OUTLOOK,))

    def after(self, changes: ChangeSet) -> None:
        """Start the jobs that these changes require, and end those that they make needless."""
        if not self._leadership.leads:
            return
        cases = _cases(self._decisions.state)
        # First what ends, so that it ends no fault of what begins. Of a case with a final id the jobs are asked for anew.
        for unknown in self._retrying.cases() - cases.keys():
            for job in self._retrying.of_case(unknown):
                self._retrying.supersede(job, _RENUMBERED if is_provisional(unknown) else _REASONS[job.key.kind])
        for key in (*(one.incident_id for one in changes.incidents), *(one.outage_id for one in changes.of(OUTAGE))):
            if key in cases:
                self._ask(cases[key], tuple(JobKind))

    def close(self, patience_s: float) -> None:
        """Finish the running job; the waiting ones are left to the next start."""
        self._retrying.close(patience_s)

    def _ask_all(self, kinds: Collection[JobKind]) -> None:
        for incident in _cases(self._decisions.state).values():
            self._ask(incident, kinds)
        self._retrying.all_asked(kinds)

    def _ask(self, incident: Incident, kinds: Collection[JobKind]) -> None:
        """Begin what the case needs now, end what it does not need any more; a result that is being written comes first."""
        needed = {job.key: job for job in self._needed(incident) if job.key.kind in kinds}
        for job in self._retrying.of_case(incident.incident_id):
            if job.key not in needed and job.key.kind in kinds and not job.is_taken:
                self._retrying.supersede(job, _REASONS[job.key.kind])
        for job in needed.values():
            self._retrying.add(job)

    def _take(self, job: Job, result: Result) -> None:
        if not self._retrying.is_wanted(job):
            return  # superseded, or of a time when this process led before
        job.is_taken = True

        def decide(state: DeskState) -> ChangeSet:
            incident = _cases(state).get(job.case)
            if incident is None or job.key not in {one.key for one in self._needed(incident)}:
                self._retrying.supersede(job, _REASONS[job.key.kind])
                return NOTHING
            return result(state)

        def refused(fault: Exception) -> None:
            self._retrying.failed(job, fault)
            incident = _cases(self._decisions.state).get(job.case)
            if incident is not None and self._leadership.leads:  # else they are the other process's
                self._ask(incident, tuple(JobKind))

        self._decisions.decide(decide, done=lambda: self._retrying.ended(job), refused=refused)

    def _needed(self, incident: Incident) -> Iterator[Job]:
        if self._ports.forecasts is not None:
            yield from self._outlook(incident, self._ports.forecasts)
        if self._ports.hydraulics is not None:
            yield from self._pressures(incident, self._ports.hydraulics)
        yield from self._files(incident)

    def _outlook(self, incident: Incident, forecasts: Forecasts) -> Iterator[Job]:
        """The outlook of a suspected case, once for each location; the alarm does not wait for it."""
        case, location = incident.incident_id, incident.location
        if location is None or incident.phase is not Phase.SUSPECTED or incident.outlook is not None:
            return
        read = [reading.place_id for reading in incident.hand_readings]
        heard = (self._live.at_us > 0) & ~self._live.stale(micros(self._ports.clock.now()))
        known = Known.of(self._expected(), heard, read)
        desk, clock = self._desk, self._ports.clock

        def work() -> Result:
            outlook = forecasts.outlook(location, incident.evidence, incident.first_abnormal_at, known)
            return lambda state: desk.on_outlook(state, case, outlook, clock.now())

        yield Job(JobKey(JobKind.OUTLOOK, case, _fingerprint(location)), f"outlook of case {case}", case, work)

    def _pressures(self, incident: Incident, hydraulics: Hydraulics) -> Iterator[Job]:
        case, plan, impact = incident.incident_id, incident.plan, incident.impact
        if plan is None or not incident.is_open():
            return
        if impact is None:
            work = partial(self._impact_work, case, plan, hydraulics)
            yield Job(JobKey(JobKind.IMPACT, case, _fingerprint(plan)), f"pressures after closing, case {case}", case, work)
        elif impact.converged and plan.reopen_candidates and not impact.reopening:
            work = partial(self._reopening_work, case, plan, impact, hydraulics)
            what = f"supply after opening further valves, case {case}"
            yield Job(JobKey(JobKind.REOPENING, case, _fingerprint(plan)), what, case, work)

    def _impact_work(self, case: str, plan: IsolationPlan, hydraulics: Hydraulics) -> Result:
        desk, clock, impact = self._desk, self._ports.clock, hydraulics.impact(plan)
        return lambda state: desk.on_impact(state, case, impact, clock.now())

    def _reopening_work(self, case: str, plan: IsolationPlan, impact: PressureImpact, hydraulics: Hydraulics) -> Result:
        desk, clock = self._desk, self._ports.clock
        checked = replace(impact, reopening=hydraulics.reopening(plan))
        return lambda state: desk.on_impact(state, case, checked, clock.now())

    def _files(self, incident: Incident) -> Iterator[Job]:
        """The files of issued and lifted notices, in their present versions."""
        case, documents = incident.incident_id, self._ports.documents
        for notice in incident.notices:
            if lacks_files(notice, documents):
                key = JobKey(JobKind.FILES, notice.notice_id, documents.stem(notice))
                yield Job(key, f"files of notice {notice.notice_id}", case, partial(self._files_work, case, notice))

    def _files_work(self, case: str, notice: Notice) -> Result:
        paths = self._ports.documents.files(notice, self._ports.notices_folder)
        desk, clock, names = self._desk, self._ports.clock, tuple(path.name for path in paths)
        return lambda state: desk.on_files(state, case, notice.notice_id, names, clock.now())


def _cases(state: DeskState) -> dict[str, Incident]:
    """The cases by id, and the planned outages that do not run yet or hold notices, as cases."""
    outages = {key: case_of(one) for key, one in state.of(OUTAGE).items() if one.is_ahead() or one.notices}
    return {**state.incidents, **outages}


def _fingerprint(value: IsolationPlan | Location) -> str:
    """The same in every process: what a job was made from is compared after a restart."""
    return hashlib.sha256(json_bytes(value)).hexdigest()[:32]
