"""Warnings of a plan as keys with facts, and in English: sources inside, inflows, nothing to close, too many valves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from maps.isolation.plan.result import IsolationPlan, Reliance
from maps.network import NodeKind, PipeNetwork

MOST_ALTERNATIVES = 100
"""Number of valves above which alternatives are not computed: the area has hardly any usable valves."""
_MOST_NAMED = 8
_WHY = {"closed": "closed", "closed_pipe": "pipe closed", "one_way": "one-way", "unknown_state": "state unknown"}
_ENGLISH = {
    "sources_inside": "cannot be isolated by valves: {names} inside; the valves listed hold back the other sources only",
    "inflow_inside": "{names}: an inflow (negative demand in the data) feeds this part; stop it at its well or pump",
    "no_source": "by the data no source is connected here, so no valve is to close; if water runs, the data is wrong",
    "no_valve": "no valve known to be open brings water here, so none is to close; if water runs, find out and shut {names}",
    "many_valves": "{n} valves to close: alternatives are not worked out ahead, ask for a plan without the one that failed",
}


@dataclass(frozen=True, slots=True)
class PlanWarning:
    """One warning. ``key``: sources_inside, inflow_inside, no_source, no_valve, many_valves; ``n``: valves to close.

    ``names``: nodes it is about; ``relied``: what may let water through all the same (of ``no_valve``).
    """

    key: str
    names: tuple[str, ...] = ()
    relied: tuple[Reliance, ...] = ()
    n: int = 0

    @property
    def english(self) -> str:
        """The sentence for a terminal."""
        named = self.names or tuple(f"{entry.asset_id} ({_WHY[entry.why]})" for entry in self.relied)
        return _ENGLISH[self.key].format(names=", ".join(named), n=self.n)


def warnings_of(plan: IsolationPlan, network: PipeNetwork) -> tuple[PlanWarning, ...]:
    """Warnings of a plan, from its own facts and the kinds of the sources that ``network`` has."""
    found: list[PlanWarning] = []
    inside, valves = plan.sources_inside, len(plan.valves_to_close)
    if inside:
        found.append(PlanWarning("sources_inside", inside))
    inflows = tuple(name for name in inside if _is_inflow(network, name))
    if inflows:
        found.append(PlanWarning("inflow_inside", inflows))
    if not valves and not inside:
        found.append(_no_valve(plan.relies_on))
    if valves > MOST_ALTERNATIVES:
        found.append(PlanWarning("many_valves", n=valves))
    return tuple(found)


def _is_inflow(network: PipeNetwork, node: str) -> bool:
    return network.nodes.has(node) and bool(network.nodes.kind[network.nodes.row(node)] < NodeKind.SOURCE)


def _no_valve(relied: Sequence[Reliance]) -> PlanWarning:
    """Why nothing is to close although no source is inside; where water runs all the same, it comes through one of these."""
    return PlanWarning("no_valve", relied=tuple(relied[:_MOST_NAMED])) if relied else PlanWarning("no_source")
