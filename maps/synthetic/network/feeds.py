"""Inserts plants, pumping stations and PRVs into the street graph."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from maps.synthetic import names
from maps.synthetic.network.pressure_zones import PressureZones
from maps.synthetic.streets.extent import Extent, density
from maps.synthetic.streets.graph import ARTERIAL, LOCAL, Added, Array, Mask, Rows, Streets
from maps.synthetic.streets.shortest_path_trees import Forest, Links

NODES_A_PLANT = 2_800
"""Nodes one plant feeds in a large city: about 5,500 m³/h, what two DN1000 mains carry."""

PLANT, BOOSTER, REDUCER = 0, 1, 2
"""Kinds of feeds."""


@dataclass(frozen=True, slots=True)
class Feed:
    """Inlet of a pressure zone: node rows before and after, kind, zone, name.

    A plant's ``inlet`` is its clear well.
    """

    kind: int
    inlet: int
    outlet: int
    zone: int
    name: str


@dataclass(frozen=True, eq=False)
class Plumbing:
    """Streets with the feeds set in.

    ``closed``: (m,) edges shut at a zone boundary; ``zone``, ``elevation_m``: (n,); ``band``: (z,) of each zone.
    """

    streets: Streets
    zone: Rows
    elevation_m: Array
    band: Rows
    closed: Mask
    feeds: tuple[Feed, ...]

    def of_kind(self, kind: int) -> list[Feed]:
        """Feeds of one kind, in order."""
        return [feed for feed in self.feeds if feed.kind == kind]


class _Builder:
    """Collects new nodes and edges; rows of new nodes continue those of the streets."""

    def __init__(self, streets: Streets, zones: PressureZones) -> None:
        self._streets = streets
        self._zones = zones
        self.drop = np.zeros(streets.edges, dtype=bool)
        self.x: list[float] = []
        self.y: list[float] = []
        self.zone: list[int] = []
        self.elevation: list[float] = []
        self.added: list[Added] = []
        self.feeds: list[Feed] = []

    def node(self, point: Array, zone: int, elevation_m: float) -> int:
        """A new node; returns its row."""
        self.x.append(float(point[0]))
        self.y.append(float(point[1]))
        self.zone.append(zone)
        self.elevation.append(elevation_m)
        return self._streets.nodes + len(self.x) - 1

    def split(self, edge: int, parent: int, child: int, kind: int, name: str) -> None:
        """Cut a street where it enters zone ``child`` from ``parent`` and put a feed of ``kind`` there."""
        s, z = self._streets, self._zones
        points = s.vertices[s.offsets[edge] : s.offsets[edge + 1]]
        u, v = int(s.u[edge]), int(s.v[edge])
        if z.zone[u] == child:
            u, v, points = v, u, points[::-1]
        before, after = _cut(points, 0.46)[0], _cut(points, 0.54)[1]
        ground = float(z.elevation_m[u])
        inlet, outlet = self.node(before[-1], parent, ground), self.node(after[0], child, ground)
        rank, street = int(s.rank[edge]), str(s.street[edge])
        self.drop[edge] = True
        self.added += [Added(u, inlet, rank, before, street), Added(outlet, v, rank, after, street)]
        self.feeds.append(Feed(kind, inlet, outlet, child, name))

    def plant(self, near: int, towards: Array, name: str) -> None:
        """A plant beside an arterial node, off the streets on the side of ``towards``, with two mains into the city."""
        s, z = self._streets, self._zones
        at = np.array([s.x[near], s.y[near]])
        out = towards - at
        step = out / max(float(np.hypot(*out)), 1.0)
        ground = float(z.elevation_m[near])
        well = self.node(at + 130.0 * step, 0, ground)
        outlet = self.node(at + 70.0 * step, 0, ground)
        here = at + 70.0 * step
        self.added.append(Added(outlet, near, ARTERIAL, np.array([here, at])))
        beside = np.flatnonzero(((s.u == near) | (s.v == near)) & (s.rank == ARTERIAL))
        for edge in beside[:1].tolist():
            other = int(s.u[edge] + s.v[edge] - near)
            if z.zone[other] == 0:
                self.added.append(Added(outlet, other, ARTERIAL, np.array([here, [s.x[other], s.y[other]]])))
        self.feeds.append(Feed(PLANT, well, outlet, 0, name))


def install(streets: Streets, zones: PressureZones, rng: np.random.Generator) -> Plumbing:
    """Plants on the plain, one or more feeds for every other zone, boundaries shut; half the small crossings have no pipe."""
    builder = _Builder(streets, zones)
    _place_plants(builder, streets, zones, rng)
    _place_feeds(builder, streets, zones)
    crossing = zones.zone[streets.u] != zones.zone[streets.v]
    builder.drop |= crossing & (streets.rank == LOCAL) & (rng.random(streets.edges) < 0.55)
    built = streets.rebuilt(builder.drop, np.array(builder.x), np.array(builder.y), builder.added)
    zone = np.concatenate([zones.zone, np.array(builder.zone, dtype=np.int64)])
    elevation = np.concatenate([zones.elevation_m, np.array(builder.elevation)])
    return Plumbing(built, zone, elevation, zones.band, zone[built.u] != zone[built.v], tuple(builder.feeds))


def _place_plants(builder: _Builder, streets: Streets, zones: PressureZones, rng: np.random.Generator) -> None:
    """The three named plants west, north and east along the river; a large city has more, spread over the plain."""
    on_main = np.zeros(streets.nodes, dtype=bool)
    arterial = streets.rank == ARTERIAL
    on_main[streets.u[arterial]] = on_main[streets.v[arterial]] = True
    rows = np.flatnonzero(on_main & (zones.zone == 0))
    if not len(rows):
        rows = np.flatnonzero(zones.zone == 0)
    xy = np.column_stack([streets.x[rows], streets.y[rows]])
    extent = Extent.of(xy[:, 0], xy[:, 1])
    low, size = np.array([extent.west, extent.south]), np.array([extent.east - extent.west, extent.north - extent.south])
    wanted = [low + size * share for share in ((0.47, 1.08), (0.06, 0.55), (0.93, 0.8))]
    total = round(streets.nodes / NODES_A_PLANT)
    targets = wanted if total <= len(wanted) else _balanced(streets, zones.zone, total, wanted, rng)
    chosen = list(dict.fromkeys(int(np.hypot(*(xy - target).T).argmin()) for target in targets))
    middle = xy.mean(axis=0)
    for k, row in enumerate(chosen):
        towards = targets[k] if total <= len(wanted) else 2 * xy[row] - middle
        builder.plant(int(rows[row]), towards + np.array([0.0, 50.0]), names.plant(k))


def _balanced(streets: Streets, zone: Rows, total: int, named: list[Array], rng: np.random.Generator) -> list[Array]:
    """Places on the plain for ``total`` plants with about as many people each; the named ones' nearest come first.

    People in the hills count where the plain is nearest to them: their water is pumped up from there.
    """
    share = density(streets.x, streets.y)
    sample = rng.choice(streets.nodes, 9000, p=share / share.sum())
    places = np.column_stack([streets.x, streets.y])
    plain = places[zone == 0]
    points = plain[np.asarray(cKDTree(plain).query(places[sample])[1])]
    places = points[:total].copy()
    for _ in range(25):
        nearest = cKDTree(places).query(points)[1]
        count = np.bincount(nearest, minlength=total)
        for axis in (0, 1):
            mean = np.bincount(nearest, weights=points[:, axis], minlength=total) / np.maximum(count, 1)
            places[:, axis] = np.where(count > 0, mean, places[:, axis])
    left, first = list(range(total)), []
    for place in named:
        best = min(left, key=lambda k: float(np.hypot(*(places[k] - place))))
        left.remove(best)
        first.append(best)
    return [places[k] for k in first + left]


def _place_feeds(builder: _Builder, streets: Streets, zones: PressureZones) -> None:
    """Feeds on the streets into a zone, larger streets first, far apart; those with a small share of demand are left out."""
    wanted = _wanted(streets, zones)
    entries = [(child, edge) for child in range(1, zones.count) for edge in _entries(streets, zones, child, wanted[child])]
    count = {BOOSTER: 0, REDUCER: 0}
    naming = {BOOSTER: names.pumping_station, REDUCER: names.reducer}
    for child, edge in _busy(streets, zones, entries):
        parent = int(zones.parent[child])
        kind = BOOSTER if zones.band[child] > zones.band[parent] else REDUCER
        builder.split(edge, parent, child, kind, naming[kind](count[kind]))
        count[kind] += 1


def _entries(streets: Streets, zones: PressureZones, child: int, wanted: int) -> list[int]:
    """Edges from a zone's parent into it, up to ``wanted``, far apart."""
    parent = int(zones.parent[child])
    u_zone, v_zone = zones.zone[streets.u], zones.zone[streets.v]
    between = ((u_zone == parent) & (v_zone == child)) | ((u_zone == child) & (v_zone == parent))
    edges = np.flatnonzero(between & (streets.length_m > 20.0))
    if not len(edges):
        edges = np.flatnonzero(between)
    mx, my = streets.middle()
    return [int(edges[row]) for row in _spread(np.column_stack([mx[edges], my[edges]]), streets.rank[edges], wanted)]


