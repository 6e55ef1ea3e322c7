"""Isolator: computes isolation plans for one city from the dataset's state, with optional valve corrections per plan."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from maps.city import City
from maps.errors import InputFault
from maps.isolation.graph.boundary_valves import Outcome, solve
from maps.isolation.graph.edge_rules import BaseRules, ValveOverride
from maps.isolation.graph.pipe_segments import joined_segments
from maps.isolation.graph.segments import ClosedPipes, build_segments
from maps.isolation.graph.supply import SupplyQuery
from maps.isolation.graph.supply_trees import Adjacency, Supply
from maps.isolation.plan.barriers import Barriers
from maps.isolation.plan.closing_steps import ClosingSteps, as_array, without_supply
from maps.isolation.plan.closing_work import in_order, total_minutes
from maps.isolation.plan.effects import Effects
from maps.isolation.plan.overlaps import Conflict
from maps.isolation.plan.result import Alternative, IsolationPlan, TankLimit, ValveStep
from maps.isolation.plan.tanks import Tanks
from maps.isolation.plan.warnings import MOST_ALTERNATIVES, warnings_of
from maps.network import ValveState

_NO_ROWS = np.empty(0, dtype=np.int32)
NO_OVERRIDES: Mapping[str, ValveOverride] = {}


@dataclass(frozen=True, slots=True)
class Brief:
    """Summary of one plan; ``valves``: rows to close; ``closable``: number of closable valves on the boundary, needed or not."""

    pipes: int
    valves: tuple[int, ...]
    dry_pipes: int
    households: int
    isolatable: bool
    closable: int


class Isolator:
    """Computes which valves to close for a burst. Segments and supply trees of ``city`` are computed once."""

    def __init__(self, city: City) -> None:
        self._city, self._network = city, city.network
        self._graph = build_segments(city.network)
        self._rules = BaseRules(city.network, self._graph)
        around = Adjacency(self._graph)
        touches = np.zeros(self._graph.count, dtype=np.bool_)
        touches[self._graph.source_segment] = True
        self._supply = Supply(self._graph, self._rules.codes, touches, around)
        self._tanks = Tanks(city.network, self._supply)
        self._effects = Effects(city, self._graph)
        self._pieces: dict[str, list[int]] | None = None
        self._steps = ClosingSteps(city.network, self._graph)

    def plan(
        self,
        burst_pipes: Sequence[str],
        *,
        valves: Mapping[str, ValveOverride] = NO_OVERRIDES,
        ignore_one_way: bool = False,
        alternatives: bool = True,
        shut_by_crews: Collection[str] = (),
    ) -> IsolationPlan:
        """One plan for one or several burst pipes, with ``valves`` corrected.

        ``shut_by_crews``: valves closed for this incident. They hold like closed ones, and segments that lost supply through them
        count as without supply. The source id of split pieces means all of them. Raises UnknownAsset for an unknown pipe or
        valve, InputFault for no pipe at all or a ``flows_to`` that is not at its valve.
        """
        began = time.perf_counter()
        pipes = self.pipe_rows(burst_pipes)
        shut = np.concatenate([self._graph.valve_edges(row) for row in self._network.valves.rows(shut_by_crews)] or [_NO_ROWS])
        as_found, valves = valves, {**valves, **{valve: _shut(valves.get(valve)) for valve in shut_by_crews}}
        before = self._rules.changed(as_found, ignore_one_way)
        changed = self._rules.changed(valves, ignore_one_way) if shut_by_crews else before
        outcome = solve(self._supply, self._starts(pipes), changed, shut.tolist())
        steps = self._steps.of(outcome)
        others = self._alternatives(pipes, valves, ignore_one_way, steps, shut.tolist()) if alternatives else ()
        plan = self._plan(pipes, outcome, steps, others, _unable(valves))
        plan = self._with_barriers(plan, outcome, valves, ignore_one_way)
        plan = self._with_lasting_dryness(plan, outcome, before)
        return replace(plan, shut_by_crews=tuple(shut_by_crews), compute_ms=round((time.perf_counter() - began) * 1000.0, 3))

    def conflict(self, plans: Sequence[IsolationPlan], *, valves: Mapping[str, ValveOverride] = NO_OVERRIDES) -> Conflict:
        """Area without supply when all ``plans`` are in force at once but in none of them alone, with its customers.

        Computed from the valves of the plans, not only from their bursts. Raises UnknownAsset.
        """
        changed = self._rules.changed(valves, False)
        outcomes = [solve(self._supply, self._starts(self.pipe_rows(plan.burst_pipes)), changed) for plan in plans]
        closed = {step.asset_id: ValveOverride(ValveState.CLOSED) for plan in plans for step in plan.valves_to_close}
        together = {**changed, **self._rules.changed({**valves, **closed}, False)}
        zone = frozenset(segment for outcome in outcomes for segment in outcome.zone.segments)
        query = SupplyQuery(self._supply, zone, together)
        ends = [border.far for outcome in outcomes for border in outcome.zone.border if border.is_open]
        dry = query.dry_from(ends) - zone
        for outcome in outcomes:
            dry -= outcome.dry
        already = {row for outcome in outcomes for row in self._effects.people(without_supply(outcome)).rows.tolist()}
        people = self._effects.people(dry, already)
        return Conflict(
            self._network.pipes.ids(self._graph.pipes_in(as_array(frozenset(dry)))),
            self._city.customers.ids(people.rows),
            people.households,
            people.people,
            tuple(customer.asset_id for customer in self._effects.critical(people)),
        )

    @cached_property
    def _closed_pipes(self) -> ClosedPipes:
        return ClosedPipes(self._network, self._graph)

    @cached_property
    def fingerprint(self) -> str:
        """Hash of topology and valve states; plans with another fingerprint are out of date."""
        mark = blake2b(digest_size=8)
        valves, pipes = self._network.valves, self._network.pipes
        for column in (valves.asset_id, valves.state, valves.operable, valves.flows_to, valves.pipe, valves.node):
            mark.update(column.tobytes() if column.dtype != object else "\n".join(map(str, column)).encode())
        nodes = self._network.nodes
        for column in (pipes.from_node, pipes.to_node, pipes.status, nodes.kind, nodes.feeds):
            mark.update(column.tobytes())
        return mark.hexdigest()

    @property
    def valve_count(self) -> int:
        """Number of valves in the network."""
        return len(self._network.valves)

    def first_pipes(self) -> NDArray[np.int32]:
        """One pipe row of every segment with pipes."""
        return np.unique(self.segments_of_pipes(), return_index=True)[1].astype(np.int32)

    def brief(self, pipe: int) -> Brief:
        """Summary of a pipe row's plan in the dataset's own state, for city-wide analyses."""
        outcome = solve(self._supply, [int(self._graph.of_pipe[pipe])], {})
        zone = self._graph.pipes_in(as_array(outcome.zone.segments))
        dry = self._graph.pipes_in(as_array(outcome.dry))
        people = self._effects.people(without_supply(outcome))
        closable = len({int(self._graph.valve[border.edge]) for border in outcome.zone.border if border.closable})
        return Brief(len(zone), outcome.close, len(dry), people.households, not outcome.sources_inside, closable)

    def _starts(self, pipes: list[int]) -> list[int]:
        starts: list[int] = np.unique(self._graph.of_pipe[pipes]).tolist()
        return starts

    def segments_of_pipes(self) -> NDArray[np.int32]:
        """Segment of each pipe in the dataset's own state, (pipes,): parts that no closable device divides."""
        return joined_segments(self._graph, self._rules.codes)

    def pipe_rows(self, pipe_ids: Sequence[str]) -> list[int]:
        """Rows of pipes; the source id of split pieces gives all pieces. Raises UnknownAsset, InputFault."""
        if not pipe_ids:
            raise InputFault("no burst pipe given; name at least one pipe id")
        rows: dict[int, None] = {}
        for pipe_id in pipe_ids:
            pipes = self._network.pipes
            found = [pipes.row(pipe_id)] if pipes.has(pipe_id) else self._pieces_of(pipe_id) or [pipes.row(pipe_id)]
            rows.update(dict.fromkeys(found))
        return list(rows)

    def _pieces_of(self, source_id: str) -> list[int]:
        if self._pieces is None:
            self._pieces = {}
            for row, name in enumerate(self._network.pipes.source_id.tolist()):
                if name:
                    self._pieces.setdefault(name, []).append(row)
        return self._pieces.get(source_id, [])

    def _plan(
        self,
        pipes: list[int],
        outcome: Outcome,
        steps: tuple[ValveStep, ...],
        others: tuple[Alternative, ...],
        unable: tuple[str, ...],
    ) -> IsolationPlan:
        network, graph = self._network, self._graph
        zone, dry = as_array(outcome.zone.segments), as_array(outcome.dry)
        out = without_supply(outcome)
        people, hydrants, table = self._effects.people(out), self._effects.hydrants(out), self._city.hydrants
        bounding = {int(graph.valve[border.edge]) for border in outcome.zone.border}
        return IsolationPlan(
            burst_pipes=network.pipes.ids(pipes),
            isolatable=not outcome.sources_inside,
            zone_pipes=network.pipes.ids(graph.pipes_in(zone)),
            dry_pocket_pipes=network.pipes.ids(graph.pipes_in(dry)),
            valves_to_close=steps,
            valves_bounding=network.valves.ids(sorted(bounding - {-1})),
            sources_inside=network.nodes.ids(outcome.sources_inside),
            pumps_to_stop=self._effects.pumps_without_suction(out),
            customers_without_water=self._city.customers.ids(people.rows),
            households_without_water=people.households,
            people_without_water=people.people,
            communities=self._effects.communities(people),
            critical_customers=self._effects.critical(people),
            hydrants_lost=hydrants,
            customers_piece_unknown=self._city.customers.ids(people.rows[self._city.customers.pieces[people.rows] != ""]),
            hydrants_piece_unknown=tuple(name for name in hydrants if table.pieces[table.row(name)]),
            limited_by_tank=self._limits(outcome),
            alternatives=others,
            unable=unable,
            minutes=total_minutes(steps),
        )

    def _with_barriers(
        self, plan: IsolationPlan, outcome: Outcome, valves: Mapping[str, ValveOverride], ignore_one_way: bool
    ) -> IsolationPlan:
        """The plan with its barriers, reopening candidates for its dry pockets, and warnings."""
        barriers = Barriers(self._network, self._supply, self._closed_pipes, outcome)
        relied = barriers.relied()

        def opened(row: int) -> dict[int, int]:
            name = str(self._network.valves.asset_id[row])
            known = valves.get(name, ValveOverride())
            codes = self._rules.changed({name: replace(known, state=ValveState.OPEN)}, ignore_one_way)
            edges = self._graph.valve_edges(row).tolist()
            return {edge: codes.get(edge, int(self._rules.codes[edge])) for edge in edges}

        feeding = barriers.feeding(opened)
        plan = replace(
            plan,
            relies_on=relied,
            reopen_candidates=(*feeding.valves, *feeding.pipes),
            reopen_pipes=feeding.pipes,
            reopen_feeds_burst=feeding.into_zone,
        )
        return replace(plan, warnings=tuple(warning.english for warning in warnings_of(plan, self._network)))

    def _with_lasting_dryness(self, plan: IsolationPlan, outcome: Outcome, before: Mapping[int, int]) -> IsolationPlan:
        """The plan with the dry pockets marked that had no supply before it. ``before``: edge codes at that time."""
        query = SupplyQuery(self._supply, frozenset(), before)
        without = frozenset(segment for segment in outcome.dry if not query.supplied(segment))
        if not without:
            return plan
        # A customer with an unknown piece of pipe that may have had supply counts as losing it.
        people = self._effects.people(without, self._effects.people(without_supply(outcome) - without).rows.tolist())
        return replace(
            plan,
            without_supply_before=self._network.pipes.ids(self._graph.pipes_in(as_array(without))),
            customers_without_supply_before=self._city.customers.ids(people.rows),
            households_without_supply_before=people.households,
        )

    def _alternatives(
        self,
        pipes: list[int],
        valves: Mapping[str, ValveOverride],
        ignore_one_way: bool,
        steps: tuple[ValveStep, ...],
        shut: Sequence[int],
    ) -> tuple[Alternative, ...]:
        """Plans without each valve in turn: isolatable ones first, then by households, then by minutes."""
        if len(steps) > MOST_ALTERNATIVES:
            return ()
        starts = self._starts(pipes)
        planned = {step.asset_id for step in steps}
        base = self._rules.changed(valves, ignore_one_way)
        found: list[Alternative] = []
        for step in steps:
            before = valves.get(step.asset_id, ValveOverride())
            stuck = ValveOverride(before.state, False, before.flows_to)
            changed = self._rules.changed_more(base, step.asset_id, stuck, ignore_one_way)
            outcome = solve(self._supply, starts, changed, shut)
            work = [self._steps.work(valve) for valve in outcome.close]
            close = tuple(work[place].asset_id for place in in_order(work))
            out = without_supply(outcome)
            found.append(
                Alternative(
                    cannot_close=step.asset_id,
                    isolatable=not outcome.sources_inside,
                    valves_to_close=close,
                    more_valves=tuple(valve for valve in close if valve not in planned),
                    households_without_water=self._effects.people(out).households,
                    minutes=total_minutes(work),
                )
            )
        found.sort(key=lambda other: (not other.isolatable, other.households_without_water, other.minutes or 0.0))
        return tuple(found)

    def _limits(self, outcome: Outcome) -> tuple[TankLimit, ...]:
        far = [border.far for border in outcome.zone.border if border.is_open]
        return self._tanks.limits(outcome, far, self._effects)


def _shut(override: ValveOverride | None) -> ValveOverride:
    known = override or ValveOverride()
    return ValveOverride(ValveState.CLOSED, known.operable, known.flows_to)


def _unable(valves: Mapping[str, ValveOverride]) -> tuple[str, ...]:
    return tuple(valve for valve, override in valves.items() if override.operable is False)
