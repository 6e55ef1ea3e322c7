"""Text in the encodings of Chinese utilities' files. Oracle: the text before it was encoded."""

from __future__ import annotations

import json
import struct
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maps.city import City, EpanetModel
from maps.dataset import read_city, write_city
from maps.errors import Fault, InputFault
from maps.hydraulics.session import EpanetSession
from maps.importers import ImportOptions, ImportResult, import_city
from maps.importers.readers.encoding import decoded, known_encoding, likely_encoding
from tests.maps.importers.writing import X, Y, pipe, source, write

ROADS = ("经十路", "历山路", "解放东路")
_HANZI = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=4, max_size=30)


def shapefile(folder: Path, encoding: str, *, cpg: str | None = None, language: int = 0, roads: Sequence[str] = ROADS) -> Path:
    """Pipes in a row with road names, in an encoding that is declared on request only."""
    rows = [
        pipe(f"P{number}", (100.0 * number, 0), (100.0 * number + 100, 0), road_name=road, material="球墨铸铁")
        for number, road in enumerate(roads)
    ]  # fmt: skip
    path = folder / "pipes.shp"
    fields = ("asset_id", "diameter_m", "road_name", "material")
    write(path, {"pipes": [{**row, "road_name": "", "material": ""} for row in rows]})
    values = [(row["asset_id"], "200", row["road_name"], row["material"]) for row in rows]
    dbf(
        folder / "pipes.dbf",
        [name.encode() for name in fields],
        [[text.encode(encoding) for text in row] for row in values],
        language,
    )
    (folder / "pipes.cpg").unlink(missing_ok=True)
    if cpg is not None:
        (folder / "pipes.cpg").write_text(cpg, encoding="ascii")
    return path


def dbf(path: Path, fields: Sequence[bytes], rows: Sequence[Sequence[bytes]], language: int = 0, width: int = 30) -> None:
    """A dBase III file of texts, byte by byte: names are cut to ten bytes, values to ``width``."""
    head = struct.pack("<BBBBIHH16xBB2x", 3, 124, 1, 1, len(rows), 32 * len(fields) + 33, width * len(fields) + 1, 0, language)
    columns = b"".join(struct.pack("<11sc4xB15x", name[:10].ljust(11, b"\0"), b"C", width) for name in fields)
    body = b"".join(b" " + b"".join(value[:width].ljust(width) for value in row) for row in rows)
    path.write_bytes(head + columns + b"\r" + body + b"\x1a")


def imported(*sources: Path, **options: object) -> ImportResult:
    return import_city(list(sources), ImportOptions(**options))  # type: ignore[arg-type]


def roads_of(city: City) -> list[str]:
    return [str(name) for name in city.network.pipes.road_name]


def told(result: ImportResult, code: str) -> list[Fault]:
    return [fault for fault in result.faults if fault.code == code]


@pytest.mark.parametrize(
    ("encoding", "cpg", "language", "warned"),
    [
        ("gb18030", None, 0, True),
        ("gb18030", None, 0x57, True),
        ("gb18030", None, 0x4D, False),
        ("gb18030", "GBK", 0, False),
        ("gb18030", "ANSI 936", 0, False),
        ("gb18030", "UTF-8", 0, True),
        ("gb18030", "ISO-8859-1", 0, True),
        ("gb18030", None, 0x03, True),
        ("gb18030", "no such code page", 0, True),
        ("utf-8", None, 0, False),
        ("utf-8", "UTF-8", 0, False),
        ("utf-8", None, 0x4D, True),
        ("utf-8", "GBK", 0, True),
        ("utf-8", "ISO-8859-1", 0, True),
        ("big5", "Big5", 0, False),
    ],
)
def test_chinese_of_a_shapefile_is_read_whatever_it_declares(
    tmp_path: Path, encoding: str, cpg: str | None, language: int, warned: bool
) -> None:
    roads = ("中正路", "信義路", "和平路") if encoding == "big5" else ROADS
    path = shapefile(tmp_path, encoding.replace("big5", "utf-8"), cpg=cpg, language=language, roads=roads)
    if encoding == "big5":
        dbf(tmp_path / "pipes.dbf", [b"asset_id", b"road_name"], [[b"P", road.encode("big5")] for road in roads], language)
    result = imported(path)
    assert roads_of(result.city) == list(roads)
    assert encoding == "big5" or set(result.city.network.pipes.material) == {"球墨铸铁"}
    assert bool(told(result, "encoding_guessed")) is warned


