"""A what-if: the effect of closing for a burst, computed without a case; nothing is recorded or sent."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from console.domain.incidents import Incident, Phase, Unable, ValveMark
from console.services.ports import Planner
from maps.isolation import ValveOverride

WHAT_IF_ID = "what-if"
"""Incident id of every what-if; no case has it."""


@dataclass(frozen=True, slots=True)
class WhatIf:
    """Burst pipes and assumed valve states: reason why each cannot be closed (``unable``), or closed (``shut``)."""

    pipes: tuple[str, ...] = ()
    unable: tuple[tuple[str, Unable], ...] = ()
    shut: tuple[str, ...] = ()

    def with_pipe(self, pipe_id: str, *, add: bool = False) -> WhatIf:
        """The what-if with another burst pipe only, without assumed valves; ``add``: toggle the pipe beside the others."""
        if not add:
            return WhatIf((pipe_id,))
        if pipe_id in self.pipes:
            return replace(self, pipes=tuple(pipe for pipe in self.pipes if pipe != pipe_id))
        return replace(self, pipes=(*self.pipes, pipe_id))

    def with_unable(self, valve_id: str, unable: Unable | None) -> WhatIf:
        """The what-if with a valve assumed not closable, or (None) closable again."""
        others = tuple(known for known in self.unable if known[0] != valve_id)
        shut = tuple(valve for valve in self.shut if valve != valve_id) if unable is not None else self.shut
        return replace(self, unable=others if unable is None else (*others, (valve_id, unable)), shut=shut)

    def with_shut(self, valve_id: str, closed: bool = True) -> WhatIf:
        """The what-if with a valve assumed closed, or (False) open again."""
        others = tuple(valve for valve in self.shut if valve != valve_id)
        unable = tuple(known for known in self.unable if known[0] != valve_id) if closed else self.unable
        return replace(self, shut=(*others, valve_id) if closed else others, unable=unable)

    def unable_of(self, valve_id: str) -> Unable | None:
        """Why a valve cannot be closed; None when it can."""
        return dict(self.unable).get(valve_id)


def what_if_incident(planner: Planner, what_if: WhatIf, now: datetime) -> Incident | None:
    """The what-if as an incident that is not stored; None without a burst. Raises UnknownAsset.

    Its plan is for the assumed valve states from the start, so valves assumed closed stay in the list as walls.
    """
    if not what_if.pipes:
        return None
    overrides = {valve: ValveOverride(operable=False) for valve, _ in what_if.unable}
    plan = planner.plan(what_if.pipes, valves=overrides, shut_by_crews=[])
    outside = [valve for valve in what_if.shut if valve not in {step.asset_id for step in plan.valves_to_close}]
    if outside:
        plan = replace(planner.plan(what_if.pipes, valves=overrides, shut_by_crews=outside))
    marks = [ValveMark(valve, unable is Unable.NOT_TIGHT, now, "", unable) for valve, unable in what_if.unable]
    marks += [ValveMark(valve, True, now, "") for valve in what_if.shut]
    return Incident(
        WHAT_IF_ID, "", now, now, phase=Phase.ISOLATING, burst_pipes=what_if.pipes, plan=plan, valve_marks=tuple(marks)
    )
