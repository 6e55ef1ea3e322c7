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
    "date_compact": lambda row, facts, chance: f"{chance.randint(1962, 2024)}0{chance.randint(1, 9)}11",
    "dn_plain_text": lambda row, facts, chance: str(chance.choice(_DN)),
    "inner_dn": lambda row, facts, chance: round(chance.choice(_DN) * 0.92, 1),
    "closed_flag": _one_of(False, False, False, True),
    "rare_flag": _one_of(*[False] * 9, True),
    "zero": _one_of(0),
    "one": _one_of(1),
    "two": _one_of(2),
    "minus_one": _one_of(-1),
    "small": lambda row, facts, chance: round(chance.uniform(0, 3), 2),
    "small_int": lambda row, facts, chance: chance.randint(0, 5),
    "few_ids": lambda row, facts, chance: chance.randint(1, 4),
    "feature_int": lambda row, facts, chance: chance.choice((101, 102, 6101, 6105)),
    "feature_code": _one_of("SA001", "SA002", "SA117"),
    "area_code": _one_of("4721053000", "4721025021"),
    "unit_code": _one_of("A01", "B02"),
    "work_id": _one_of("W-2011-03", "W-1998-11", "W-2004-07"),
    "sheet_point": lambda row, facts, chance: f"{row + 1}",
    "subtype": _one_of(11101, 11102, 11103),
    "angle": lambda row, facts, chance: round(chance.uniform(0, 360), 1),
    "coordinate": lambda row, facts, chance: round(500_000 + chance.uniform(0, 900), 3),
    "pressure": lambda row, facts, chance: round(chance.uniform(2, 8), 2),
    "pressure_class": _one_of("PN10", "PN16", "PN20"),
    "pressure_class_int": _one_of(10, 16),
    "catalogue": lambda row, facts, chance: f"PVC{chance.choice(_DN)}-PN16",
    "pipe_label": lambda row, facts, chance: f"D{chance.choice(_DN)} L={facts['length']:.0f}",
    "arc_type": _one_of("PIPE", "VARC"),
    "node_type": _one_of("JUNCTION", "T", "ENDLINE"),
    "postcode": _one_of("08830", "08831"),
    "namespace": _one_of("https://id.example.org/us-water"),
    "status_in_use": _one_of("functional", "In Service", "In Use"),
    "underground": _one_of("underground"),
    "unit_mm": _one_of("mm"),
    "unit_bar": _one_of("bar"),
    "potable": _one_of("potable", "raw"),
    "delivery": _one_of("distribution", "transport"),
    "tape": _one_of("tape", "none"),
    "role": _one_of("operator"),
    "zone_text": _one_of("DMA 07", "DMA 11", "High Zone"),
    "maker": _one_of("AVK", "Hawle", "Kubota"),
    "lining": _one_of("CL", "None", "Epoxy"),
    "joint": _one_of("RRJ", "Welded", "Flanged"),
    "pipe_type": _one_of("DISTRIBUTION", "TRUNK"),
    "town": _one_of("Northbridge", "Centro", "Westfield"),
    "sign": _one_of("+", "-"),
    "pipeline": _one_of("pipeline"),
    "water": _one_of("water"),
    "usage_osm": _one_of("distribution", "transmission"),
    "survey": _one_of("survey", "Bing"),
    "colour": _one_of("red", "blue"),
    "hydrant_osm": _one_of("fire_hydrant"),
    "hydrant_type_osm": _one_of("pillar", "underground"),
    "hydrant_uk": _one_of("FH", "WO"),
    "hydrant_ja": _one_of("地下式単口", "地上式双口"),
    "material_ko": _one_of("덕타일주철관", "PE관", "PVC관", "강관", "주철관"),
    "material_tw": _one_of("DIP", "PVC", "鑄鐵管", "鋼管"),
    "material_ja": _one_of("DIP", "VP", "SP", "PE", "ACP"),
    "material_au": _one_of("DICL", "CICL", "PVC-U", "PE100", "AC"),
    "material_uk": _one_of("DI", "CI", "SI", "MDPE", "uPVC", "AC"),
    "material_pt": _one_of("PVC", "FoFo", "DEFoFo", "PEAD", "CA"),
    "material_it": _one_of("Ghisa sferoidale", "Acciaio", "PEAD", "Fibrocemento"),
    "material_osm": _one_of("steel", "plastic", "cast_iron", "concrete"),
    "valve_ko": _one_of("제수밸브", "버터플라이밸브", "제수밸브"),
    "valve_tw": _one_of("制水閥", "蝶閥", "制水閥", "排氣閥"),
    "valve_ja": _one_of("仕切弁", "バタフライ弁", "仕切弁", "空気弁"),
    "valve_fr": _one_of("Vanne à opercule", "Papillon", "Vanne à opercule"),
    "valve_uk": _one_of("SV", "BFV", "SV", "AV"),
    "valve_pt": _one_of("GAVETA", "BORBOLETA", "GAVETA", "VENTOSA"),
    "valve_it": _one_of("Saracinesca", "Farfalla", "Saracinesca", "Sfiato"),
    "valve_inspire": _one_of("shutOffValve", "checkValve", "shutOffValve", "airRelieveValve"),
    "state_ko": _one_of("개", "개", "폐"),
    "state_tw": _one_of("開", "開", "關"),
    "state_ja": _one_of("開", "開", "閉"),
    "state_pt": _one_of("ABERTO", "ABERTO", "FECHADO"),
    "state_it": _one_of("Aperta", "Aperta", "Chiusa"),
    "cw_en": _one_of("Clockwise", "Counterclockwise"),
    "cw_uk": _one_of("CW", "ACW"),
    "cw_ja": _one_of("右", "左"),
    "ko_turn": _one_of("시계방향", "반시계방향"),
    "ko_kind": _one_of("상수관로"),
    "ko_layer": _one_of("배수관", "송수관"),
    "ko_zone": _one_of("1급수구역", "2급수구역"),
    "ko_joint": _one_of("KP메카니컬", "융착"),
    "ko_place": _one_of("중앙동", "남산면"),
    "ko_works": _one_of("노후관 교체공사", ""),
    "ko_office": _one_of("상하수도사업소"),
    "ko_fault": _one_of("정상", "누수"),
    "joint_ja": _one_of("K形", "NS形"),
    "zone_ja": _one_of("第1配水区", "第2配水区"),
    "embed_zh": _one_of("直埋", "管沟"),
    "feature_plain_zh": _one_of("三通", "弯头", "直线点"),
    "owner_tw": _one_of("台灣自來水公司", "臺北自來水事業處"),
    "use_tw": _one_of("使用中", "停用"),
    "net_pt": _one_of("DISTRIBUICAO", "ADUTORA"),
    "status_pt": _one_of("EXISTENTE", "PROJETADA"),
    "use_pt": _one_of("RESIDENCIAL", "COMERCIAL"),
    "name_pt": _one_of("Maria Silva", "João Souza", "Escola Central"),
    "road_es": _one_of("Calle Mayor", "Avenida del Puerto", "Carrer Nou"),
    "road_pt": _one_of("Rua das Flores", "Av. Brasil", "Rua Sete"),
    "road_it": _one_of("Via Roma", "Corso Italia", "Via Verdi"),
    "road_ja": _one_of("本町通り", "県道12号線", "中央通り"),
    "road_tw": _one_of("中山路", "民生東路", "忠孝路"),
    "material_nl": _one_of("PVC", "nodulair gietijzer", "grijs gietijzer", "PE", "AC"),
    "material_pl": _one_of("PE", "PVC", "żeliwo", "stal", "AC"),
    "valve_nl": _one_of("schuifafsluiter", "vlinderklep", "schuifafsluiter"),
    "state_nl": _one_of("open", "open", "dicht"),
    "cw_nl": _one_of("rechtssluitend", "linkssluitend"),
    "status_zh": _one_of("在用", "停用"),
    "road_nl": _one_of("Dorpsstraat", "Kerkweg", "Stationsstraat"),
    "road_pl": _one_of("ul. Polna", "ul. Lipowa", "al. Wolności"),
    "material_no": _one_of("PVC", "SJG", "SJK", "PE", "AAS"),
    "material_in": _one_of("DI K9", "CI", "HDPE", "GI", "AC"),
    "material_ch": _one_of("Guss_duktil", "Polyethylen", "Guss_Grauguss", "Stahl", "Asbestzement"),
    "owner_no": _one_of("Kommunal", "Privat"),
    "owner_de": _one_of("Gemeinde", "Privat"),
    "owner_fr": _one_of("Public", "Privé"),
    "owner_es": _one_of("Empresa", "Particular"),
    "valve_in": _one_of("Sluice", "Butterfly", "Sluice", "Scour", "Air"),
    "valve_es": _one_of("Compuerta", "Mariposa", "Compuerta", "Ventosa"),
    "state_de": _one_of("offen", "offen", "geschlossen"),
    "state_fr": _one_of("Ouverte", "Ouverte", "Fermée"),
    "state_es": _one_of("Abierta", "Abierta", "Cerrada"),
    "cw_de": _one_of("rechts", "links"),
    "cw_fr": _one_of("Horaire", "Antihoraire"),
    "hydrant_de": _one_of("Oberflurhydrant", "Unterflurhydrant"),
    "use_fr": _one_of("Domestique", "Industriel"),
    "road_no": _one_of("Storgata", "Kirkeveien", "Strandgata"),
    "road_in": _one_of("MG Road", "Station Road", "Nehru Marg"),
    "road_de": _one_of("Hauptstrasse", "Bahnhofstrasse", "Dorfweg"),
    "road_fr": _one_of("Rue de la Gare", "Avenue Foch", "Chemin Vert"),
    "name_in": _one_of("R. Sharma", "A. Patel", "Govt School"),
    "name_fr": _one_of("Martin Paul", "Ecole Jules Ferry", "Durand Anne"),
    "address_in": lambda row, facts, chance: f"{row + 1} MG Road",
    "address_fr": lambda row, facts, chance: f"{row + 1} Rue de la Gare",
    "address_pt": lambda row, facts, chance: f"Rua das Flores, {row + 1}",
}


def _read(name: str, told: Mapping[str, Any]) -> Convention:
    layers = dict[str, Layer]()
    for layer, found in told["layers"].items():
        columns = {column: (standard or None, form) for column, (standard, form) in found["columns"].items()}
        layers[layer] = Layer(found["standard"], found["rows"], columns)
    return Convention(name, told["ending"], layers, told.get("to"))


def _listed(file: str, part: str | None = None) -> tuple[Convention, ...]:
    content = tomllib.loads(Path(__file__).with_name(file).read_text(encoding="utf-8"))
    return tuple(_read(name, told) for name, told in content.items() if told.get("part") == part)


CONVENTIONS = _listed("conventions.toml")
SEEN_LATER = _listed("conventions_seen_later.toml")
"""Written from public schemas after the lists of names, to measure what the guesses are worth on unseen data."""
WORKED = _listed("conventions_held_out.toml", "worked")
HELD_OUT = _listed("conventions_held_out.toml", "held_out")
PUBLISHED = _listed("conventions_held_out.toml", "published")
"""The third round: used for improvement, only measured, and published schemas looked up at the end; figures in the file."""