def test_a_western_shapefile_is_not_taken_for_a_chinese_one(tmp_path: Path) -> None:
    roads = ("Müllerstraße", "Königsallee", "Café")
    path = shapefile(tmp_path, "utf-8", language=0x03)
    dbf(tmp_path / "pipes.dbf", [b"asset_id", b"road_name"], [[b"P", road.encode("cp1252")] for road in roads], 0x03)
    result = imported(path)
    assert roads_of(result.city) == list(roads)
    assert not told(result, "encoding_guessed")


def test_a_zipped_shapefile_is_read_alike(tmp_path: Path) -> None:
    shapefile(tmp_path, "gb18030")
    with zipfile.ZipFile(tmp_path / "net.zip", "w") as folder:
        for path in tmp_path.glob("pipes.*"):
            folder.write(path, path.name)
    profile = tmp_path / "profile.toml"
    profile.write_text('[pipes]\nlayer = ["net", "pipes"]\n', encoding="utf-8")
    assert roads_of(imported(tmp_path / "net.zip", profile=profile).city) == list(ROADS)


@pytest.mark.parametrize("place", ["encoding = 'GBK'\n[pipes]\n", "[pipes]\nencoding = 'gb2312'\n"])
def test_an_encoding_stated_in_the_profile_is_taken_without_a_warning(tmp_path: Path, place: str) -> None:
    path, profile = shapefile(tmp_path, "gb18030", cpg="UTF-8"), tmp_path / "profile.toml"
    profile.write_text(place + "layer = 'pipes'\n", encoding="utf-8")
    result = imported(path, profile=profile)
    assert roads_of(result.city) == list(ROADS)
    assert not told(result, "encoding_guessed")


def test_an_unknown_encoding_in_the_profile_is_refused_where_it_stands(tmp_path: Path) -> None:
    profile = tmp_path / "profile.toml"
    profile.write_text("[pipes]\nlayer = 'pipes'\nencoding = 'GBX'\n", encoding="utf-8")
    with pytest.raises(InputFault, match=r"\[pipes\] 1: encoding 'GBX' is not known"):
        imported(shapefile(tmp_path, "utf-8"), profile=profile)


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8"])
def test_chinese_column_names_are_found_though_a_shapefile_cuts_them_within_a_letter(tmp_path: Path, encoding: str) -> None:
    path, profile = shapefile(tmp_path, encoding), tmp_path / "profile.toml"
    names = ["管道编号及代码", "所在道路名称", "管径（毫米）"]
    rows = [[f"P{number}".encode(), road.encode(encoding), b"300"] for number, road in enumerate(ROADS)]
    dbf(tmp_path / "pipes.dbf", [name.encode(encoding) for name in names], rows)
    columns = f'{{ asset_id = "{names[0]}", road_name = "{names[1]}", diameter_mm = "{names[2]}" }}'
    profile.write_text(f'[pipes]\nlayer = "pipes"\ncolumns = {columns}\n', encoding="utf-8")
    pipes = imported(path, profile=profile).city.network.pipes
    assert list(pipes.asset_id) == ["P0", "P1", "P2"]
    assert list(pipes.road_name) == list(ROADS)
    assert list(pipes.diameter_mm) == [300.0] * 3


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8"])
def test_a_value_that_its_field_cuts_within_a_letter_loses_that_letter_only(tmp_path: Path, encoding: str) -> None:
    path = shapefile(tmp_path, encoding)
    rows = [[b"P", b"x" + ("历山路" * 9).encode(encoding)], [b"Q", "经十路".encode(encoding)], [b"R", b""]]
    dbf(tmp_path / "pipes.dbf", [b"asset_id", b"road_name"], rows, width=30)
    result = imported(path)
    whole = (30 - 1) // len("历".encode(encoding))
    assert roads_of(result.city)[:2] == ["x" + ("历山路" * 9)[:whole], "经十路"]
    assert not told(result, "broken_byte")


