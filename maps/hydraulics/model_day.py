"""Extended-period simulation of a model's day, stepped by EPANET: tanks fill and empty, controls and rules act."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from epanet import toolkit as en

from maps.columns import Floats
from maps.hydraulics.link_states import LinkSwitch, Point
from maps.hydraulics.project import Project

DAY_S = 86_400
_MOST_STEPS_AN_HOUR = 40
"""Limit on extra steps: a model that needs more (DMAs.inp: thousands of steps of seconds) does not settle."""


@dataclass(frozen=True, eq=False)
class Operation:
    """Hourly operating points at seconds after the model's start."""

    at_s: Floats
    points: tuple[Point, ...]

    @classmethod
    def of(cls, project: Project, links: LinkSwitch) -> Operation:
        """Run the project's day once, from its initial tank levels and link states."""
        first = links.point()
        kept: list[tuple[float, Point]] = [(0.0, first)]
        for after_start, converged, _ in stepped(project, 3600):
            if not converged:
                break
            kept.append((float(after_start), links.running_point()))
        return cls(np.array([at for at, _ in kept]), tuple(point for _, point in kept))

    def before(self, after_start_s: float) -> Point:
        """The last point not later than a time after the start."""
        return self.points[max(int(np.searchsorted(self.at_s, after_start_s, side="right")) - 1, 0)]


def stepped(project: Project, step_s: int) -> Iterator[tuple[int, bool, str]]:
    """Step the day; yields (seconds after start, converged, message) at each multiple of ``step_s`` below a day.

    A yield of False is the last. The project's time settings are restored at the end.
    """
    handle = project.handle
    kept = {code: en.gettimeparam(handle, code) for code in (en.DURATION, en.HYDSTEP, en.REPORTSTEP, en.REPORTSTART)}
    try:
        en.settimeparam(handle, en.DURATION, DAY_S)
        en.settimeparam(handle, en.REPORTSTART, 0)
        en.settimeparam(handle, en.REPORTSTEP, step_s)  # EPANET never steps over a report time
        en.settimeparam(handle, en.HYDSTEP, min(int(kept[en.HYDSTEP]), step_s))
        _, usable, message = project.guarded(lambda: en.initH(handle, en.INITFLOW))
        if not usable:
            yield 0, False, message
            return
        yield from _steps(project, step_s)
    finally:
        for code, value in kept.items():
            en.settimeparam(handle, code, int(value))


def _steps(project: Project, step_s: int) -> Iterator[tuple[int, bool, str]]:
    handle, steps = project.handle, 0
    own = 3600 / min(int(en.gettimeparam(handle, en.HYDSTEP)), step_s)
    while True:
        usable, message = project.run()
        now = int(en.gettimeparam(handle, en.HTIME))
        if now >= DAY_S:
            return
        if now % step_s == 0 or not usable:
            yield now, usable, message
        if not usable:
            return
        steps += 1
        following, usable, message = project.guarded(lambda: en.nextH(handle))
        crawls = steps > (_MOST_STEPS_AN_HOUR + own) * (1 + now / 3600)
        if crawls or following is None:
            yield now, False, message or f"EPANET cannot step the day: {steps} steps reached only {now / 3600:.1f} h"
            return
        if following <= 0:
            return
