"""One small network written in the layers and columns of several conventions; each column says which standard one it is.

A column is ``name: (standard column or None, form of its values)``. None: the column has no standard one; a guess that uses it is wrong.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.maps.importers.writing import line, point, write

Columns = Mapping[str, tuple[str | None, str]]
_SIDE, _STEP_M = 7, 120.0
_DN = (100, 150, 200, 300, 400, 600)


@dataclass(frozen=True)
class Layer:
    """``standard``: what the layer holds, "" for a layer that feeds nothing; ``rows``: pipes, nodes, valves, hydrants, customers, zones."""

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
        return [
            (line((a[0] * _STEP_M, a[1] * _STEP_M), (b[0] * _STEP_M, b[1] * _STEP_M)), {"from": _node(*a), "to": _node(*b), "id": f"P{row + 1:04d}", "length": _STEP_M})
            for row, (a, b) in enumerate(ends)
        ]  # fmt: skip
    if kind == "nodes":
        return [(point(i * _STEP_M, j * _STEP_M), {"id": _node(i, j), "node": _node(i, j)}) for i, j in grid]
    if kind == "zones":
        return [(f"POLYGON(({500_000 + k * 300} 4058000,{500_300 + k * 300} 4058000,{500_300 + k * 300} 4058300,{500_000 + k * 300} 4058000))", {"id": f"D{k + 1}"}) for k in range(4)]  # fmt: skip
    if kind == "valve_links":
        return [(line((i * _STEP_M, 0), (i * _STEP_M + 1, 0)), {"id": f"V{i:03d}", "from": _node(i, 0), "to": _node(i, 1), "length": 1.0}) for i in range(_SIDE)]  # fmt: skip
    chosen = chance.sample(range(len(ends)), 40)
    made = []
    for row, at in enumerate(chosen):
        (a, b), share = ends[at], chance.uniform(0.2, 0.8)
        x, y = ((1 - share) * a[k] + share * b[k] for k in (0, 1))
        made.append((point(x * _STEP_M, y * _STEP_M), {"id": f"{kind[0].upper()}{row + 1:04d}", "pipe": f"P{at + 1:04d}", "node": _node(*a)}))
    return made


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

_EDITED: Columns = {"OBJECTID": (None, "integer"), "created_user": (None, "person"), "last_edited_date": (None, "edited")}

CONVENTIONS: tuple[Convention, ...] = (
    Convention("standard", "gpkg", {
        "pipes": Layer("pipes", "pipes", {"asset_id": ("asset_id", "id"), "from_node": ("from_node", "from"), "to_node": ("to_node", "to"), "diameter_mm": ("diameter_mm", "dn"), "material": ("material", "material_en"), "length_m": ("length_m", "length"), "year_laid": ("year_laid", "year"), "road_name": ("road_name", "road_en")}),
        "nodes": Layer("nodes", "nodes", {"asset_id": ("asset_id", "id"), "elevation_m": ("elevation_m", "elevation"), "demand_m3h": ("demand_m3h", "demand")}),
        "valves": Layer("valves", "valves", {"asset_id": ("asset_id", "id"), "pipe": ("pipe", "pipe"), "kind": ("kind", "valve_en"), "state": ("state", "state_en"), "turns_to_close": ("turns_to_close", "turns")}),
        "customers": Layer("customers", "customers", {"asset_id": ("asset_id", "id"), "pipe": ("pipe", "pipe"), "households": ("households", "households"), "people": ("people", "people"), "address": ("address", "address_zh")}),
    }),
    Convention("qgisred", "gpkg", {
        "Pipes": Layer("pipes", "pipes", {"Id": ("asset_id", "id"), "Length": ("length_m", "length"), "Diameter": ("diameter_mm", "dn"), "LossCoeff": ("minor_loss", "zero_one"), "Material": ("material", "material_en"), "InstalDate": ("year_laid", "date"), "RoughCoeff": ("roughness", "hw"), "IniStatus": ("status", "state_en"), "Descrip": (None, "note")}),
        "Junctions": Layer("nodes", "nodes", {"Id": ("asset_id", "id"), "Elevation": ("elevation_m", "elevation"), "BaseDem": ("demand_m3h", "demand"), "Descrip": (None, "note")}),
        "IsolationValves": Layer("valves", "valves", {"Id": ("asset_id", "id"), "Diameter": ("diameter_mm", "dn"), "Status": ("state", "state_en"), "InstalDate": (None, "date")}),
        "ServiceConnections": Layer("customers", "customers", {"Id": ("asset_id", "id"), "Length": (None, "depth"), "Address": ("address", "address_en")}),
    }),
    Convention("esri_water", "shp", {
        "wMain": Layer("pipes", "pipes", {**_EDITED, "FACILITYID": ("asset_id", "id"), "INSTALLDATE": ("year_laid", "date"), "MATERIAL": ("material", "material_en"), "DIAMETER": ("diameter_mm", "inches"), "MAINSHAPE": (None, "note"), "OWNEDBY": ("ownership", "owner_en"), "SHAPELEN": ("length_m", "feet")}),
        "wSystemValve": Layer("valves", "valves", {**_EDITED, "FACILITYID": ("asset_id", "id"), "VALVETYPE": ("kind", "valve_en"), "DIAMETER": ("diameter_mm", "inches"), "CLOCKWISETOCLOSE": ("closes", "yes_no"), "CURRENTLYOPEN": ("state", "yes_no"), "NORMALLYOPEN": ("normal_state", "yes_no"), "TURNSTOCLOSE": ("turns_to_close", "turns"), "MOTORIZED": ("control", "yes_no")}),
        "wHydrant": Layer("hydrants", "hydrants", {**_EDITED, "FACILITYID": ("asset_id", "id"), "MANUFACTURER": (None, "note")}),
        "wServiceConnection": Layer("customers", "customers", {**_EDITED, "FACILITYID": ("asset_id", "id"), "ACCOUNTID": (None, "meter")}),
    }),
    Convention("chinese_survey", "shp", {
        "给水管线": Layer("pipes", "pipes", {"起点点号": ("from_node", "from"), "终点点号": ("to_node", "to"), "管径": ("diameter_mm", "dn_text"), "材质": ("material", "material_zh"), "起点埋深": ("depth_m", "depth"), "终点埋深": (None, "depth"), "埋设年代": ("year_laid", "year"), "权属单位": ("ownership", "owner_zh"), "道路名称": ("road_name", "road_zh"), "备注": (None, "note")}),
        "给水管点": Layer("nodes", "nodes", {"物探点号": ("asset_id", "id"), "附属物": (None, "feature_zh"), "地面高程": ("elevation_m", "elevation"), "图幅号": (None, "sheet"), "道路名称": (None, "road_zh")}),
    }, to="EPSG:4547"),
    Convention("chinese_full", "gpkg", {
        "供水管道": Layer("pipes", "pipes", {"管段编号": ("asset_id", "id"), "起点编号": ("from_node", "from"), "终点编号": ("to_node", "to"), "口径(mm)": ("diameter_mm", "dn"), "管材": ("material", "material_zh"), "管长(m)": ("length_m", "length"), "敷设年代": ("year_laid", "year"), "所在道路": ("road_name", "road_zh"), "埋深": ("depth_m", "depth"), "录入人": (None, "person"), "录入日期": (None, "edited")}),
        "节点": Layer("nodes", "nodes", {"节点编号": ("asset_id", "id"), "高程": ("elevation_m", "elevation")}),
        "阀门": Layer("valves", "valves", {"阀门编号": ("asset_id", "id"), "所在管段": ("pipe", "pipe"), "阀门类型": ("kind", "valve_zh"), "口径": ("diameter_mm", "dn"), "开关状态": ("state", "state_zh"), "启闭转数": ("turns_to_close", "turns"), "关闭方向": ("closes", "clockwise_zh"), "井深": ("depth_m", "depth"), "安装日期": (None, "date")}),
        "消火栓": Layer("hydrants", "hydrants", {"消火栓编号": ("asset_id", "id"), "所在管段": ("pipe", "pipe")}),
        "用户": Layer("customers", "customers", {"户号": ("asset_id", "id"), "户名": ("name", "name_zh"), "用水地址": ("address", "address_zh"), "用水性质": ("category", "use_zh"), "户数": ("households", "households"), "表号": ("meter_id", "meter")}),
    }, to="EPSG:4490"),
    Convention("pinyin", "shp", {
        "JSGX": Layer("pipes", "pipes", {"GXBH": ("asset_id", "id"), "QDDH": ("from_node", "from"), "ZDDH": ("to_node", "to"), "GJ": ("diameter_mm", "dn"), "CZ": ("material", "material_zh"), "GXCD": ("length_m", "length"), "MSND": ("year_laid", "year"), "QSDW": ("ownership", "owner_zh"), "SZDL": ("road_name", "road_zh"), "BZ": (None, "note")}),
        "JSD": Layer("nodes", "nodes", {"WTDH": ("asset_id", "id"), "DMGC": ("elevation_m", "elevation"), "TFH": (None, "sheet")}),
        "FM": Layer("valves", "valves", {"FMBH": ("asset_id", "id"), "FMLX": ("kind", "valve_zh"), "KGZT": ("state", "state_zh"), "KJ": ("diameter_mm", "dn")}),
    }),
    Convention("infoworks", "gpkg", {
        "node": Layer("nodes", "nodes", {"node_id": ("asset_id", "id"), "z": ("elevation_m", "elevation"), "area": (None, "note")}),
        "pipe": Layer("pipes", "pipes", {"us_node_id": ("from_node", "from"), "ds_node_id": ("to_node", "to"), "asset_id": ("asset_id", "id"), "length": ("length_m", "length"), "diameter": ("diameter_mm", "dn"), "material": ("material", "material_en"), "year": ("year_laid", "year"), "link_suffix": (None, "zero_one")}),
        "valve": Layer("valves", "valve_links", {"us_node_id": ("from_node", "from"), "ds_node_id": ("to_node", "to"), "asset_id": ("asset_id", "id"), "diameter": ("diameter_mm", "dn"), "pipe_closed": ("state", "zero_one")}),
    }),
    Convention("bentley", "shp", {
        "Pipe": Layer("pipes", "pipes", {"Label": ("asset_id", "id"), "Start Node": ("from_node", "from"), "Stop Node": ("to_node", "to"), "Diameter": ("diameter_mm", "dn"), "Material": ("material", "material_en"), "Hazen-Wil": ("roughness", "hw"), "Length": ("length_m", "length")}),
        "Junction": Layer("nodes", "nodes", {"Label": ("asset_id", "id"), "Elevation": ("elevation_m", "elevation"), "Demand": ("demand_m3h", "demand")}),
    }),
    Convention("raepa_fr", "gpkg", {
        "raepa_canalaep_l": Layer("pipes", "pipes", {"idcana": ("asset_id", "id"), "maouvrage": ("ownership", "owner_en"), "materiau": ("material", "material_fr"), "diametre": ("diameter_mm", "dn"), "anfinpose": ("year_laid", "year"), "idnini": ("from_node", "from"), "idnterm": ("to_node", "to"), "longcana": ("length_m", "length"), "profgen": (None, "note")}),
        "raepa_apparaep_p": Layer("valves", "valves", {"idappareil": ("asset_id", "id"), "fnappaep": ("kind", "valve_de"), "diametre": ("diameter_mm", "dn"), "anfinpose": (None, "year")}),
    }),
    Convention("german", "gpkg", {
        "Wasserleitung": Layer("pipes", "pipes", {"LeitungsNr": ("asset_id", "id"), "Nennweite": ("diameter_mm", "dn"), "Werkstoff": ("material", "material_de"), "Baujahr": ("year_laid", "year"), "Länge": ("length_m", "length"), "Straße": ("road_name", "road_en"), "Eigentümer": ("ownership", "owner_en"), "Bemerkung": (None, "note")}),
        "Schieber": Layer("valves", "valves", {"SchieberNr": ("asset_id", "id"), "Nennweite": ("diameter_mm", "dn"), "Schieberart": ("kind", "valve_de"), "Umdrehungen": ("turns_to_close", "turns")}),
        "Hydranten": Layer("hydrants", "hydrants", {"HydrantNr": ("asset_id", "id"), "Baujahr": (None, "year")}),
    }),
    Convention("us_county", "gpkg", {
        "WaterMains": Layer("pipes", "pipes", {**_EDITED, "PIPE_ID": ("asset_id", "id"), "PIPE_SIZE_IN": ("diameter_mm", "inches"), "PIPE_MATERIAL": ("material", "material_en"), "LENGTH_FT": ("length_m", "feet"), "INSTALL_YEAR": ("year_laid", "year"), "STREET_NAME": ("road_name", "road_en"), "GLOBALID": (None, "uuid")}),
        "WaterValves": Layer("valves", "valves", {**_EDITED, "VALVE_ID": ("asset_id", "id"), "VALVE_TYPE": ("kind", "valve_en"), "VALVE_SIZE": ("diameter_mm", "inches"), "NORMAL_POSITION": ("normal_state", "state_en"), "NUM_TURNS": ("turns_to_close", "turns"), "LAST_EXERCISED": ("last_checked", "date")}),
        "DMAs": Layer("zones", "zones", {"DMA_ID": ("asset_id", "id"), "DMA_NAME": ("name", "zone_name")}),
    }),
    Convention("spanish", "gpkg", {
        "tuberias": Layer("pipes", "pipes", {"id_tuberia": ("asset_id", "id"), "nudo_inicial": ("from_node", "from"), "nudo_final": ("to_node", "to"), "diametro": ("diameter_mm", "dn"), "material": ("material", "material_es"), "longitud": ("length_m", "length"), "rugosidad": ("roughness", "hw"), "calle": ("road_name", "road_en"), "observaciones": (None, "note")}),
        "nudos": Layer("nodes", "nodes", {"id_nudo": ("asset_id", "id"), "cota": ("elevation_m", "elevation")}),
        "valvulas": Layer("valves", "valves", {"id_valvula": ("asset_id", "id"), "diametro": ("diameter_mm", "dn"), "estado": ("state", "state_en")}),
    }),
)  # fmt: skip