def test_columns_that_become_one_when_they_are_cut_keep_their_values_apart(tmp_path: Path) -> None:
    path = shapefile(tmp_path, "utf-8")
    names = [b"asset_id", "管道材质编号".encode(), "管道材质名称".encode()]
    dbf(tmp_path / "pipes.dbf", names, [[b"P0", b"17", "球墨".encode()], [b"P1", b"18", b""], [b"P2", b"19", b""]])
    extra = imported(path).city.network.pipes.extra
    assert sorted(str(values[0]) for values in extra.values()) == ["17", "球墨"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_tables_are_read_in_older_encodings(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "pipes.csv"
    text = "asset_id,road_name,wkt\n" + "".join(
        f'P{number},{road},"LINESTRING({X + number} {Y},{X + number + 1} {Y})"\n' for number, road in enumerate(ROADS)
    )
    path.write_bytes(text.encode(encoding))
    result = imported(path, crs="EPSG:4548")
    assert roads_of(result.city) == list(ROADS)
    assert bool(told(result, "encoding_guessed")) is (encoding == "gb18030")


def test_a_geojson_in_gbk_is_read_and_reported(tmp_path: Path) -> None:
    features = [
        {"type": "Feature", "properties": {"asset_id": f"P{at}", "road_name": road},
         "geometry": {"type": "LineString", "coordinates": [[117 + at / 1000, 36.6], [117 + (at + 1) / 1000, 36.6]]}}
        for at, road in enumerate(ROADS)
    ]  # fmt: skip
    path = tmp_path / "pipes.geojson"
    path.write_bytes(json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False).encode("gb18030"))
    result = imported(path)
    assert roads_of(result.city) == list(ROADS)
    assert told(result, "encoding_guessed")


def test_stations_of_a_table_in_gbk_are_found(tmp_path: Path) -> None:
    net = write(tmp_path / "net.gpkg", {"pipes": [pipe("A", (0, 0), (100, 0))], "nodes": [source(0, 0, "泉城水厂")]})
    table = tmp_path / "stations.csv"
    table.write_bytes("station_id,node,channel\n测点一,泉城水厂,pressure\n".encode("gb18030"))
    result = imported(net, stations=table)
    assert list(result.city.stations.asset_id) == ["测点一"]
    assert told(result, "encoding_guessed")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("kind", ["csv", "geojson"])
def test_utf_16_is_recognised_with_and_without_its_byte_order_mark(tmp_path: Path, encoding: str, kind: str) -> None:
    ends = [[[117 + at / 1000, 36.6], [117 + (at + 1) / 1000, 36.6]] for at in range(len(ROADS))]
    if kind == "csv":
        text = "asset_id,road_name,wkt\n" + "".join(
            f'P{at},{road},"LINESTRING({a[0]} {a[1]},{b[0]} {b[1]})"\n'
            for at, (road, (a, b)) in enumerate(zip(ROADS, ends, strict=True))
        )
    else:
        features = [
            {"type": "Feature", "properties": {"asset_id": f"P{at}", "road_name": road},
             "geometry": {"type": "LineString", "coordinates": ends[at]}}
            for at, road in enumerate(ROADS)
        ]  # fmt: skip
        text = json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)
    path = tmp_path / f"pipes.{kind}"
    path.write_bytes(text.encode(encoding))
    result = imported(path, crs="EPSG:4490")
    assert roads_of(result.city) == list(ROADS)
    assert not told(result, "encoding_guessed")


def test_a_nul_character_is_replaced_alone_and_reported(tmp_path: Path) -> None:
    # A dataset ends a text at a NUL: the end of the road's name, and of the whole model, would be lost.
    pipes = tmp_path / "pipes.csv"
    pipes.write_text(f'asset_id,road_name,wkt\nA,经\0十路,"LINESTRING({X} {Y},{X + 9} {Y})"\n', encoding="utf-8")
    result = imported(pipes, crs="EPSG:4548")
    write_city(result.city, tmp_path / "city.gpkg")
    assert roads_of(read_city(tmp_path / "city.gpkg")) == ["经\ufffd十路"]
    assert [fault.row for fault in told(result, "broken_byte")] == [2]


@pytest.mark.parametrize("place", ["title", "end"])
def test_a_model_with_nul_bytes_still_solves_from_its_dataset(tmp_path: Path, place: str) -> None:
    text = MODEL.replace("历下区", "历下\0区") if place == "title" else MODEL + "\0" * 600
    path = tmp_path / "own.inp"
    path.write_text(text, encoding="utf-8")
    result = imported(path)
    write_city(result.city, tmp_path / "city.gpkg")
    with EpanetSession(read_city(tmp_path / "city.gpkg")) as session:
        assert session.solve().converged
    assert bool(told(result, "broken_byte")) == (place == "title")