def _busy(streets: Streets, zones: PressureZones, entries: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Entries that would feed at least a sixth of their fair share of the zone, by distance along the streets.

    A pump with less cannot deliver against its neighbours at night. At least the five planned stations are kept.
    """
    if not entries:
        return []
    zone = np.array([child for child, _ in entries])
    edge = np.array([edge for _, edge in entries])
    inside = np.where(zones.zone[streets.u[edge]] == zone, streets.u[edge], streets.v[edge])
    same = np.flatnonzero(zones.zone[streets.u] == zones.zone[streets.v])
    length = streets.length_m[same]
    forest = Forest.grow(streets.nodes, Links(streets.u[same], streets.v[same], length, np.ones(len(same), dtype=bool)), inside)
    served = np.bincount(forest.source[forest.source >= 0], minlength=streets.nodes)[inside]
    fair = np.bincount(zones.zone, minlength=zones.count)[zone] / np.bincount(zone, minlength=zones.count)[zone]
    share = served / fair
    pumped = zones.band[zone] > zones.band[zones.parent[zone]]
    kept = np.ones(len(entries), dtype=bool)
    for row in np.argsort(share, kind="stable").tolist():
        spare = not pumped[row] or int((kept & pumped).sum()) > names.PLANNED_STATIONS
        kept[row] = share[row] >= 1 / 6 or not spare
    return [entry for entry, keep in zip(entries, kept.tolist(), strict=True) if keep]


def _wanted(streets: Streets, zones: PressureZones) -> list[int]:
    """Feeds of each zone by its size; a city of some size has at least the five pumping stations of the plan."""
    size = np.bincount(zones.zone, minlength=zones.count)
    wanted = (1 + size // max(160, min(3000, streets.nodes // 18))).tolist()
    boosted = [z for z in range(1, zones.count) if zones.band[z] > zones.band[zones.parent[z]]]
    while boosted and streets.nodes > 1500 and sum(wanted[z] for z in boosted) < names.PLANNED_STATIONS:
        wanted[max(boosted, key=lambda z: size[z] / wanted[z])] += 1
    return [int(count) for count in wanted]


def _spread(xy: Array, rank: NDArray[np.int8], wanted: int) -> list[int]:
    """Rows of up to ``wanted`` points, far from each other, arterials weighing four times a local street."""
    favour = np.array([4.0, 2.0, 1.0])[rank.astype(np.int64)]
    start = int((favour * 1e6 - np.hypot(*(xy - xy.mean(axis=0)).T)).argmax())
    chosen = [start]
    away = np.hypot(*(xy - xy[start]).T)
    while len(chosen) < min(wanted, len(xy)) and float(away.max()) > 400.0:
        chosen.append(int((away * favour).argmax()))
        away = np.minimum(away, np.hypot(*(xy - xy[chosen[-1]]).T))
    return chosen


def _cut(points: Array, share: float) -> tuple[Array, Array]:
    """A polyline cut at a share of its length: the points before and after, both with the cut."""
    step = np.hypot(*np.diff(points, axis=0).T)
    at = np.concatenate([[0.0], np.cumsum(step)])
    where = share * at[-1]
    cut = np.array([[np.interp(where, at, points[:, 0]), np.interp(where, at, points[:, 1])]])
    return np.concatenate([points[at < where], cut]), np.concatenate([cut, points[at > where]])
