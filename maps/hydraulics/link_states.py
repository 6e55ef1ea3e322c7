"""Closes and releases links of a loaded model, and sets the operating point from which it starts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from epanet import toolkit as en

from maps.columns import Floats
from maps.hydraulics.project import Project

_SHUT_LOSS = 1e12
"""Minor loss that represents a closed check valve, because EPANET does not allow closing one."""
_TIMED = (en.TIMER, en.TIMEOFDAY)


@dataclass(frozen=True, eq=False)
class Point:
    """Initial values of a solve: tank levels (tanks,), status and setting of the controlled links (links,), model units."""

    level: Floats
    status: Floats
    setting: Floats


class LinkSwitch:
    """Writes the initial states of links and can restore each of them."""

    def __init__(self, project: Project) -> None:
        self._project, handle = project, project.handle
        self._kind = np.array([en.getlinktype(handle, link + 1) for link in range(project.links)], dtype=np.int64)
        self._status, self._setting = self._initial()
        self._minor = project.link_values(en.MINORLOSS)
        self._shut: set[int] = set()
        self.tanks = [node + 1 for node in range(project.nodes) if en.getnodetype(handle, node + 1) == en.TANK]
        controls = [en.getcontrol(handle, number + 1) for number in range(en.getcount(handle, en.CONTROLCOUNT))]
        self._control_link = [int(control[1]) - 1 for control in controls]
        self._timed = [number + 1 for number, control in enumerate(controls) if int(control[0]) in _TIMED]
        rules = en.getcount(handle, en.RULECOUNT)
        self.has_memory = bool(self.tanks or controls or rules)
        """Whether the model's state depends on earlier times."""
        moving = set(self._control_link) | set(map(int, np.flatnonzero(self._kind == en.PUMP)))
        moving |= set(range(project.links)) if rules else set()  # a rule may change any link
        self._moving = np.array(sorted(moving), dtype=np.int64)

    def _initial(self) -> tuple[Floats, Floats]:
        """Initial status and setting of every link, (links,). A valve fixed open has setting 0, which is not used.

        EPANET reports status 1 for such a valve and 2 for an active one.
        """
        status, setting = self._project.link_values(en.INITSTATUS), self._project.link_values(en.INITSETTING)
        return status, np.where((self._kind > en.PUMP) & (status == en.OPEN), 0.0, setting)

    @property
    def held(self) -> frozenset[int]:
        """Links that are closed now."""
        return frozenset(self._shut)

    def is_check(self, link: int) -> bool:
        """Whether a link is a check-valve pipe, whose status is its own."""
        return bool(self._kind[link] == en.CVPIPE)

    def shift_timers(self, by_s: int) -> None:
        """Shift the times of clock controls by ``by_s``; those before the start are disabled."""
        handle = self._project.handle
        for number in self._timed:
            kind, link, setting, node, at_s = en.getcontrol(handle, number)
            if int(kind) != en.TIMER:
                continue
            if at_s >= by_s:
                en.setcontrol(handle, number, int(kind), int(link), setting, int(node), at_s - by_s)
            else:
                en.setcontrolenabled(handle, number, 0)

    def shut(self, link: int) -> None:
        """Close a link (index from 0) until ``release``, against its controls too."""
        handle = self._project.handle
        if self._kind[link] == en.CVPIPE:
            en.setlinkvalue(handle, link + 1, en.MINORLOSS, _SHUT_LOSS)
        else:
            en.setlinkvalue(handle, link + 1, en.INITSTATUS, 0.0)
        self._shut.add(link)
        self._enable_controls(link, 0)

    def release(self, link: int) -> None:
        """Open a link that ``shut`` or the model had closed."""
        self._free(link, 1.0)

    def restore(self, link: int) -> None:
        """Restore a link's state as in the model."""
        self._free(link, float(self._status[link]))

    def _free(self, link: int, status: float) -> None:
        self._shut.discard(link)
        if self._kind[link] == en.CVPIPE:
            en.setlinkvalue(self._project.handle, link + 1, en.MINORLOSS, float(self._minor[link]))
        else:
            self._write(link, status, float(self._setting[link]))
        self._enable_controls(link, 1)

    def point(self) -> Point:
        """The initial tank levels and states now."""
        handle = self._project.handle
        level = np.array([en.getnodevalue(handle, tank, en.TANKLEVEL) for tank in self.tanks], dtype=np.float64)
        status, setting = self._initial()
        return Point(level, status[self._moving], setting[self._moving])

    def running_point(self) -> Point:
        """Tank levels and link states of the period just solved."""
        heads, bottom = self._project.node_values(en.HEAD), self._project.node_values(en.ELEVATION)
        rows = np.array(self.tanks, dtype=np.int64) - 1
        status = self._project.link_values(en.STATUS)[self._moving]
        return Point(heads[rows] - bottom[rows], status, self._project.link_values(en.SETTING)[self._moving])

    def set_point(self, point: Point, timed_controls: bool) -> None:
        """Start the next solve from ``point``. Clock controls must be disabled in a snapshot, whose time is zero."""
        handle = self._project.handle
        for tank, level in zip(self.tanks, point.level, strict=True):
            low, high = en.getnodevalue(handle, tank, en.MINLEVEL), en.getnodevalue(handle, tank, en.MAXLEVEL)
            en.setnodevalue(handle, tank, en.TANKLEVEL, float(min(max(level, low), high)))
        for link, status, setting in zip(self._moving, point.status, point.setting, strict=True):
            if int(link) not in self._shut and self._kind[link] != en.CVPIPE:
                self._write(int(link), float(status), float(setting))
        for number in self._timed:
            if self._control_link[number - 1] not in self._shut:
                en.setcontrolenabled(handle, number, int(timed_controls))

    def _write(self, link: int, status: float, setting: float) -> None:
        handle, kind = self._project.handle, self._kind[link]
        if status == 0 or kind in (en.PIPE, en.GPV) or (setting == 0 and kind != en.TCV):
            en.setlinkvalue(handle, link + 1, en.INITSTATUS, float(status > 0))
        else:
            # A control valve needs its setting: with a status alone it would be fixed open. A pump needs its speed.
            en.setlinkvalue(handle, link + 1, en.INITSTATUS, 1.0)
            en.setlinkvalue(handle, link + 1, en.INITSETTING, setting)

    def _enable_controls(self, link: int, enabled: int) -> None:
        for number, controlled in enumerate(self._control_link, start=1):
            if controlled == link:
                en.setcontrolenabled(self._project.handle, number, enabled)