def test_ids_that_differ_only_in_broken_bytes_stay_distinct(tmp_path: Path) -> None:
    broken = MODEL.encode().replace("管乙".encode(), b"\xe7\xae").replace("管丙".encode(), b"\xe7\xaf")
    (tmp_path / "own.inp").write_bytes(broken)
    table = tmp_path / "pipes.csv"
    lines = [f',解放东路,"LINESTRING({X + at} {Y},{X + at + 1} {Y})"\n'.encode() for at in range(2)]
    table.write_bytes(b"asset_id,road_name,wkt\n\xe7\xae" + lines[0] + b"\xe7\xaf" + lines[1])
    for path in (tmp_path / "own.inp", table):
        result = imported(path, crs="EPSG:4548")
        assert {"\ufffdE7AE", "\ufffdE7AF"} <= set(result.city.network.pipes.asset_id)
        assert told(result, "broken_byte")


def test_ids_of_a_shapefile_that_differ_only_in_broken_bytes_stay_distinct(tmp_path: Path) -> None:
    path = shapefile(tmp_path, "utf-8")
    values = [b"\xe7\xae" + "管".encode(), b"\xe7\xaf" + "管".encode(), "管三".encode()]
    dbf(tmp_path / "pipes.dbf", [b"asset_id"], [[value] for value in values])
    result = imported(path)
    assert list(result.city.network.pipes.asset_id) == ["\ufffdE7AE管", "\ufffdE7AF管", "管三"]
    assert told(result, "broken_byte")


def test_the_encoding_of_the_profile_holds_for_a_model_and_for_a_table_of_stations(tmp_path: Path) -> None:
    # Big5 reads as GB 18030 without one wrong byte: only the profile can tell.
    profile, model, stations = tmp_path / "p.toml", tmp_path / "own.inp", tmp_path / "stations.csv"
    profile.write_text('encoding = "Big5"\n', encoding="utf-8")
    model.write_bytes("[JUNCTIONS]\n節點 0 1\n[RESERVOIRS]\n水廠 50\n[PIPES]\n管線 水廠 節點 100 200 130\n[END]\n".encode("big5"))
    stations.write_bytes("station_id,node,channel\n測點,節點,pressure\n".encode("big5"))
    result = imported(model, profile=profile, stations=stations)
    assert list(result.city.network.nodes.asset_id) == ["節點", "水廠"]
    assert list(result.city.stations.asset_id) == ["測點"]
    assert not told(result, "encoding_guessed")


