"""RunningModel: steps a session's model through time with changing demands, leaks and valves."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from epanet import toolkit as en

from maps.columns import Floats
from maps.hydraulics.model_day import DAY_S
from maps.hydraulics.session import EpanetSession
from maps.hydraulics.state import HydraulicState
from maps.network import ValveState

_YEARS_S = 1_000_000_000
_MOST_STEPS = 500
"""EPANET steps allowed between two requested times; a model that needs more is stuck in tiny steps."""
_CLOSED_SHARE = 1e-6
"""What is left of a leak that was stopped."""


class RunningModel:
    """Takes over a session: nothing else may use it while this runs. Time only goes forward.

    Demand patterns are interpolated linearly where the step divides theirs: a stepped pattern would look like an event in the
    whole city on the hour. Single-period models (duration 0) are solved at each step with constant tank levels. Perturbations
    and leaks stay until the session is closed.
    """

    def __init__(self, session: EpanetSession, at_s: float, step_s: int) -> None:
        """``at_s``: seconds after midnight to start at; ``step_s``: the longest hydraulic step."""
        self._session, self._handle = session, session.project.handle
        self._start_s, self._step_s = float(at_s), int(step_s)
        self._base = _Demands(session)
        self._scale = np.ones(len(session.city.network.nodes))
        self._leaks: dict[int, tuple[int, float]] = {}
        self._begun = False
        self._last = (True, "")
        self._smooth_patterns()

    def perturb(self, demand: Floats, roughness: Floats) -> None:
        """Multiply base demands (nodes,) and roughness (pipes,) permanently."""
        self._scale = np.asarray(demand, dtype=np.float64)
        self._base.write(self._scale)
        for link, factor in zip(self._session.elements.pipe, roughness, strict=True):
            if link >= 0:
                value = en.getlinkvalue(self._handle, int(link) + 1, en.ROUGHNESS)
                en.setlinkvalue(self._handle, int(link) + 1, en.ROUGHNESS, float(value * factor))

    def vary(self, factor: Floats) -> None:
        """Multiply the perturbed base demands by ``factor`` (nodes,) from now on."""
        self._base.write(self._scale * factor)

    def add_leak(self, key: int, node_flows: Mapping[int, float], state: HydraulicState) -> None:
        """Add a leak: m³/h at node rows at the pressures of ``state``, varying with the square root of pressure."""
        for row, flow_m3h in node_flows.items():
            index = int(self._session.elements.node[row]) + 1
            head = max(float(state.pressure_m[row]), 1.0) * self._session.pressure_per_m
            coefficient = flow_m3h / self._session.flow_m3h / np.sqrt(head)
            en.setnodevalue(self._handle, index, en.EMITTER, en.getnodevalue(self._handle, index, en.EMITTER) + coefficient)
            self._leaks[key * 2 + (1 if key * 2 in self._leaks else 0)] = (index, float(coefficient))

    def stop_leak(self, key: int) -> None:
        """Remove a leak."""
        for slot in (key * 2, key * 2 + 1):
            if slot in self._leaks:
                index, coefficient = self._leaks.pop(slot)
                left = float(en.getnodevalue(self._handle, index, en.EMITTER)) - coefficient
                # Not zero: EPANET then goes on drawing the emitter's last flow until the hydraulics are opened anew.
                en.setnodevalue(self._handle, index, en.EMITTER, max(left, _CLOSED_SHARE * coefficient))

    def set_valves(self, states: Mapping[str, ValveState]) -> None:
        """Set the present valve states, overriding the tables; replaces earlier settings."""
        session = self._session
        shut, opened = session.elements.shut_links(states), session.elements.opened_links(states)
        links = {int(link) for link in session.elements.pipe} | {int(link) for link in session.elements.valve}
        for link in sorted((links & (session.links.held - shut)) | opened):
            session.links.release(link)
            self._now(link, 1.0)
        for link in sorted(shut - session.links.held):
            session.links.shut(link)
            self._now(link, 0.0)

    def _now(self, link: int, status: float) -> None:
        """Set the status in the current run as well: initial states act at the next start only."""
        if self._begun and not self._session.links.is_check(link):
            en.setlinkvalue(self._handle, link + 1, en.STATUS, status)

    def advance(self, elapsed_s: int, longest_step_s: int | None = None) -> HydraulicState:
        """The state ``elapsed_s`` after the start (not before an earlier call's), in steps of at most ``longest_step_s``."""
        longest = longest_step_s or self._step_s
        at_s = (self._start_s + elapsed_s) % DAY_S
        if not self._session.has_day:
            return self._session.solve(at_s)
        if not self._begun:
            self._begin()
        usable, message = self._last
        steps = 0
        while usable and (now := int(en.gettimeparam(self._handle, en.HTIME))) < elapsed_s:
            en.settimeparam(self._handle, en.HYDSTEP, min(longest, elapsed_s - now))
            following, usable, message = self._session.project.guarded(lambda: en.nextH(self._handle))
            steps += 1
            if following is None or steps > _MOST_STEPS:
                usable, message = False, message or "EPANET takes too many steps"
                break
            usable, message = self._session.project.run()
        # A period that does not converge is reported; the next one is solved again, because demands change.
        self._last = True, message
        return self._session.read(at_s, usable, message)

    def _begin(self) -> None:
        session, handle = self._session, self._handle
        after_start = (self._start_s - session.clock_s) % DAY_S
        if after_start >= 3600 and session.links.has_memory:
            session.links.set_point(session.operation().before(after_start), timed_controls=True)
        session.links.shift_timers(round(after_start))
        en.settimeparam(handle, en.PATTERNSTART, session.pattern_start_s + round(after_start))
        en.settimeparam(handle, en.STARTTIME, round(self._start_s) % DAY_S)
        en.settimeparam(handle, en.DURATION, _YEARS_S)
        en.settimeparam(handle, en.REPORTSTEP, DAY_S)
        en.settimeparam(handle, en.HYDSTEP, self._step_s)
        _, usable, message = session.project.guarded(lambda: en.initH(handle, en.INITFLOW))
        self._last = session.project.run() if usable else (False, message)
        self._begun = True

    def _smooth_patterns(self) -> None:
        """Interpolate demand patterns linearly; patterns of pumps or heads stay stepped."""
        handle, session = self._handle, self._session
        old_step = int(en.gettimeparam(handle, en.PATTERNSTEP))
        fine = self._step_s
        if old_step % fine or old_step == fine:
            return
        parts = old_step // fine
        demand = self._base.patterns
        for pattern in range(1, en.getcount(handle, en.PATCOUNT) + 1):
            length = en.getpatternlen(handle, pattern)
            values = np.array([en.getpatternvalue(handle, pattern, place + 1) for place in range(length)])
            shares = np.tile(np.arange(parts) / parts, length)
            following = np.repeat(np.roll(values, -1), parts)
            stairs = np.repeat(values, parts)
            finer = stairs + shares * (following - stairs) if pattern in demand else stairs
            out = en.doubleArray(len(finer))
            for place, value in enumerate(finer):
                out[place] = float(value)
            en.setpattern(handle, pattern, out, len(finer))
        en.settimeparam(handle, en.PATTERNSTEP, fine)
        session.forget_day()


class _Demands:
    """Base demands of all junction categories, written as multiples of the model's values."""

    def __init__(self, session: EpanetSession) -> None:
        self._handle = session.project.handle
        entries = []
        self.patterns: set[int] = set()
        default = en.getoption(self._handle, en.DEMANDPATTERN)
        for row, node in enumerate(session.elements.node):
            if node < 0 or en.getnodetype(self._handle, int(node) + 1) != en.JUNCTION:
                continue
            for category in range(1, en.getnumdemands(self._handle, int(node) + 1) + 1):
                base = en.getbasedemand(self._handle, int(node) + 1, category)
                self.patterns.add(int(en.getdemandpattern(self._handle, int(node) + 1, category)) or int(default))
                if base != 0.0:
                    entries.append((row, int(node) + 1, category, float(base)))
        self._entries = entries

    def write(self, factor: Floats) -> None:
        """Base demands times ``factor`` (nodes,)."""
        handle, set_base = self._handle, en.setbasedemand
        scaled = factor.tolist()
        for row, index, category, base in self._entries:
            set_base(handle, index, category, base * scaled[row])
