"""Schedule: assigns the plan's valves to crews so that the isolation is complete as early as possible.

Assumptions, stated with the result: travel distance 1.3 times the straight line at 20 km/h; one valve takes a crew the
minutes of its step (including finding and opening the chamber), plus ``frost_minutes`` where chambers are frozen; remote
valves are operated from the control room at once. Constraints: the plan's last valve is closed last, and no two valves on mains
from DN600 on are closed at the same time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from math import factorial, hypot

from maps.isolation.crew_assignments import Deal, dealt, neighbours
from maps.isolation.plan.result import IsolationPlan, ValveStep

DETOUR = 1.3
SPEED_KMH = 20.0
MAIN_MM = 600.0
DESK = ""
"""Crew id of steps done from the control room."""
_MOST_IMPROVED = 24
"""Number of valves up to which local search is used; above, the greedy assignment is kept."""
_MOST_LOOKED_AT = 30_000
"""Limit on valves times assignments tested: about 50 ms, and the same result on every machine."""
_FEW_DEALS = 1200


@dataclass(frozen=True, slots=True)
class CrewPlace:
    """Present position of a crew, network CRS in metres, and the minutes until it is free."""

    crew_id: str
    x: float
    y: float
    free_in_minutes: float = 0.0


@dataclass(frozen=True, slots=True)
class CrewStep:
    """One valve of one crew (``DESK`` for remote ones). Minutes count from now; ``order`` within the crew, from 1."""

    crew_id: str
    order: int
    valve_id: str
    travel_minutes: float
    begins: float
    ends: float


@dataclass(frozen=True, slots=True)
class Schedule:
    """Steps in order of completion; ``minutes`` until the isolation is complete, None when no crew can go."""

    steps: tuple[CrewStep, ...]
    minutes: float | None
    speed_kmh: float = SPEED_KMH
    travel: str = "straight line × 1.3"


def schedule(
    plan: IsolationPlan, crews: Sequence[CrewPlace], *, speed_kmh: float = SPEED_KMH, frost_minutes: float = 0.0
) -> Schedule:
    """Assign ``plan.valves_to_close`` to crews so that the last one ends as early as possible.

    Few valves: the best of all assignments. More: greedy (the valve that can be completed first), then local search by moving
    and exchanging valves until there is no improvement. Raises nothing; without crews only the remote valves are
    scheduled and ``minutes`` is None if others remain.
    """
    remote = [step for step in plan.valves_to_close if step.control == "remote"]
    manual = [step for step in plan.valves_to_close if step.control != "remote"]
    desk = [CrewStep(DESK, n, step.asset_id, 0.0, 0.0, step.minutes or 0.0) for n, step in enumerate(remote, start=1)]
    if not manual or not crews:
        ends = max((step.ends for step in desk), default=0.0)
        return Schedule(tuple(desk), None if manual else round(ends, 1), speed_kmh)
    night = _Night(manual, crews, speed_kmh, frost_minutes, max((step.ends for step in desk), default=0.0))
    deal = night.best() if night.few() else night.greedy()
    if len(manual) <= _MOST_IMPROVED:
        deal = night.improved(deal)
    steps = sorted([*desk, *night.steps(deal)], key=lambda step: (step.ends, step.crew_id, step.order))
    return Schedule(tuple(steps), round(max(step.ends for step in steps), 1), speed_kmh)


class _Night:
    """Evaluates assignments of the manual valves to crews. ``steps[-1]`` is the plan's last one."""

    def __init__(
        self, manual: Sequence[ValveStep], crews: Sequence[CrewPlace], speed_kmh: float, frost: float, desk_ends: float
    ) -> None:
        self._manual, self._crews, self._desk_ends = manual, crews, desk_ends
        self._minutes = [(step.minutes or 0.0) + frost for step in manual]
        self._main = [(step.diameter_mm or 0.0) >= MAIN_MM for step in manual]
        a_minute = speed_kmh * 1000.0 / 60.0
        places = [(step.x, step.y) for step in manual]
        self._between = [[DETOUR * hypot(b[0] - a[0], b[1] - a[1]) / a_minute for b in places] for a in places]
        self._to = [[DETOUR * hypot(x - crew.x, y - crew.y) / a_minute for x, y in places] for crew in crews]
        self._last = len(manual) - 1

    def few(self) -> bool:
        """Whether all assignments can be tested within about 50 ms."""
        crews = len(self._crews)
        return crews * factorial(self._last + crews - 1) // factorial(crews - 1) <= _FEW_DEALS

    def best(self) -> Deal:
        """The best of all assignments."""
        crews = range(len(self._crews))
        deals = (
            [[*valves, self._last] if crew == closer else valves for crew, valves in enumerate(deal)]
            for deal in dealt([[] for _ in crews], range(self._last))
            for closer in crews
        )
        return min(deals, key=self._cost)

    def greedy(self) -> Deal:
        """Greedy assignment of the valve that can be completed first; the plan's last one to the crew that arrives first."""
        deal: Deal = [[] for _ in self._crews]
        free = [crew.free_in_minutes for crew in self._crews]
        todo = set(range(self._last))
        while todo:
            crew, valve = min(
                ((crew, valve) for crew in range(len(deal)) for valve in todo),
                key=lambda pair: (free[pair[0]] + self._travel(deal, *pair) + self._minutes[pair[1]], pair[1], pair[0]),
            )
            free[crew] += self._travel(deal, crew, valve) + self._minutes[valve]
            deal[crew].append(valve)
            todo.remove(valve)
        crew = min(range(len(deal)), key=lambda one: (free[one] + self._travel(deal, one, self._last), one))
        deal[crew].append(self._last)
        return deal

    def improved(self, deal: Deal) -> Deal:
        """Local optimum reached from ``deal`` by single moves and exchanges, within the limit of tested assignments."""
        best, best_cost = deal, self._cost(deal)
        gains, left = True, _MOST_LOOKED_AT // len(self._manual)
        while gains:
            gains = False
            for other in islice(neighbours(best, self._last), max(left, 0)):
                cost, left = self._cost(other), left - 1
                if cost < best_cost:
                    best, best_cost, gains = other, cost, True
                    break
        return best

    def _travel(self, deal: Deal, crew: int, valve: int) -> float:
        return self._between[deal[crew][-1]][valve] if deal[crew] else self._to[crew][valve]

    def _cost(self, deal: Deal) -> tuple[float, float]:
        """(minutes until all valves are closed, sum of end times as a tie-break)."""
        ends = [ends for _, _, _, ends in self._times(deal)]
        return round(max(ends), 6), round(sum(ends), 6)

    def _times(self, deal: Deal) -> Iterator[tuple[int, int, float, float]]:
        """(crew, valve, begin, end) in the order of their begin; the plan's last valve ends after all others are closed."""
        at, free = [0] * len(deal), [crew.free_in_minutes for crew in self._crews]
        mains: list[tuple[float, float]] = []
        others = self._desk_ends
        for _ in range(self._last + 1):
            crew, begins = self._next(deal, at, free)
            valve = deal[crew][at[crew]]
            if valve == self._last:
                # Work on it may start at once, but it may only be closed after the others.
                begins = max(begins, others - self._minutes[valve])
            if self._main[valve]:
                begins = _after_other_mains(begins, self._minutes[valve], mains)
                mains.append((begins, begins + self._minutes[valve]))
            free[crew], at[crew] = begins + self._minutes[valve], at[crew] + 1
            others = max(others, free[crew])
            yield crew, valve, begins, free[crew]

    def _next(self, deal: Deal, at: list[int], free: list[float]) -> tuple[int, float]:
        """The crew whose next valve can begin first; the plan's last valve only when no other is left."""
        waiting: list[tuple[bool, float, int]] = []
        for crew, valves in enumerate(deal):
            if at[crew] < len(valves):
                valve, place = valves[at[crew]], at[crew]
                way = self._between[valves[place - 1]][valve] if place else self._to[crew][valve]
                waiting.append((valve == self._last, free[crew] + way, crew))
        _, begins, crew = min(waiting)
        return crew, begins

    def steps(self, deal: Deal) -> list[CrewStep]:
        """The assignment as steps."""
        found = []
        for crew, valve, begins, ends in self._times(deal):
            place = deal[crew].index(valve)
            travel = self._between[deal[crew][place - 1]][valve] if place else self._to[crew][valve]
            name, times = self._crews[crew].crew_id, (round(travel, 1), round(begins, 1), round(ends, 1))
            found.append(CrewStep(name, place + 1, self._manual[valve].asset_id, *times))
        return found


def _after_other_mains(begins: float, minutes: float, mains: Sequence[tuple[float, float]]) -> float:
    """Earliest time from ``begins`` at which no other main is being closed."""
    for start, end in sorted(mains):
        if begins < end and start < begins + minutes:
            begins = end
    return begins
