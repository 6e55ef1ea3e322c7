"""One small network written in the layers and columns of several conventions; each column says which standard one it is.

A column is ``name: (standard column or None, form of its values)``. None: the column has no standard one, and a guess that
uses it is wrong.
"""

from __future__ import annotations

import random
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.maps.importers.writing import X, Y, line, point, write

Columns = Mapping[str, tuple[str | None, str]]
_SIDE, _STEP_M = 7, 120.0
_DN = (100, 150, 200, 300, 400, 600)


@dataclass(frozen=True)
class Layer:
    """``standard``: what the layer holds; ``rows``: pipes, nodes, valves, valve_links, hydrants, customers or zones."""

    standard: str
    rows: str
    columns: Columns


@dataclass(frozen=True)
class Convention:
    """``ending``: of the files; ``to``: CRS that they are written in."""

    name: str
    ending: str
    layers: Mapping[str, Layer]
    to: str | None = None

    def write(self, folder: Path) -> list[Path]:
        """The files of this convention: one GeoPackage, or one file a layer."""
        rows = {name: _rows(layer, random.Random(7)) for name, layer in self.layers.items()}
        if self.ending == "gpkg":
            return [write(folder / f"{self.name}.gpkg", rows, to=self.to)]
        return [write(folder / f"{name}.{self.ending}", {name: found}, to=self.to) for name, found in rows.items()]


def _rows(layer: Layer, chance: random.Random) -> list[dict[str, Any]]:
    made = []
    for row, (wkt, facts) in enumerate(_places(layer.rows, chance)):
        values = {name: _FORMS[form](row, facts, chance) for name, (_, form) in layer.columns.items()}
        made.append({**values, "wkt": wkt})
    return made


def _node(i: int, j: int) -> str:
    return f"J{i * _SIDE + j + 1:03d}"


def _places(kind: str, chance: random.Random) -> list[tuple[str, dict[str, Any]]]:
    """(shape as WKT, facts of the row) of each row of a kind."""
    grid = [(i, j) for i in range(_SIDE) for j in range(_SIDE)]
    ends = [((i, j), (i + 1, j)) for i, j in grid if i + 1 < _SIDE] + [((i, j), (i, j + 1)) for i, j in grid if j + 1 < _SIDE]
    if kind == "pipes":
        return [(_line(a, b), _link(f"P{row + 1:04d}", a, b, _STEP_M)) for row, (a, b) in enumerate(ends)]
    if kind == "nodes":
        return [(point(i * _STEP_M, j * _STEP_M), {"id": _node(i, j), "node": _node(i, j)}) for i, j in grid]
    if kind == "zones":
        return [(f"POLYGON(({_corners(k)}))", {"id": f"D{k + 1}"}) for k in range(4)]
    if kind == "valve_links":
        return [(_line((i, 0), (i + 0.01, 0)), _link(f"V{i:03d}", (i, 0), (i, 1), 1.2)) for i in range(_SIDE)]
    made = []
    for row, at in enumerate(chance.sample(range(len(ends)), 40)):
        (a, b), share = ends[at], chance.uniform(0.2, 0.8)
        x, y = ((1 - share) * a[k] + share * b[k] for k in (0, 1))
        facts = {"id": f"{kind[0].upper()}{row + 1:04d}", "pipe": f"P{at + 1:04d}", "node": _node(*a)}
        made.append((point(x * _STEP_M, y * _STEP_M), facts))
    return made


def _line(a: tuple[float, float], b: tuple[float, float]) -> str:
    return line((a[0] * _STEP_M, a[1] * _STEP_M), (b[0] * _STEP_M, b[1] * _STEP_M))


def _link(name: str, a: tuple[int, int], b: tuple[int, int], length_m: float) -> dict[str, Any]:
    return {"id": name, "from": _node(*a), "to": _node(*b), "length": length_m}


def _corners(k: int) -> str:
    return ", ".join(f"{X + 300 * (k + across)} {Y + up}" for across, up in ((0, 0), (1, 0), (1, 300), (0, 300), (0, 0)))


def _one_of(*values: Any) -> Callable[[int, dict[str, Any], random.Random], Any]:
    return lambda row, facts, chance: chance.choice(values)


def _fact(name: str) -> Callable[[int, dict[str, Any], random.Random], Any]:
    return lambda row, facts, chance: facts[name]


