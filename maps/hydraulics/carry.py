"""detail_of: what an existing model holds beyond the tables, so that a changed network can be built anew with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from epanet import toolkit as en

from maps.city import EpanetModel
from maps.hydraulics.detail import ModelDetail
from maps.hydraulics.project import Project
from maps.units import FOOT_M, is_us_flow_unit, m3h_per_flow_unit

_KW_PER_HP = 0.7456999
_M_PER_PSI = FOOT_M / 0.4333
_CONTROL = {en.LOWLEVEL: "BELOW", en.HILEVEL: "ABOVE"}
_VARIABLE = {
    en.R_DEMAND: "DEMAND", en.R_HEAD: "HEAD", en.R_GRADE: "GRADE", en.R_LEVEL: "LEVEL", en.R_PRESSURE: "PRESSURE",
    en.R_FLOW: "FLOW", en.R_STATUS: "STATUS", en.R_SETTING: "SETTING", en.R_POWER: "POWER", en.R_TIME: "TIME",
    en.R_CLOCKTIME: "CLOCKTIME", en.R_FILLTIME: "FILLTIME", en.R_DRAINTIME: "DRAINTIME",
}  # fmt: skip
_RELATION = {
    en.R_EQ: "=", en.R_NE: "<>", en.R_LE: "<=", en.R_GE: ">=", en.R_LT: "<", en.R_GT: ">",
    en.R_IS: "IS", en.R_NOT: "NOT", en.R_BELOW: "BELOW", en.R_ABOVE: "ABOVE",
}  # fmt: skip
_STATUS = {en.R_IS_OPEN: "OPEN", en.R_IS_CLOSED: "CLOSED", en.R_IS_ACTIVE: "ACTIVE"}
_TIMES = (en.R_TIME, en.R_CLOCKTIME, en.R_FILLTIME, en.R_DRAINTIME)
_PRESSURE_VALVES = (en.PRV, en.PSV, en.PBV)


@dataclass(frozen=True, slots=True)
class _Units:
    flow: float
    length: float
    pressure: float
    power: float

    @classmethod
    def of(cls, project: Project) -> _Units:
        us = is_us_flow_unit(project.flow_unit)
        pressure = {en.PSI: _M_PER_PSI, en.KPA: _M_PER_PSI / 6.894757, en.BAR: _M_PER_PSI / 0.06894757, en.FEET: FOOT_M}
        unit = int(en.getoption(project.handle, en.PRESS_UNITS))
        return cls(
            m3h_per_flow_unit(project.flow_unit), FOOT_M if us else 1.0, pressure.get(unit, 1.0), _KW_PER_HP if us else 1.0
        )


def detail_of(model: EpanetModel) -> ModelDetail:
    """Patterns, curves, demand categories, pumps, controls, rules and times of a model, in inside units and by asset id.

    Efficiency curves, prices and water quality are left behind: nothing here reads them. Raises InputFault when EPANET
    refuses the model.
    """
    project = Project(model.inp, "the model to carry over")
    try:
        return _Reader(project, model).detail()
    finally:
        project.close()


class _Reader:
    def __init__(self, project: Project, model: EpanetModel) -> None:
        self._handle, self._units = project.handle, _Units.of(project)
        self._nodes, self._links = project.nodes, project.links
        kinds = [(str(e), str(a), str(k)) for e, a, k in zip(model.epanet_id, model.asset_id, model.kind, strict=True)]
        self._node_asset = {epanet: asset for epanet, asset, kind in kinds if kind == "node"}
        self._link_asset = {epanet: asset for epanet, asset, kind in kinds if kind != "node"}

    def detail(self) -> ModelDetail:
        handle, units = self._handle, self._units
        flow_per_pressure = units.flow / units.pressure ** float(en.getoption(handle, en.EMITEXPON))
        pumps, valves = list(self._of_kind(en.PUMP)), [index for index in self._link_indices() if self._kind(index) > en.PUMP]
        tanks = [index for index in self._node_indices() if en.getnodetype(handle, index) == en.TANK]
        _, minimum, required, _ = en.getdemandmodel(handle)
        default = int(en.getoption(handle, en.DEMANDPATTERN))
        options = {"DEMAND MULTIPLIER": f"{en.getoption(handle, en.DEMANDMULT):g}"}
        options["EMITTER EXPONENT"] = f"{en.getoption(handle, en.EMITEXPON):g}"
        options["VISCOSITY"] = f"{en.getoption(handle, en.SP_VISCOS):g}"
        if default > 0:
            options["PATTERN"] = en.getpatternid(handle, default)
        return ModelDetail(
            patterns={en.getpatternid(handle, i): self._pattern(i) for i in range(1, en.getcount(handle, en.PATCOUNT) + 1)},
            demands=dict(self._demands()),
            source_pattern=dict(self._source_patterns()),
            curves={en.getcurveid(handle, i): self._curve(i) for i in range(1, en.getcount(handle, en.CURVECOUNT) + 1)},
            pump_head_curve={self._link(i): self._curve_id(i, en.PUMP_HCURVE) for i in pumps if self._has_curve(i)},
            pump_power_kw={
                self._link(i): float(en.getlinkvalue(handle, i, en.PUMP_POWER)) * units.power for i in pumps if self._constant(i)
            },
            pump_speed={self._link(i): float(en.getlinkvalue(handle, i, en.INITSETTING)) for i in pumps if self._speed(i)},
            pump_pattern={self._link(i): self._pattern_id(i) for i in pumps if en.getlinkvalue(handle, i, en.LINKPATTERN) > 0},
            valve_curve={self._link(i): self._curve_id(i, en.INITSETTING) for i in valves if self._kind(i) == en.GPV},
            tank_curve={
                self._node(i): en.getcurveid(handle, int(en.getnodevalue(handle, i, en.VOLCURVE)))
                for i in tanks
                if en.getnodevalue(handle, i, en.VOLCURVE) > 0
            },
            tank_minimum_volume_m3={
                self._node(i): float(en.getnodevalue(handle, i, en.MINVOLUME)) * units.length**3 for i in tanks
            },
            emitters={
                self._node(i): float(en.getnodevalue(handle, i, en.EMITTER)) * flow_per_pressure
                for i in self._node_indices()
                if en.getnodetype(handle, i) == en.JUNCTION and en.getnodevalue(handle, i, en.EMITTER) > 0
            },
            check_pipes=frozenset(self._link(i) for i in self._of_kind(en.CVPIPE)),
            options=options,
            pattern_step_s=int(en.gettimeparam(handle, en.PATTERNSTEP)),
            pattern_start_s=int(en.gettimeparam(handle, en.PATTERNSTART)),
            start_clock_s=int(en.gettimeparam(handle, en.STARTTIME)),
            duration_s=int(en.gettimeparam(handle, en.DURATION)),
            controls=tuple(self._control(number + 1) for number in range(en.getcount(handle, en.CONTROLCOUNT))),
            rules="\n".join(line for number in range(en.getcount(handle, en.RULECOUNT)) for line in self._rule(number + 1)),
            minimum_pressure_m=float(minimum) * units.pressure,
            required_pressure_m=float(required) * units.pressure,
        )

    def _node_indices(self) -> range:
        return range(1, self._nodes + 1)

    def _link_indices(self) -> range:
        return range(1, self._links + 1)

    def _kind(self, index: int) -> int:
        return int(en.getlinktype(self._handle, index))

    def _of_kind(self, kind: int) -> Iterator[int]:
        return (index for index in self._link_indices() if self._kind(index) == kind)

    def _node(self, index: int) -> str:
        name = en.getnodeid(self._handle, index)
        return self._node_asset.get(str(name), str(name))

    def _link(self, index: int) -> str:
        name = en.getlinkid(self._handle, index)
        return self._link_asset.get(str(name), str(name))

    def _pattern(self, index: int) -> tuple[float, ...]:
        length = en.getpatternlen(self._handle, index)
        return tuple(float(en.getpatternvalue(self._handle, index, place + 1)) for place in range(length))

    def _pattern_id(self, link: int) -> str:
        return str(en.getpatternid(self._handle, int(en.getlinkvalue(self._handle, link, en.LINKPATTERN))))

    def _curve(self, index: int) -> tuple[tuple[float, float], ...]:
        points = [en.getcurvevalue(self._handle, index, place + 1) for place in range(en.getcurvelen(self._handle, index))]
        units = self._units
        # By use, not by EPANET's type: a pump's curve may be typed "generic".
        x, y = (units.length, units.length**3) if index in self._volume_curves() else (units.flow, units.length)
        return tuple((float(point[0]) * x, float(point[1]) * y) for point in points)

    def _volume_curves(self) -> set[int]:
        handle = self._handle
        tanks = (index for index in self._node_indices() if en.getnodetype(handle, index) == en.TANK)
        return {int(en.getnodevalue(handle, index, en.VOLCURVE)) for index in tanks}

    def _curve_id(self, link: int, code: int) -> str:
        return str(en.getcurveid(self._handle, int(en.getlinkvalue(self._handle, link, code))))

    def _constant(self, pump: int) -> bool:
        return bool(int(en.getpumptype(self._handle, pump)) == en.CONST_HP)

    def _has_curve(self, pump: int) -> bool:
        return not self._constant(pump) and bool(en.getlinkvalue(self._handle, pump, en.PUMP_HCURVE) > 0)

    def _speed(self, pump: int) -> bool:
        return float(en.getlinkvalue(self._handle, pump, en.INITSETTING)) not in (0.0, 1.0)

    def _demands(self) -> Iterator[tuple[str, tuple[tuple[float, str], ...]]]:
        handle = self._handle
        for index in self._node_indices():
            if en.getnodetype(handle, index) != en.JUNCTION:
                continue
            categories = []
            for category in range(1, en.getnumdemands(handle, index) + 1):
                pattern = int(en.getdemandpattern(handle, index, category))
                base = float(en.getbasedemand(handle, index, category)) * self._units.flow
                categories.append((base, en.getpatternid(handle, pattern) if pattern > 0 else ""))
            yield self._node(index), tuple(categories)

    def _source_patterns(self) -> Iterator[tuple[str, str]]:
        """A reservoir keeps its head's pattern where EPANET stores a junction's demand pattern."""
        for index in self._node_indices():
            if en.getnodetype(self._handle, index) == en.RESERVOIR:
                pattern = int(en.getnodevalue(self._handle, index, en.PATTERN))
                if pattern > 0:
                    yield self._node(index), str(en.getpatternid(self._handle, pattern))

    def _setting(self, link: int, value: float) -> float:
        kind = self._kind(link)
        if kind in _PRESSURE_VALVES:
            return value * self._units.pressure
        return value * self._units.flow if kind == en.FCV else value

    def _control(self, number: int) -> str:
        kind, link, setting, node, level = en.getcontrol(self._handle, number)
        link = int(link)
        if abs(setting) >= en.SET_OPEN or self._kind(link) in (en.PIPE, en.CVPIPE, en.GPV):
            action = "OPEN" if setting > 0 else "CLOSED"
        else:
            action = f"{self._setting(link, float(setting)):.6g}"
        head = f"LINK {self._link(link)} {action}"
        if int(kind) in _CONTROL:
            is_tank = en.getnodetype(self._handle, int(node)) == en.TANK
            metres = float(level) * (self._units.length if is_tank else self._units.pressure)
            return f"{head} IF NODE {self._node(int(node))} {_CONTROL[int(kind)]} {metres:.6g}"
        clock = _clock(float(level))
        return f"{head} AT TIME {clock}" if int(kind) == en.TIMER else f"{head} AT CLOCKTIME {clock}"

    def _rule(self, number: int) -> Iterator[str]:
        handle = self._handle
        premises, thens, elses, priority = en.getrule(handle, number)
        yield f"RULE {en.getruleID(handle, number)}"
        for place in range(1, int(premises) + 1):
            yield self._premise(place, en.getpremise(handle, number, place))
        for word, count, read in (("THEN", thens, en.getthenaction), ("ELSE", elses, en.getelseaction)):
            for place in range(1, int(count) + 1):
                link, status, setting = read(handle, number, place)
                yield f"{word if place == 1 else 'AND'} {self._action(int(link), int(status), float(setting))}"
        if priority > 0:
            yield f"PRIORITY {priority:g}"

    def _premise(self, place: int, premise: Any) -> str:
        logic, kind, index, variable, relation, status, value = premise
        joint = "IF" if place == 1 else ("OR" if int(logic) == 3 else "AND")
        where = {en.R_NODE: "NODE", en.R_LINK: "LINK"}.get(int(kind), "SYSTEM")
        name = {"NODE": self._node, "LINK": self._link}.get(where, lambda _: "")(int(index)) if where != "SYSTEM" else ""
        what = _STATUS.get(int(status)) or self._premise_value(int(variable), int(index), float(value))
        return " ".join(part for part in (joint, where, name, _VARIABLE[int(variable)], _RELATION[int(relation)], what) if part)

    def _premise_value(self, variable: int, index: int, value: float) -> str:
        units = self._units
        if variable in (en.R_TIME, en.R_CLOCKTIME):
            return _clock(value)
        if variable in _TIMES:
            return f"{value / 3600.0:g}"
        if variable == en.R_SETTING:
            return f"{self._setting(index, value):.6g}"
        factor: Mapping[int, float] = {
            en.R_DEMAND: units.flow, en.R_FLOW: units.flow, en.R_PRESSURE: units.pressure, en.R_POWER: units.power,
            en.R_HEAD: units.length, en.R_GRADE: units.length, en.R_LEVEL: units.length,
        }  # fmt: skip
        return f"{value * factor.get(variable, 1.0):.6g}"

    def _action(self, link: int, status: int, setting: float) -> str:
        name = self._link(link)
        if status in _STATUS:
            return f"LINK {name} STATUS IS {_STATUS[status]}"
        return f"LINK {name} SETTING IS {self._setting(link, setting):.6g}"


def _clock(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"
