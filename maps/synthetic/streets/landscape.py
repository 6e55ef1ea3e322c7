"""Selects the source of the streets (given layer or generated) with terrain, water bodies and named places."""

from __future__ import annotations

import numpy as np
import shapely

from maps.city import ShapeTable
from maps.synthetic.options import SyntheticOptions
from maps.synthetic.streets.extent import Extent
from maps.synthetic.streets.graph import Array, Streets
from maps.synthetic.streets.layout import lay_out
from maps.synthetic.streets.road_layer import read_roads
from maps.synthetic.streets.terrain import Terrain

_HILLS = ("千佛山", "英雄山", "马鞍山", "燕翅山", "佛慧山", "郎茂山", "金鸡岭", "腊山", "鲍山", "围子山", "龙洞山", "转山")


def land(options: SyntheticOptions) -> tuple[Streets, Terrain, ShapeTable, ShapeTable]:
    """Streets, terrain, water polygons and places for these options; around given streets only the terrain is invented."""
    if options.roads is not None:
        streets = read_roads(options.roads)
        rng = np.random.default_rng([options.seed, 7])
        extent = Extent.of(streets.x, streets.y)
        width, depth = extent.east - extent.west, extent.north - extent.south
        terrain = Terrain.around(extent.west + width / 2, extent.north, width / 2, depth, rng)
        return streets, terrain, ShapeTable.empty(), ShapeTable.empty()
    layout = lay_out(options)
    water = _water(layout.terrain, layout.bank, layout.lake)
    return layout.streets, layout.terrain, water, _places(layout.terrain, layout.lake)


def _water(terrain: Terrain, bank: Array, lake: Array) -> ShapeTable:
    """The river along the northern dike and the lake."""
    width = float(np.clip(0.06 * terrain.depth, 160.0, 900.0))
    offset = bank + np.array([0.0, 0.5 * width + 140.0])
    river = shapely.buffer(shapely.linestrings(offset), width / 2, cap_style="flat")
    shapes = np.array([river, shapely.buffer(shapely.polygons(lake), 0.0)], dtype=object)
    return ShapeTable.of(["WA1", "WA2"], name=["黄河", "大明湖"], kind=["river", "lake"], geometry=shapes)


def _places(terrain: Terrain, lake: Array) -> ShapeTable:
    """Hills that streets go around, the springs by the lake."""
    middle = lake.mean(axis=0)
    south = float(np.ptp(lake[:, 1]))
    points = [middle + np.array([-0.4 * south, -1.3 * south]), middle + np.array([0.5 * south, -1.1 * south])]
    labels = ["趵突泉", "黑虎泉"]
    kinds = ["spring", "spring"]
    for number, hill in enumerate(terrain.hills[: len(_HILLS)]):
        points.append(hill[:2])
        labels.append(_HILLS[number])
        kinds.append("hill")
    at = np.array(points)
    ids = [f"PL{k + 1}" for k in range(len(labels))]
    return ShapeTable.of(ids, name=labels, kind=kinds, geometry=np.asarray(shapely.points(at)))