MODEL = """[TITLE]
历下区
[JUNCTIONS]
历下经十路加压泵站出口 10 5 时模式甲 ;居民
历下经十路加压泵站进口 8 2
J3 8 1
[RESERVOIRS]
水厂 60
[TANKS]
塔 30 5 0 10 8 0 容积曲线
[PIPES]
管甲 水厂 历下经十路加压泵站进口 100 200 130 0 Open
管乙 历下经十路加压泵站出口 J3 80 150 130 0 Open
管丙 J3 塔 80 150 130 0 Open
管丁 历下经十路加压泵站进口 历下经十路加压泵站出口 900 100 110 0 Open
[PUMPS]
泵一 历下经十路加压泵站进口 历下经十路加压泵站出口 HEAD 泵曲线 PATTERN 转速
[DEMANDS]
历下经十路加压泵站出口 3 时模式甲 ;居民
历下经十路加压泵站出口 2
[STATUS]
管甲 管丁 OPEN
[PATTERNS]
时模式甲 0.5 1.5 1
转速 1 0.9
[CURVES]
泵曲线 8 20
容积曲线 0 0
容积曲线 10 500
[CONTROLS]
LINK 管丙 CLOSED IF NODE 塔 ABOVE 7
LINK 管丙 OPEN AT CLOCKTIME 6 PM
[RULES]
RULE 夜间规则
IF TANK 塔 LEVEL ABOVE 6
AND SYSTEM CLOCKTIME >= 9 PM
THEN PUMP 泵一 STATUS IS CLOSED
ELSE PUMP 泵一 STATUS IS OPEN
PRIORITY 1
[EMITTERS]
历下经十路加压泵站进口 0.1
[ENERGY]
PUMP 泵一 PATTERN 转速
[REPORT]
NODES 塔 J3
LINKS 泵一
[OPTIONS]
UNITS LPS
HEADLOSS H-W
QUALITY TRACE 水厂
[TIMES]
DURATION 24:00
[TAGS]
NODE 塔 高位
[COORDINATES]
水厂 0 0
历下经十路加压泵站进口 100 0
历下经十路加压泵站出口 180 0
J3 260 0
塔 300 0
[VERTICES]
管甲 50 5
[LABELS]
10 10 "水厂" 水厂
[END]
"""
_PLAIN = {
    "历下经十路加压泵站出口": "J1", "历下经十路加压泵站进口": "J2", "时模式甲": "A", "水厂": "R", "塔": "T", "容积曲线": "VC",
    "管甲": "P1", "管乙": "P2", "管丙": "P3", "管丁": "P4", "泵一": "U", "泵曲线": "HC", "转速": "S", "夜间规则": "N",
}  # fmt: skip


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_model_with_chinese_ids_everywhere_solves_as_one_with_plain_ids(tmp_path: Path, encoding: str) -> None:
    plain = MODEL
    for name, stands_for in _PLAIN.items():
        plain = plain.replace(name, stands_for)
    (tmp_path / "own.inp").write_bytes(MODEL.encode(encoding))
    (tmp_path / "plain.inp").write_text(plain, encoding="utf-8")
    own, short = imported(tmp_path / "own.inp").city, imported(tmp_path / "plain.inp").city
    assert own.epanet is not None
    assert own.epanet.inp.isascii()
    assert set(_PLAIN) - set(own.epanet.asset_id) == set()
    assert [_PLAIN.get(str(name), str(name)) for name in own.network.nodes.asset_id] == list(short.network.nodes.asset_id)
    with EpanetSession(own) as session, EpanetSession(short) as plain_session:
        for found, expected in zip(session.solve_day(), plain_session.solve_day(), strict=True):
            assert found.converged
            assert found.head_m == pytest.approx(expected.head_m, abs=1e-6)
            assert found.pump_flow_m3h == pytest.approx(expected.pump_flow_m3h, abs=1e-6)


def test_a_dataset_of_before_whose_model_holds_chinese_ids_still_opens_and_solves(tmp_path: Path) -> None:
    text = MODEL.replace("历下经十路加压泵站", "加压站")
    (tmp_path / "own.inp").write_text(text, encoding="utf-8")
    city = imported(tmp_path / "own.inp").city
    assert city.epanet is not None
    kept = np.isin(city.epanet.kind, ["node", "pipe", "pump", "valve"])
    ids = city.epanet.asset_id[kept]
    old = replace(city, epanet=EpanetModel(text, ids, ids, city.epanet.kind[kept]))
    write_city(old, tmp_path / "old.gpkg")
    with EpanetSession(city) as session, EpanetSession(read_city(tmp_path / "old.gpkg")) as before:
        assert before.solve().head_m == pytest.approx(session.solve().head_m, abs=1e-6)


def test_valves_cut_pipes_of_a_model_with_chinese_ids(tmp_path: Path) -> None:
    model, valves = tmp_path / "own.inp", tmp_path / "valves.csv"
    model.write_bytes(MODEL.encode("gb18030"))
    valves.write_bytes("asset_id,pipe,x,y\n阀一,管丙,280,0\n阀二,管乙,200,0\n".encode("gb18030"))
    before = imported(model).city
    result = imported(model, valves, snap_m=0.01)
    city = result.city
    assert {"管丙~1", "管丙~2", "管乙~1", "管乙~2"} <= set(city.network.pipes.asset_id)
    assert {"阀一", "阀二"} <= set(city.network.nodes.asset_id)
    assert told(result, "model_carried")
    assert city.epanet is not None
    assert city.epanet.inp.isascii()
    rows = [city.network.nodes.row(str(name)) for name in before.network.nodes.asset_id]
    with EpanetSession(before) as first, EpanetSession(city) as second:
        for expected, found in zip(first.solve_day(), second.solve_day(), strict=True):
            assert found.head_m[rows] == pytest.approx(expected.head_m, abs=0.01)


def test_a_refusal_names_the_utilitys_own_ids(tmp_path: Path) -> None:
    path = tmp_path / "bad.inp"
    path.write_bytes(MODEL.replace("管丙 J3 塔", "管丙 J3 高塔").encode("gb18030"))
    with pytest.raises(InputFault, match=r"高塔.*管丙 J3 高塔"):
        imported(path)