_FORMS: Mapping[str, Callable[[int, dict[str, Any], random.Random], Any]] = {
    "id": _fact("id"),
    "from": _fact("from"),
    "to": _fact("to"),
    "node": _fact("node"),
    "pipe": _fact("pipe"),
    "integer": lambda row, facts, chance: row + 1,
    "uuid": lambda row, facts, chance: f"{{{chance.getrandbits(64):016x}-{row:04d}}}",
    "dn": _one_of(*_DN),
    "dn_text": lambda row, facts, chance: f"DN{chance.choice(_DN)}",
    "inches": _one_of(4, 6, 8, 12, 16, 24),
    "metres_dn": _one_of(0.1, 0.15, 0.2, 0.3, 0.6),
    "length": lambda row, facts, chance: round(facts["length"] * chance.uniform(0.99, 1.01), 2),
    "feet": lambda row, facts, chance: round(facts["length"] / 0.3048 * chance.uniform(0.99, 1.01), 1),
    "material_zh": _one_of("球墨铸铁", "PE", "灰口铸铁", "钢管", "水泥管"),
    "material_en": _one_of("DI", "CI", "PVC", "HDPE", "AC"),
    "material_fr": _one_of("Fonte ductile", "PVC", "Acier", "PEHD", "Fonte grise"),
    "material_de": _one_of("GGG", "PE100", "PVC", "St", "AZ"),
    "material_es": _one_of("FUNDICION", "PVC", "PE", "FC"),
    "year": lambda row, facts, chance: chance.randint(1962, 2024),
    "date": lambda row, facts, chance: f"{chance.randint(1962, 2024)}-0{chance.randint(1, 9)}-11",
    "edited": lambda row, facts, chance: f"2024-0{chance.randint(1, 9)}-11",
    "hw": _one_of(90, 100, 110, 120, 130, 140),
    "road_zh": _one_of("经十路", "解放路", "泉城路", "历山路", "文化东路"),
    "road_en": _one_of("King Street", "Queen St", "Ottawa St", "Weber Road"),
    "owner_zh": _one_of("市自来水公司", "开发区管委会"),
    "owner_en": _one_of("CITY", "PRIVATE"),
    "depth": lambda row, facts, chance: round(chance.uniform(0.8, 2.5), 2),
    "elevation": lambda row, facts, chance: round(chance.uniform(25, 120), 2),
    "demand": lambda row, facts, chance: round(chance.uniform(0, 4), 3),
    "valve_zh": _one_of("闸阀", "蝶阀", "闸阀", "排气阀", "止回阀"),
    "valve_en": _one_of("GATE", "BUTTERFLY", "GATE", "CHECK", "Air Release"),
    "valve_de": _one_of("Schieber", "Absperrklappe", "Schieber"),
    "state_zh": _one_of("开", "开", "关"),
    "state_en": _one_of("Open", "Open", "Closed"),
    "yes_no": _one_of("Y", "Y", "N"),
    "zero_one": _one_of(0, 1),
    "turns": lambda row, facts, chance: chance.randint(8, 60),
    "clockwise_zh": _one_of("顺时针", "逆时针"),
    "households": lambda row, facts, chance: chance.randint(1, 80),
    "people": lambda row, facts, chance: chance.randint(1, 300),
    "address_zh": lambda row, facts, chance: f"解放路{row + 1}号",
    "address_en": lambda row, facts, chance: f"{row + 1} King Street",
    "name_zh": _one_of("张三", "李四", "第一中学", "王五"),
    "meter": lambda row, facts, chance: f"88{row:06d}",
    "use_zh": _one_of("居民", "商业", "工业"),
    "use_en": _one_of("Residential", "Commercial"),
    "zone_name": lambda row, facts, chance: f"Zone {row + 1}",
    "note": _one_of("", "", "see file 12"),
    "person": _one_of("admin", "gis01"),
    "empty": _one_of(""),
    "feature_zh": _one_of("", "", "", "三通", "弯头", "阀门", "消防栓", "排气阀"),
    "sheet": _one_of("K50-12", "K50-13"),
}


def _read(name: str, told: Mapping[str, Any]) -> Convention:
    layers = dict[str, Layer]()
    for layer, found in told["layers"].items():
        columns = {column: (standard or None, form) for column, (standard, form) in found["columns"].items()}
        layers[layer] = Layer(found["standard"], found["rows"], columns)
    return Convention(name, told["ending"], layers, told.get("to"))


CONVENTIONS = tuple(
    _read(name, told)
    for name, told in tomllib.loads(Path(__file__).with_name("conventions.toml").read_text(encoding="utf-8")).items()
)
