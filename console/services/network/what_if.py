"""A trial: what closing for a burst would do, worked out before there is a case; nothing is recorded, nobody is told."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from console.domain.incidents import Incident, Phase, Unable, ValveMark
from console.services.ports import Planner
from maps.isolation import ValveOverride

WHAT_IF_ID = "trial"
"""Incident id of every trial; no case has it."""


@dataclass(frozen=True, slots=True)
class WhatIf:
    """Burst pipes, and what is supposed of valves: why each cannot be closed (``unable``), or that it is closed (``shut``)."""

    pipes: tuple[str, ...] = ()
    unable: tuple[tuple[str, Unable], ...] = ()
    shut: tuple[str, ...] = ()

    def with_pipe(self, pipe_id: str, *, add: bool = False) -> WhatIf:
        """Another burst: alone, with nothing supposed of valves; ``add``: beside the others, or no longer one of them."""
        if not add:
            return WhatIf((pipe_id,))
        if pipe_id in self.pipes:
            return replace(self, pipes=tuple(pipe for pipe in self.pipes if pipe != pipe_id))
        return replace(self, pipes=(*self.pipes, pipe_id))

    def with_unable(self, valve_id: str, unable: Unable | None) -> WhatIf:
        """A valve that cannot be closed, or (None) can after all."""
        others = tuple(known for known in self.unable if known[0] != valve_id)
        shut = tuple(valve for valve in self.shut if valve != valve_id) if unable is not None else self.shut
        return replace(self, unable=others if unable is None else (*others, (valve_id, unable)), shut=shut)

    def with_shut(self, valve_id: str, closed: bool = True) -> WhatIf:
        """A valve supposed closed, or (False) open again."""
        others = tuple(valve for valve in self.shut if valve != valve_id)
        unable = tuple(known for known in self.unable if known[0] != valve_id) if closed else self.unable
        return replace(self, shut=(*others, valve_id) if closed else others, unable=unable)

    def unable_of(self, valve_id: str) -> Unable | None:
        """Why a valve cannot be closed; None when it can."""
        return dict(self.unable).get(valve_id)


def what_if_incident(planner: Planner, what_if: WhatIf, now: datetime) -> Incident | None:
    """The trial as a case that exists nowhere else; None without a burst. Raises UnknownAsset.

    Its plan is for the valves as they would be from the start, so closings already supposed stay in the list, as walls.
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
