"""Smooth patterns: demand patterns of an EPANET session interpolated between their periods while snapshots are solved."""

from __future__ import annotations

from epanet import toolkit as en

from maps.hydraulics.session import EpanetSession


class SmoothPatterns:
    """Context in which demand patterns are interpolated linearly, as ``RunningModel`` has them; stepped again after it.

    Where demand goes from hour to hour without a jump, a stepped pattern errs by up to half its step, in the whole city at once:
    that hides bursts. Only the period of the moment that is solved next is written. Patterns of pumps or heads stay stepped.
    """

    def __init__(self, session: EpanetSession) -> None:
        self._handle = handle = session.project.handle
        self._step_s = int(en.gettimeparam(handle, en.PATTERNSTEP))
        self._values = {
            pattern: [en.getpatternvalue(handle, pattern, place + 1) for place in range(en.getpatternlen(handle, pattern))]
            for pattern in _demand_patterns(session)
        }
        self._values = {pattern: values for pattern, values in self._values.items() if len(set(values)) > 1}
        self._period = -1

    def __enter__(self) -> None:
        self._period = -1

    def __exit__(self, *reason: object) -> None:
        self._restore()

    def set(self, pattern_s: int) -> None:
        """Write the values at a time of the patterns, seconds from their first period."""
        period, share = pattern_s // self._step_s, pattern_s % self._step_s / self._step_s
        if period != self._period:
            self._restore()
        self._period = period
        for pattern, values in self._values.items():
            place = period % len(values)
            value = values[place] + share * (values[(place + 1) % len(values)] - values[place])
            en.setpatternvalue(self._handle, pattern, place + 1, value)

    def _restore(self) -> None:
        if self._period < 0:
            return
        for pattern, values in self._values.items():
            place = self._period % len(values)
            en.setpatternvalue(self._handle, pattern, place + 1, values[place])
        self._period = -1


def _demand_patterns(session: EpanetSession) -> set[int]:
    handle, default = session.project.handle, int(en.getoption(session.project.handle, en.DEMANDPATTERN))
    found = set()
    for node in range(1, session.project.nodes + 1):
        if en.getnodetype(handle, node) == en.JUNCTION:
            for category in range(1, en.getnumdemands(handle, node) + 1):
                found.add(int(en.getdemandpattern(handle, node, category)) or default)
    return found - {0}
