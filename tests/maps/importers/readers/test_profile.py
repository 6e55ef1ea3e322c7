"""Column profiles: names, factors, value maps, filters; faults are reported with their place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from maps.errors import InputFault
from maps.importers import ImportOptions, ImportResult, import_city
from maps.importers.readers.profile import read_profile
from maps.network import NodeKind, PipeStatus
from tests.maps.importers.writing import line, point, write


def _profile(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "profile.toml"
    path.write_text(text, encoding="utf-8")
    return path


def _import(tmp_path: Path, profile: str) -> ImportResult:
    layers: dict[str, list[dict[str, Any]]] = {
        "GX_PIPE": [
            {"GUID": "7", "口径": "DN300", "LEN_FT": 100.0, "ZT": "2", "DEL": 0, "wkt": line((0, 0), (30.48, 0))},
            {"GUID": "", "口径": "8", "LEN_FT": None, "ZT": "1", "DEL": 0, "wkt": line((30.48, 0), (60, 0))},
            {"GUID": "9", "口径": "8", "LEN_FT": None, "ZT": "1", "DEL": 1, "wkt": line((60, 0), (90, 0))},
        ],
        "GX_SRC": [{"ID": 1, "H": 50.0, "wkt": point(0, 0)}],
    }
    path = tmp_path / "GX.gpkg"
    if not path.exists():
        write(path, layers)
    return import_city([path], ImportOptions(profile=_profile(tmp_path, profile)))


_GOOD = """
name = "历城区"
[pipes]
layer = "gx_pipe"
columns = { asset_id = ["GUID", "ZT"], diameter_mm = "口径", length_m = "LEN_FT", status = "ZT" }
factors = { length_m = 0.3048 }
values.status = { "1" = "open", "2" = "closed" }
where = { DEL = 0 }
[[nodes]]
layer = "GX_SRC"
columns = { asset_id = "ID", head_m = "H" }
constants = { kind = "source" }
"""


def test_a_profile_names_scales_maps_and_filters(tmp_path: Path) -> None:
    city = _import(tmp_path, _GOOD).city
    pipes = city.network.pipes
    assert city.info.name == "历城区"
    assert list(pipes.asset_id) == ["7", "1"]
    np.testing.assert_allclose(pipes.diameter_mm, [300, 8])
    np.testing.assert_allclose(pipes.length_m, [30.48, 29.52])
    assert list(pipes.status) == [PipeStatus.CLOSED, PipeStatus.OPEN]
    assert city.network.nodes.kind[city.network.nodes.row("1")] == NodeKind.SOURCE


@pytest.mark.parametrize(("old", "new", "said"), [
    ('"口径"', '"管径"', "管径"),
    ("DEL = 0", "GONE = 0", "GONE"),
    ('"gx_pipe"', '"gx_tube"', "no layer gx_tube"),
    ("factors", "faktors", "faktors"),
    ("[pipes]", "[tubes]", "tubes"),
    ("0.3048", '"a foot"', "a foot"),
    ("[pipes]", "[pipes", "TOML"),
    ('name = "历城区"', 'headloss = "X"', "headloss"),
])  # fmt: skip
def test_each_fault_of_a_profile_is_reported(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(InputFault, match=said):
        _import(tmp_path, _GOOD.replace(old, new))


def test_a_missing_profile_is_reported(tmp_path: Path) -> None:
    with pytest.raises(InputFault, match=r"absent\.toml"):
        read_profile(tmp_path / "absent.toml")


def test_an_empty_layer_is_imported_as_no_rows(tmp_path: Path) -> None:
    text = _GOOD + '\n[valves]\nlayer = "GX_SRC"\ncolumns = { asset_id = "ID" }\nwhere = { H = "never" }\n'
    assert not len(_import(tmp_path, text).city.network.valves)


def test_layers_that_a_filter_empties_leave_no_pipes(tmp_path: Path) -> None:
    with pytest.raises(InputFault, match="no pipes"):
        _import(tmp_path, _GOOD.replace("DEL = 0", "DEL = 5"))
