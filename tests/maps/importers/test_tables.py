"""Stations, customers, crews and limits from tables as utilities keep them: sheets, Chinese columns, one row a channel."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pyogrio
import pytest

from maps.city import City
from maps.importers import ImportOptions, ImportResult, import_city
from maps.importers.guessing import guess_profile, profile_toml
from tests.maps.importers.writing import X, Y, pipe, source, write


def _network(folder: Path) -> Path:
    pipes = [pipe("P1", (0, 0), (100, 0)), pipe("P2", (100, 0), (200, 0))]
    return write(
        folder / "net.gpkg",
        {"nodes": [source(0, 0), {"asset_id": "J1", "kind": "junction", "wkt": f"POINT({X + 100} {Y})"}], "pipes": pipes},
    )


def _guessed(sources: list[Path], folder: Path) -> ImportResult:
    profile = folder / "guessed.toml"
    profile.write_text(profile_toml(guess_profile(sources)), encoding="utf-8")
    return import_city(sources, ImportOptions(profile=profile))


def _csv(path: Path, **columns: Any) -> Path:
    pd.DataFrame(columns).to_csv(path, index=False)
    return path


def _stations() -> dict[str, list[object]]:
    return {
        "测点编号": ["S01", "S01", "S02"],
        "测点名称": ["一号", "一号", "二号"],
        "监测项目": ["压力", "流量", "余氯"],
        "X坐标": [Y + 1, Y + 1, Y],
        "Y坐标": [X + 100, X + 100, X + 200],
        "下限": [0.2, "", 0.1],
        "上限": [0.5, 300, ""],
    }


def _check_stations(city: City) -> None:
    stations = city.stations
    assert stations.asset_id.tolist() == ["S01", "S02"]
    assert stations.channels.tolist() == ["pressure,flow", "chlorine"]
    assert [json.loads(text) for text in stations.limits] == [
        {"pressure": [0.2, 0.5], "flow": [None, 300.0]},
        {"chlorine": [0.1, None]},
    ]
    assert stations.ids([0]) == ("S01",)
    assert str(city.network.nodes.asset_id[stations.node[0]]) == "J1"  # x is north in the survey's columns


def test_a_list_with_one_row_a_channel_gives_stations_with_limits_from_csv_and_from_a_workbook(tmp_path: Path) -> None:
    network = _network(tmp_path)
    from_csv = _guessed([network, _csv(tmp_path / "测点.csv", **_stations())], tmp_path)
    _check_stations(from_csv.city)
    assert {"axes_swapped", "channels_joined"} <= {fault.code for fault in from_csv.faults}
    book = tmp_path / "台账.xlsx"
    crews = {
        "班组编号": ["C1", "C2"],
        "班组名称": ["城东抢修", "巡线一班"],
        "电话": ["0531-88881234", "13800001111"],
        "队伍类型": ["抢修", "巡线"],
    }
    pyogrio.write_dataframe(pd.DataFrame(_stations()), book, driver="XLSX", layer="测点")
    pyogrio.write_dataframe(pd.DataFrame(crews), book, driver="XLSX", layer="抢修班组", append=True)
    city = _guessed([network, book], tmp_path).city
    _check_stations(city)
    assert city.crews.asset_id.tolist() == ["C1", "C2"]
    assert city.crews.phone.tolist() == ["0531-88881234", "13800001111"]
    assert city.crews.kind.tolist() == ["repair", "patrol"]


def test_a_list_of_limits_alone_joins_the_stations(tmp_path: Path) -> None:
    stations = {"测点编号": ["S01", "S02"], "监测项目": ["压力", "压力"], "节点编号": ["J1", "S"]}
    limits = {"测点编号": ["S01"], "监测项目": ["压力"], "报警下限": [0.18], "报警上限": [0.45]}
    sources = [_network(tmp_path), _csv(tmp_path / "测点.csv", **stations), _csv(tmp_path / "报警限值.csv", **limits)]
    found = _guessed(sources, tmp_path).city.stations
    assert found.asset_id.tolist() == ["S01", "S02"]
    assert json.loads(found.limits[0]) == {"pressure": [0.18, 0.45]}
    assert found.limits[1] == ""


def test_customers_in_degrees_are_placed_with_a_warning_that_they_may_be_shifted(tmp_path: Path) -> None:
    from maps import crs as crs_of

    lon, lat = (float(value) for value in crs_of.to_wgs84(X + 50, Y + 5, "EPSG:4548"))
    told = {"户号": ["0012"], "户名": ["第一中学"], "地址": ["解放路1号"], "户数": [3], "经度": [lon], "纬度": [lat]}
    result = _guessed([_network(tmp_path), _csv(tmp_path / "用户.csv", **told)], tmp_path)
    customers = result.city.customers
    assert customers.asset_id.tolist() == ["0012"]
    assert float(customers.x[0]) == pytest.approx(X + 50, abs=0.05)
    assert str(result.city.network.pipes.asset_id[customers.pipe[0]]) == "P1"
    assert "degrees_assumed" in {fault.code for fault in result.faults}
