"""Polygons of communities, districts, DMAs and operating areas, grown from the nodes they hold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from maps.city import Geometries, ZoneTable
from maps.columns import Texts
from maps.synthetic import names
from maps.synthetic.streets.clusters import centres, grown
from maps.synthetic.streets.extent import Extent
from maps.synthetic.streets.graph import Array, Mask, Rows, Streets

_CELLS = 60_000
"""Most nodes whose cells are drawn; larger cities draw a sample."""

_DISTRICT_SEATS = {
    # across (-1 west … 1 east), south (0 river … 1 hills): where the districts lie to each other
    "槐荫区": (-0.62, 0.35),
    "天桥区": (-0.08, 0.10),
    "市中区": (-0.16, 0.72),
    "历下区": (0.24, 0.52),
    "历城区": (0.62, 0.35),
    "长清区": (-0.85, 0.95),
    "章丘区": (1.0, 0.45),
}
_AREA_SEATS = {
    "城西片区": (-0.65, 0.40),
    "城北片区": (-0.10, 0.05),
    "城中片区": (0.0, 0.45),
    "城南片区": (-0.05, 0.90),
    "城东片区": (0.50, 0.40),
    "东部片区": (0.95, 0.50),
}
_TIANQIAO = list(_DISTRICT_SEATS).index("天桥区")
_NODES_A_COMMUNITY = 22


@dataclass(frozen=True, eq=False)
class Territory:
    """``community``: (n,) of each node; names by community; ``zones``: all polygons."""

    community: Rows
    community_names: list[str]
    district_names: Texts
    zones: ZoneTable


def settle_territory(streets: Streets, open_edge: Mask, dma: Rows, water: Geometries) -> Territory:
    """Communities inside districts, DMAs inside operating areas; nobody lives in the ``water``."""
    whole = np.zeros(streets.nodes, dtype=np.int64)
    each = max(_NODES_A_COMMUNITY, streets.nodes // 6000)
    community = grown(streets, np.ones(streets.edges, dtype=bool), whole, each, np.array([4.0, 2.0, 1.0]))
    place = _relative(streets, centres(community, streets.x, streets.y))
    district = _nearest(place, _DISTRICT_SEATS)
    home = _home(place, district)
    district[home] = _TIANQIAO
    area = _nearest(_relative(streets, centres(dma, streets.x, streets.y)), _AREA_SEATS)
    listed = _community_names(len(place), home)
    sample, cells = _cells(streets)
    communities = _dissolved(cells, community[sample], len(listed))
    dmas = _dissolved(cells, dma[sample], int(dma.max()) + 1)
    layers = [
        _layer("district", "QX", names.look_up(list(_DISTRICT_SEATS), np.unique(district)), _merged(communities, district)),
        _layer("area", "PQ", names.look_up(list(_AREA_SEATS), np.unique(area)), _merged(dmas, area)),
        _layer("dma", "DMA", _dma_names(names.look_up(list(_AREA_SEATS), area)), dmas),
        _layer("community", "SQ", names.look_up(listed, np.arange(len(listed))), communities),
    ]
    zones = ZoneTable(
        np.concatenate([layer.asset_id for layer in layers]),
        np.concatenate([layer.kind for layer in layers]),
        np.concatenate([layer.name for layer in layers]),
        geometry=_dry(np.concatenate([layer.geometry for layer in layers]), water),
    )
    return Territory(community, listed, names.look_up(list(_DISTRICT_SEATS), district), zones)


def _relative(streets: Streets, xy: Array) -> Array:
    """Places as across (-1 … 1) and south (0 … 1) of the city."""
    return np.column_stack(Extent.of(streets.x, streets.y).relative(xy[:, 0], xy[:, 1]))


def _nearest(place: Array, seats: dict[str, tuple[float, float]]) -> Rows:
    at = np.array(list(seats.values()))
    return np.asarray(np.hypot(*(place[:, None, :] - at[None, :, :]).transpose(2, 0, 1)).argmin(axis=1), dtype=np.int64)


def _home(place: Array, district: Rows) -> int:
    """The community that becomes 美林苑: the one of 天桥区 nearest its seat (a tiny city has to give it one)."""
    away = np.hypot(*(place - np.array(_DISTRICT_SEATS["天桥区"])).T)
    return int((away + np.where(district == _TIANQIAO, 0.0, 10.0)).argmin())


def _community_names(count: int, home: int) -> list[str]:
    others = iter(range(1, count + 1))
    return [names.community(0) if k == home else names.community(next(others)) for k in range(count)]


def _dma_names(area: Texts) -> Texts:
    count: dict[str, int] = {}
    out = np.empty(len(area), dtype=object)
    for k, name in enumerate(area):
        count[name] = count.get(name, 0) + 1
        out[k] = f"{name.removesuffix('片区')}{count[name]:02d}分区"
    return out


def _cells(streets: Streets) -> tuple[Rows, Geometries]:
    """Sampled nodes and the ground nearest to each, not farther than streets reach."""
    step = int(np.ceil(streets.nodes / _CELLS))
    sample = np.arange(0, streets.nodes, step)
    places = np.column_stack([streets.x[sample], streets.y[sample]])
    points = np.asarray(shapely.points(places))
    together = shapely.multipoints(places)
    frame = shapely.box(*(places.min(axis=0) - 500.0), *(places.max(axis=0) + 500.0))
    cells = shapely.get_parts(shapely.voronoi_polygons(together, extend_to=frame, ordered=True))
    reach = 240.0 * float(np.sqrt(step))
    return sample, np.asarray(shapely.intersection(cells, shapely.buffer(points, reach, quad_segs=3)))


def _dissolved(cells: Geometries, label: Rows, count: int) -> Geometries:
    """Union of the cells of each label; an empty polygon where a sample left none."""
    order = np.argsort(label, kind="stable")
    bounds = np.searchsorted(label[order], np.arange(count + 1))
    out = np.empty(count, dtype=object)
    for k in range(count):
        # A little over the true edge and back: closes the slits that the round reach leaves between neighbours.
        merged = shapely.union_all(cells[order[bounds[k] : bounds[k + 1]]])
        out[k] = shapely.simplify(shapely.buffer(shapely.buffer(merged, 35.0, quad_segs=2), -35.0, quad_segs=2), 6.0)
    return out


def _merged(parts: Geometries, label: Rows) -> Geometries:
    present = np.unique(label)
    out = np.empty(len(present), dtype=object)
    for k, wanted in enumerate(present):
        out[k] = shapely.simplify(
            shapely.buffer(shapely.union_all(shapely.buffer(parts[label == wanted], 60.0, quad_segs=2)), -60.0, quad_segs=2), 8.0
        )
    return out


def _dry(zones: Geometries, water: Geometries) -> Geometries:
    """Zones without the water in them."""
    out = zones.copy()
    for body in water:
        wet = shapely.intersects(out, body)
        out[wet] = shapely.difference(out[wet], body)
    return out


def _layer(kind: str, prefix: str, name: Texts, geometry: NDArray[np.object_]) -> ZoneTable:
    used = ~shapely.is_empty(geometry)
    ids = names.numbered(f"{prefix}-", len(name))[used]
    return ZoneTable.of(ids, kind=[kind] * len(ids), name=name[used], geometry=geometry[used])