def test_ranges_of_ids_hold_what_they_held_before_the_ids_were_changed(tmp_path: Path) -> None:
    rows = {"12号": "Closed", "7号": "Open", "13": "Closed"}
    pipes = "".join(f"{name} 水厂 J3 80 150 130\n" for name in rows)
    path = tmp_path / "ranges.inp"
    path.write_text(MODEL.replace("管丙 J3 塔", f"{pipes}管丙 J3 塔").replace("管甲 管丁 OPEN", "10 20 CLOSED"), encoding="utf-8")
    network = imported(path).city.network
    status = {name: ("Open", "Closed")[int(network.pipes.status[network.pipes.row(name)])] for name in rows}
    assert status == rows


@pytest.mark.parametrize("place", ["comment", "id"])
def test_one_broken_byte_loses_one_letter_only_and_is_reported_with_its_line(tmp_path: Path, place: str) -> None:
    text = MODEL.encode()
    if place == "comment":
        broken = text.replace(" ;居民".encode(), " ;居民".encode()[:-1], 1)
    else:
        broken = text.replace("管乙".encode(), b"\xe7\xae" + "乙".encode())
    path = tmp_path / "broken.inp"
    path.write_bytes(broken)
    result = imported(path)
    names = set(result.city.network.nodes.asset_id) | set(result.city.network.pipes.asset_id)
    expected = set(_PLAIN) & {*MODEL.split()} - {"时模式甲", "容积曲线", "泵一", "泵曲线", "转速", "夜间规则"}
    assert {*expected, "J3"} - {"管乙"} <= names
    assert ("管乙" in names) == (place == "comment")
    line = next(number for number, row in enumerate(broken.split(b"\n"), 1) if row not in text.split(b"\n"))
    assert [fault.row for fault in told(result, "broken_byte")] == [line]
    assert not told(result, "encoding_guessed")


def test_a_broken_byte_in_a_model_in_gbk_is_located_too(tmp_path: Path) -> None:
    path = tmp_path / "broken.inp"
    path.write_bytes(MODEL.replace("居民", "居民?", 1).encode("gb18030").replace(b"?", b"\xff", 1))
    result = imported(path)
    assert "历下经十路加压泵站出口" in result.city.network.nodes.asset_id
    assert [fault.row for fault in told(result, "broken_byte")] == [4]


@given(_HANZI, st.sampled_from(["utf-8", "gb18030"]), st.data())
def test_a_chinese_encoding_is_recognised_also_with_one_byte_broken(text: str, encoding: str, data: st.DataObject) -> None:
    content = text.encode(encoding)
    assert likely_encoding(content) == encoding
    assert decoded(content).text == text
    if encoding == "utf-8":
        at = data.draw(st.integers(0, len(text) - 1))
        broken = content[: 3 * at] + b"\xff" + content[3 * at + 1 :]
        found = decoded(broken)
        assert found.encoding == "utf-8"
        assert found.text.replace("\ufffd", "") == text[:at] + text[at + 1 :]
        assert found.broken_lines == (1,)


@pytest.mark.parametrize("byte", [b"X", b"\xff", b"\x80", b""])
@pytest.mark.parametrize("at", range(9))
def test_three_letters_suffice_to_recognise_utf8_with_any_byte_broken(byte: bytes, at: int) -> None:
    content = "节点三".encode()
    found = decoded(b"P1 " + content[:at] + byte + content[at + 1 :] + b" 100\n")
    whole = [letter for place, letter in enumerate("节点三") if place != at // 3]
    assert found.encoding == "utf-8"
    assert [letter for letter in found.text if letter in "节点三"] == whole


def test_plain_ids_longer_than_epanet_takes_are_given_shorter_ones(tmp_path: Path) -> None:
    long, path = "MAIN-OF-THE-FORMER-SOUTHERN-DISTRICT-1", tmp_path / "long.inp"
    path.write_text(MODEL.replace("管乙", long).replace("J3", long + "J"), encoding="utf-8")
    network = imported(path).city.network
    assert network.pipes.has(long)
    assert network.nodes.has(long + "J")


def test_encodings_are_recognised_by_all_their_names() -> None:
    names = ("GBK", "gb2312", "936", "ANSI 936", "CP936", "GB18030", "54936")
    assert {known_encoding(name) for name in names} == {"gb18030"}
    assert known_encoding("UTF8") == known_encoding("65001") == "utf-8"
    assert known_encoding("hex") is None
    assert known_encoding("") is None
