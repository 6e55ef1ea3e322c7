"""Work of closing valves: turns, minutes and order.

Assumptions, each replaceable by the dataset's own ``turns_to_close``:

* Turns of a gate valve: three per inch of diameter plus two (AWWA C509/C515 operators; M44 gives 3 d + 2 to 3).
  Butterfly valves sit behind a gear: a quarter turn takes 30 turns up to DN300, then 30 more per further DN300.
* A crew of two makes 20 turns a minute by key up to DN300, 12 on larger stems (own estimate, gear and torque).
* The last 20 % of the turns are slower to limit surge: by ``_SLOW`` over diameter (own estimate after surge practice:
long enough for several pipe periods on mains).
* Finding and opening the chamber: 5 minutes (own estimate, no frost). A remote valve: 30 s to command and confirm plus
  its travel, taken as 10 s per 100 mm.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from maps.network import PipeNetwork, ValveKind, ValveTable

CHAMBER_MINUTES = 5.0
REMOTE_MINUTES = 0.5
REMOTE_MINUTES_PER_M = 10.0 / 60.0 * 10.0
_SMALL_MM, _MAIN_MM = 300.0, 600.0
_DEFAULT_DIAMETER_MM = 200.0
_SLOW = ((300.0, 1.5), (600.0, 3.0), (float("inf"), 5.0))
"""Up to this diameter in mm, the last 20 % of the turns take this many times as long."""

_BUTTERFLIES = (ValveKind.BUTTERFLY, ValveKind.BALL)


class Work(Protocol):
    """Work of closing one valve: properties of the valve, the same in every plan."""

    @property
    def asset_id(self) -> str:
        """Id of the valve."""
        ...

    @property
    def minutes(self) -> float | None:
        """Minutes to close it, without travel; None when unknown."""
        ...

    @property
    def diameter_mm(self) -> float | None:
        """Diameter, mm; None when unknown."""
        ...

    @property
    def last_checked(self) -> str:
        """ISO date of the last check, "" when unknown."""
        ...

    @property
    def control(self) -> str:
        """``manual`` or ``remote``."""
        ...


@dataclass(frozen=True, slots=True)
class ValveWork:
    """Work of one valve; ``x``, ``y``: its own point, else its node's, in the network's CRS."""

    asset_id: str
    turns: float
    minutes: float | None
    diameter_mm: float | None
    last_checked: str
    control: str
    assumed: bool
    x: float
    y: float


def work_of(network: PipeNetwork, row: int) -> ValveWork:
    """Work of a valve row; a valve without a diameter gets that of its pipe."""
    valves = network.valves
    diameter = float(valves.diameter_mm[row])
    if not np.isfinite(diameter) and valves.pipe[row] >= 0:
        diameter = float(network.pipes.diameter_mm[valves.pipe[row]])
    turns, control = turns_to_close(valves, row, diameter), str(valves.control[row]) or "manual"
    known = diameter if np.isfinite(diameter) else None
    facts = (str(valves.last_checked[row]), control, bool(valves.assumed[row]))
    return ValveWork(
        str(valves.asset_id[row]), turns, closing_minutes(turns, diameter, control), known, *facts, *_place(network, row)
    )


def _place(network: PipeNetwork, row: int) -> tuple[float, float]:
    valves, nodes = network.valves, network.nodes
    x, y = float(valves.x[row]), float(valves.y[row])
    if np.isfinite(x) and np.isfinite(y):
        return x, y
    node = int(valves.from_node[row] if valves.from_node[row] >= 0 else valves.node[row])
    return float(nodes.x[node]), float(nodes.y[node])


def turns_to_close(valves: ValveTable, row: int, diameter_mm: float) -> float:
    """Turns of one valve: the dataset's value, else by the assumptions above."""
    known = float(valves.turns_to_close[row])
    if np.isfinite(known) and known > 0:
        return known
    size = diameter_mm if np.isfinite(diameter_mm) and diameter_mm > 0 else _DEFAULT_DIAMETER_MM
    if int(valves.kind[row]) in _BUTTERFLIES:
        return 30.0 * max(1.0, float(np.ceil(size / _SMALL_MM)))
    return round(3.0 * size / 25.4 + 2.0)


def closing_minutes(turns: float, diameter_mm: float, control: str) -> float:
    """Minutes to close one valve, without travel."""
    size = diameter_mm if np.isfinite(diameter_mm) and diameter_mm > 0 else _DEFAULT_DIAMETER_MM
    if control == "remote":
        return round(REMOTE_MINUTES + REMOTE_MINUTES_PER_M * size / 1000.0, 1)
    slow = next(factor for limit, factor in _SLOW if size <= limit)
    per_minute = 20.0 if size <= _SMALL_MM else 12.0
    return round(CHAMBER_MINUTES + turns / per_minute * (0.8 + 0.2 * slow), 1)


def in_order(steps: Sequence[Work]) -> list[int]:
    """Indices of ``steps`` in closing order: remote and quick ones first; the last is not the largest or the worst inspected.

    The last valve carries the whole flow and has to close tightly. Where all are equally large or equally inspected none is
    excluded; where the rules exclude all, only the largest is kept from the end.
    """
    order = sorted(range(len(steps)), key=lambda n: (steps[n].control != "remote", steps[n].minutes or 0.0, steps[n].asset_id))
    if len(order) < 2:
        return order
    sizes = [step.diameter_mm or 0.0 for step in steps]
    checks = [step.last_checked for step in steps]
    too_large = {n for n in order if sizes[n] == max(sizes)} if min(sizes) < max(sizes) else set()
    too_old = {n for n in order if checks[n] == min(checks)} if min(checks) < max(checks) else set()
    allowed = [n for n in order if n not in too_large | too_old] or [n for n in order if n not in too_large]
    manual = [n for n in allowed if steps[n].control != "remote"] or allowed
    last = manual[-1]
    return [*(n for n in order if n != last), last]


def total_minutes(steps: Sequence[Work]) -> float | None:
    """Minutes of one crew for all steps, without travel; remote valves run in parallel. None when no valve is to close."""
    if not steps:
        return None
    manual = sum(step.minutes or 0.0 for step in steps if step.control != "remote")
    remote = max((step.minutes or 0.0 for step in steps if step.control == "remote"), default=0.0)
    return round(max(manual, remote), 1)
