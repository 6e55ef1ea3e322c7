"""Isolator: plans on one city, fast because the segment graph and the supply forests are made once."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property

from maps.city import City
from maps.isolation.affected import Affected
from maps.isolation.closing import closing_order, diameter_of, minutes_to_close, turns_to_close
from maps.isolation.graph import SegmentGraph, build_graph
from maps.isolation.result import Alternative, IsolationPlan, Reliance, ValveStep
from maps.isolation.supply import Supply
from maps.isolation.valves import Behaviour, ValveOverride, behaviour, only_inoperable
from maps.isolation.zone import Zone, find_zone
from maps.network import ValveState


class Isolator:
    """``plan`` answers one burst; nothing is mutated, so one Isolator serves all threads."""

    def __init__(self, city: City) -> None:
        self.city, self.network = city, city.network
        self.graph: SegmentGraph = build_graph(city.network)
        self._rules = behaviour(city.network, self.graph)
        self._one_way = {str(name) for name in city.network.valves.asset_id[city.network.valves.flows_to >= 0]}

    @cached_property
    def _supply(self) -> Supply:
        return Supply(self.graph, self._rules, self.graph.is_source)

    @cached_property
    def _lasting(self) -> Supply:
        """Supply by sources that do not run empty."""
        return Supply(self.graph, self._rules, self.graph.is_source & ~self.graph.is_tank)

    @cached_property
    def _affected(self) -> Affected:
        return Affected(self.city, self.graph)

    def plan(
        self,
        burst_pipes: Sequence[str],
        *,
        valves: Mapping[str, ValveOverride] | None = None,
        ignore_one_way: bool = False,
        alternatives: bool = True,
    ) -> IsolationPlan:
        """The plan that isolates ``burst_pipes`` (asset ids), with the valves as corrected. Raises UnknownAsset."""
        started = time.perf_counter()
        overrides = valves or {}
        segments = self._segments(burst_pipes)
        plan = self._plan(segments, tuple(burst_pipes), overrides, ignore_one_way)
        if alternatives and plan.isolatable:
            plan = replace(plan, alternatives=self._alternatives(plan, segments, overrides, ignore_one_way))
        return replace(plan, compute_ms=(time.perf_counter() - started) * 1e3)

    def segment_of_pipe(self, pipe_id: str) -> int:
        """The segment (最小关阀单元) a pipe belongs to. Raises UnknownAsset."""
        return int(self.graph.segment_of[len(self.network.nodes) + self.network.pipes.row(pipe_id)])

    def _segments(self, burst_pipes: Sequence[str]) -> tuple[int, ...]:
        return tuple(dict.fromkeys(self.segment_of_pipe(pipe) for pipe in burst_pipes))

    def _rules_for(self, overrides: Mapping[str, ValveOverride], ignore_one_way: bool) -> tuple[Behaviour, Supply, Supply]:
        if not overrides and not ignore_one_way:
            return self._rules, self._supply, self._lasting
        rules = behaviour(self.network, self.graph, overrides, ignore_one_way=ignore_one_way)
        if not ignore_one_way and only_inoperable(overrides, self._one_way):
            return rules, self._supply, self._lasting
        sources = self.graph.is_source
        return rules, Supply(self.graph, rules, sources), Supply(self.graph, rules, sources & ~self.graph.is_tank)

    def _plan(
        self, segments: Iterable[int], burst: tuple[str, ...], overrides: Mapping[str, ValveOverride], ignore_one_way: bool
    ) -> IsolationPlan:
        rules, supply, lasting = self._rules_for(overrides, ignore_one_way)
        zone = find_zone(self.graph, rules, supply, segments)
        unable = tuple(sorted(name for name, o in overrides.items() if o.operable is False))
        steps = () if zone.sources else self._steps(zone, supply)
        limited = lasting.lost(set(zone.inside)) - zone.dry - zone.inside
        affected = self._affected.of(zone, limited)
        return IsolationPlan(
            burst_pipes=burst,
            isolatable=not zone.sources,
            zone_pipes=self._affected.pipe_ids(zone.inside),
            dry_pocket_pipes=self._affected.pipe_ids(zone.dry),
            valves_to_close=steps,
            valves_bounding=self._ids({int(self.graph.valve[e]) for e in (*zone.border, *zone.walls)}),
            sources_inside=self._affected.source_ids(zone.sources),
            relies_on=self._reliances(zone, rules, {step.asset_id for step in steps}),
            reopen_candidates=self._reopen(zone, rules, supply),
            unable=unable,
            minutes=_sum(step.minutes for step in steps),
            **affected,
        )

    def _ids(self, valves: Iterable[int]) -> tuple[str, ...]:
        return tuple(sorted(str(self.network.valves.asset_id[row]) for row in valves if row >= 0))

    def _steps(self, zone: Zone, supply: Supply) -> tuple[ValveStep, ...]:
        beyond: dict[int, set[int]] = {}
        for edge in zone.to_close:
            beyond.setdefault(int(self.graph.valve[edge]), set()).add(zone.border[edge])
        table = self.network.valves
        ordered = closing_order(self.network, list(beyond))
        return tuple(
            ValveStep(
                asset_id=str(table.asset_id[valve]),
                order=order,
                reason="holds_back_source",
                holds_back=self._affected.sources_of(supply, beyond[valve]),
                turns=turns_to_close(self.network, valve),
                minutes=minutes_to_close(self.network, valve),
                diameter_mm=diameter_of(self.network, valve),
                last_checked=str(table.last_checked[valve]),
                control=str(table.control[valve]),
                assumed=bool(table.assumed[valve]),
                x=self._affected.valve_place(valve)[0],
                y=self._affected.valve_place(valve)[1],
            )
            for order, valve in enumerate(ordered, start=1)
        )

    def _reliances(self, zone: Zone, rules: Behaviour, closing: set[str]) -> tuple[Reliance, ...]:
        table = self.network.valves
        why: dict[int, str] = {}
        for edge in zone.walls:
            if self.graph.valve[edge] >= 0:
                why[int(self.graph.valve[edge])] = "closed"
        for edge in zone.outgoing:
            why[int(self.graph.valve[edge])] = "one_way"
        for name in closing:
            if table.assumed[table.row(name)]:
                why[table.row(name)] = "assumed"
        for edge in self._unknown_within(zone, rules):
            why[edge] = "unknown_state"
        return tuple(
            Reliance(str(table.asset_id[row]), reason, str(table.last_checked[row]), self._next_closable(row, zone, rules))
            for row, reason in sorted(why.items())
        )

    def _unknown_within(self, zone: Zone, rules: Behaviour) -> set[int]:
        at = {edge for segment in zone.inside | zone.dry for edge in self.graph.at(segment)}
        valves = {int(self.graph.valve[edge]) for edge in at} - {-1}
        return {valve for valve in valves if rules.state[valve] == ValveState.UNKNOWN}

    def _next_closable(self, valve: int, zone: Zone, rules: Behaviour) -> tuple[str, ...]:
        """The next closable valves beyond one that may be passing."""
        edges = [edge for edge in (*zone.walls, *zone.outgoing) if self.graph.valve[edge] == valve]
        found = set[int]()
        for edge in edges:
            a, b = int(self.graph.a[edge]), int(self.graph.b[edge])
            beyond = b if a in zone.inside else a
            found |= {int(self.graph.valve[e]) for e in self.graph.at(beyond) if rules.border[e]}
        return self._ids(found - {valve})

    def _reopen(self, zone: Zone, rules: Behaviour, supply: Supply) -> tuple[str, ...]:
        """Closed, working valves between a dry pocket and water that does not come through the zone."""
        found = set[int]()
        for segment in zone.dry:
            for edge in self.graph.at(segment):
                valve = int(self.graph.valve[edge])
                other = int(self.graph.b[edge]) if int(self.graph.a[edge]) == segment else int(self.graph.a[edge])
                outside = other not in zone.dry and other not in zone.inside and bool(supply.supplied[other])
                if valve >= 0 and outside and rules.state[valve] == ValveState.CLOSED and rules.operable[valve]:
                    found.add(valve)
        return self._ids(found)

    def _alternatives(
        self, plan: IsolationPlan, segments: tuple[int, ...], overrides: Mapping[str, ValveOverride], ignore_one_way: bool
    ) -> tuple[Alternative, ...]:
        known = {step.asset_id for step in plan.valves_to_close}
        made = list[Alternative]()
        for step in plan.valves_to_close:
            changed = replace(overrides.get(step.asset_id, ValveOverride()), operable=False)
            other = self._plan(segments, plan.burst_pipes, {**overrides, step.asset_id: changed}, ignore_one_way)
            closing = tuple(s.asset_id for s in other.valves_to_close)
            more = tuple(name for name in closing if name not in known)
            made.append(
                Alternative(step.asset_id, other.isolatable, closing, more, other.households_without_water, other.minutes)
            )
        return tuple(sorted(made, key=lambda a: (not a.isolatable, a.households_without_water, a.minutes or 0.0)))


def _sum(minutes: Iterable[float | None]) -> float | None:
    listed = list(minutes)
    return None if any(value is None for value in listed) else round(sum(value or 0.0 for value in listed), 1)
