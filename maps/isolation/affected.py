"""Whom and what a zone touches: pipes, customers, hydrants, pumps, tanks, sources — from segments to asset ids."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maps.city import City
from maps.isolation.graph import SegmentGraph
from maps.isolation.result import CriticalCustomer, TankLimit
from maps.isolation.supply import Supply
from maps.isolation.zone import Zone
from maps.network import NodeKind

Rows = NDArray[np.int64]


class Affected:
    """Lists by segment, made once: members of a segment are a slice."""

    def __init__(self, city: City, graph: SegmentGraph) -> None:
        self._city, self._graph = city, graph
        self._nodes = len(city.network.nodes)
        self._pipes = _Slices(graph.segment_of[self._nodes :], graph.segments)
        self._node_slices = _Slices(graph.segment_of[: self._nodes], graph.segments)
        by_pipe = np.append(graph.segment_of[self._nodes :], -1)
        self._customers = _Slices(by_pipe[city.customers.pipe], graph.segments)
        node_segments = np.append(graph.segment_of[: self._nodes], -1)
        hydrants = city.hydrants
        self._hydrants = _Slices(
            np.where(hydrants.node >= 0, node_segments[hydrants.node], by_pipe[hydrants.pipe]), graph.segments
        )

    def of(self, zone: Zone, limited: Collection[int]) -> dict[str, Any]:
        """The fields of an IsolationPlan that tell whom it touches."""
        gone = zone.inside | zone.dry
        customers = self._city.customers
        rows = self._customers.of(gone)
        critical = [int(row) for row in rows if customers.critical[row]]
        return {
            "customers_without_water": customers.ids(rows),
            "households_without_water": int(np.maximum(customers.households[rows], 0).sum()),
            "people_without_water": int(np.maximum(customers.people[rows], 0).sum()),
            "communities": tuple(sorted({str(customers.community[row]) for row in rows} - {""})),
            "critical_customers": tuple(self._critical(row) for row in critical),
            "hydrants_lost": self._city.hydrants.ids(self._hydrants.of(gone)),
            "pumps_to_stop": self._pumps(gone),
            "limited_by_tank": self._limits(limited),
        }

    def pipe_ids(self, segments: Collection[int]) -> tuple[str, ...]:
        """Pipes of segments, in table order."""
        return self._city.network.pipes.ids(self._pipes.of(segments))

    def source_ids(self, segments: Iterable[int]) -> tuple[str, ...]:
        """Source nodes of segments."""
        nodes = self._city.network.nodes
        rows = self._node_slices.of(list(segments))
        return tuple(str(nodes.asset_id[row]) for row in rows if nodes.kind[row] >= NodeKind.SOURCE)

    def sources_of(self, supply: Supply, segments: Iterable[int]) -> tuple[str, ...]:
        """The source each segment hangs on in the supply forest."""
        return self.source_ids(sorted({supply.root_of(segment) for segment in segments}))

    def valve_place(self, valve: int) -> tuple[float, float]:
        """Where a valve is, network CRS: its own point, else its node's."""
        table, nodes = self._city.network.valves, self._city.network.nodes
        x, y = float(table.x[valve]), float(table.y[valve])
        if math.isfinite(x) and math.isfinite(y):
            return x, y
        node = int(table.node[valve]) if table.node[valve] >= 0 else int(table.from_node[valve])
        return float(nodes.x[node]), float(nodes.y[node])

    def _critical(self, row: int) -> CriticalCustomer:
        table = self._city.customers
        return CriticalCustomer(
            str(table.asset_id[row]), str(table.name[row]), str(table.critical[row]), str(table.critical_hours[row]),
            str(table.supply[row]), str(table.address[row]),
        )  # fmt: skip

    def _pumps(self, gone: Collection[int]) -> tuple[str, ...]:
        pumps, graph = self._city.network.pumps, self._graph
        linked = np.flatnonzero(pumps.from_node >= 0)
        return tuple(str(pumps.asset_id[row]) for row in linked if int(graph.segment_of[pumps.from_node[row]]) in gone)

    def _limits(self, limited: Collection[int]) -> tuple[TankLimit, ...]:
        """Parts left with tanks only; hours = water above the minimum level over the part's demand."""
        nodes, graph = self._city.network.nodes, self._graph
        tanks = [int(row) for row in np.flatnonzero(nodes.kind == NodeKind.TANK)]
        left = list[TankLimit]()
        for row in tanks:
            segment = int(graph.segment_of[row])
            near = {int(graph.b[e]) if int(graph.a[e]) == segment else int(graph.a[e]) for e in graph.at(segment)}
            if not near & set(limited):
                continue
            part = list(limited)
            demand = float(np.nansum(nodes.demand_m3h[self._node_slices.of(part)]))
            area = math.pi / 4 * float(nodes.tank_diameter_m[row]) ** 2
            volume = area * (float(nodes.tank_level_m[row]) - float(nodes.tank_min_m[row]))
            hours = round(volume / demand, 1) if demand > 0 and math.isfinite(volume) else None
            left.append(TankLimit(str(nodes.asset_id[row]), hours, self.pipe_ids(part)))
        return tuple(left)


class _Slices:
    """Rows grouped by segment; -1 belongs to none."""

    def __init__(self, segment: Rows, segments: int) -> None:
        known = np.flatnonzero(segment >= 0)
        self._rows = known[np.argsort(segment[known], kind="stable")]
        self._first = np.zeros(segments + 1, dtype=np.int64)
        np.cumsum(np.bincount(segment[known], minlength=segments), out=self._first[1:])

    def of(self, segments: Collection[int]) -> Rows:
        """Rows of all these segments, sorted, (n,)."""
        parts = [self._rows[self._first[s] : self._first[s + 1]] for s in segments]
        return np.sort(np.concatenate(parts)) if parts else np.empty(0, dtype=np.int64)
