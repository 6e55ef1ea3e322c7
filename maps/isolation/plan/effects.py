"""Effects of a plan: customers, critical customers, hydrants, pumps and demand without supply."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from maps.attachment import marked
from maps.city import City
from maps.columns import Ints
from maps.isolation.graph.segments import SegmentGraph, grouped, members
from maps.isolation.plan.result import CriticalCustomer
from maps.network import NodeKind, NodeTable


@dataclass(frozen=True, eq=False)
class People:
    """Customer rows without supply and their totals."""

    rows: Ints
    households: int
    people: int


class Effects:
    """Customers, hydrants, pumps and demand by segment; indices are built on first use."""

    def __init__(self, city: City, graph: SegmentGraph) -> None:
        self._city, self._graph = city, graph

    @cached_property
    def _customers(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """CSR segment -> customer rows; customers without a pipe are on none, those with an unknown piece of pipe on several."""
        on = self._city.customers_on
        return self._on_segments(on.row, self._graph.of_pipe[on.pipe])

    @cached_property
    def _hydrants(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        table, on = self._city.hydrants, self._city.hydrants_on
        at_node = np.flatnonzero((table.node >= 0) & (table.pipe < 0)).astype(np.int32)
        row = np.concatenate([on.row, at_node])
        segment = np.concatenate([self._graph.of_pipe[on.pipe], self._graph.of_node[table.node[at_node]]])
        return self._on_segments(row, segment)

    def _on_segments(self, row: Ints, segment: Ints) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        offsets, order = grouped(segment, self._graph.count)
        return offsets, row[order]

    def people(self, segments: Collection[int], without: Collection[int] = ()) -> People:
        """Customers on ``segments``, each once, except the rows ``without``."""
        rows = _once(members(self._customers, np.fromiter(segments, dtype=np.int32, count=len(segments))))
        if without:
            rows = rows[~np.isin(rows, np.fromiter(without, dtype=np.int32, count=len(without)))]
        customers = self._city.customers
        households, people = customers.households[rows], customers.people[rows]
        return People(rows, int(households[households > 0].sum()), int(people[people > 0].sum()))

    def communities(self, people: People) -> tuple[str, ...]:
        """Communities of customers by number of households, most first."""
        names, households = self._city.customers.community[people.rows], self._city.customers.households[people.rows]
        sums: dict[str, int] = {}
        for name, number in zip(names.tolist(), households.tolist(), strict=True):
            if name:
                sums[name] = sums.get(name, 0) + max(number, 0)
        return tuple(sorted(sums, key=lambda name: (-sums[name], name)))

    def critical(self, people: People) -> tuple[CriticalCustomer, ...]:
        """Critical customers, in the order of the dataset's rows."""
        table = self._city.customers
        rows = people.rows[self._is_critical[people.rows]] if len(people.rows) else people.rows
        return tuple(
            CriticalCustomer(
                str(table.asset_id[row]),
                str(table.name[row]),
                str(table.critical[row]),
                str(table.critical_hours[row]),
                str(table.supply[row]),
                str(table.address[row]),
                bool(table.pieces[row]),
            )
            for row in rows.tolist()
        )

    @cached_property
    def _is_critical(self) -> NDArray[np.bool_]:
        return np.asarray(self._city.customers.critical != "", dtype=np.bool_)

    def hydrants(self, segments: Collection[int]) -> tuple[str, ...]:
        """Hydrants on ``segments``, each once."""
        rows = _once(members(self._hydrants, np.fromiter(segments, dtype=np.int32, count=len(segments))))
        return self._city.hydrants.ids(rows)

    @cached_property
    def _suction(self) -> dict[int, list[int]]:
        """Segment -> pumps with their suction side on it; without pumps at a supply source, which never lose suction."""
        pumps, nodes = self._city.network.pumps, self._city.network.nodes
        found: dict[int, list[int]] = {}
        for row in range(len(pumps)):
            node = int(pumps.from_node[row]) if pumps.from_node[row] >= 0 else int(pumps.node[row])
            if node >= 0 and nodes.kind[node] < NodeKind.SOURCE:
                found.setdefault(int(self._graph.of_node[node]), []).append(row)
        return found

    def pumps_without_suction(self, segments: Collection[int]) -> tuple[str, ...]:
        """Pumps with their suction side on ``segments``; they must be stopped first, before they run dry."""
        if not self._suction:
            return ()
        rows = sorted(row for segment in segments for row in self._suction.get(segment, ()))
        return self._city.network.pumps.ids(rows)

    @cached_property
    def _pipe_demand(self) -> NDArray[np.float64]:
        """Demand per pipe, m³/h: the demand of each end node divided equally among its pipes."""
        pipes, nodes = self._city.network.pipes, self._city.network.nodes
        degree = np.bincount(np.concatenate([pipes.from_node, pipes.to_node]), minlength=len(nodes))
        share = np.nan_to_num(nodes.demand_m3h) / np.maximum(degree, 1)
        return np.asarray(share[pipes.from_node] + share[pipes.to_node])

    def demand_m3h(self, pipes: Ints) -> float:
        """Demand of pipes, m³/h: that of their customers where the dataset has it, else from their end nodes."""
        customers = self._city.customers
        if len(customers) and np.nansum(customers.demand_m3h) > 0:
            rows = self._city.customers_on.rows_on(marked(len(self._city.network.pipes), pipes))
            return float(np.nansum(customers.demand_m3h[rows]))
        return float(self._pipe_demand[pipes].sum())


def _once(rows: Ints) -> Ints:
    """Sorted unique rows: a row with an unknown piece of pipe is on several segments."""
    if len(rows) < 2:
        return rows
    first = np.ones(len(rows), dtype=np.bool_)
    first[1:] = rows[1:] != rows[:-1]
    return rows[first]


def tank_volume_m3(nodes: NodeTable, row: int) -> float | None:
    """Volume above a tank's minimum level, m³; None where data are missing."""
    diameter, level, low = (float(column[row]) for column in (nodes.tank_diameter_m, nodes.tank_level_m, nodes.tank_min_m))
    if not np.isfinite(diameter) or not np.isfinite(level):
        return None
    return float(np.pi / 4.0 * diameter**2 * max(level - (low if np.isfinite(low) else 0.0), 0.0))
