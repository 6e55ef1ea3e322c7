"""quanmai import --guess: a city without a hand-written profile, and refusals of odd options."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from maps.dataset import read_city
from tests.console.cli.conftest import Quanmai
from tests.maps.importers.guessing.conventions import CONVENTIONS
from tests.maps.importers.writing import pipe, source, write


def test_a_guessed_import_makes_a_city_and_keeps_the_profile_for_the_next_time(tmp_path: Path, quanmai: Quanmai) -> None:
    folder = tmp_path / "管网 导出"
    folder.mkdir()
    sources = list(map(str, next(one for one in CONVENTIONS if one.name == "pinyin").write(folder)))
    code, told = quanmai(*["import", *sources, "--to", "a.gpkg", "--guess", "--save-profile", "p.toml", "--report", "faults.csv"])
    assert code == 0, told
    assert "guessed_column" in (tmp_path / "faults.csv").read_text(encoding="utf-8")
    assert tomllib.loads((tmp_path / "p.toml").read_text(encoding="utf-8"))["pipes"][0]["columns"]["diameter_mm"] == "GJ"
    code, told = quanmai("import", *sources, "--to", "b.gpkg", "--profile", "p.toml")
    assert code == 0, told
    one, two = (read_city(tmp_path / name).network for name in ("a.gpkg", "b.gpkg"))
    assert one.pipes.asset_id.tolist() == two.pipes.asset_id.tolist()
    assert one.valves.kind.tolist() == two.valves.kind.tolist()
    assert len(one.valves) > 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("--guess --profile p.toml", "exclude each other"),
        ("--save-profile p.toml", "needs --guess"),
        ("--guess --save-profile a.gpkg", "names a file of this import"),
    ],
)
def test_odd_options_are_refused_in_one_line(options: str, said: str, tmp_path: Path, quanmai: Quanmai) -> None:
    code, told = quanmai("import", "pipes.shp", "--to", "a.gpkg", *options.split())
    assert code == 2
    assert len(told.strip().splitlines()) == 1
    assert said in told
    assert list(tmp_path.iterdir()) == []


def test_repairs_are_proposed_made_and_reported_with_guesses_and_scores(tmp_path: Path, quanmai: Quanmai) -> None:
    pipes = [pipe("M", (0, 0), (200, 0)), pipe("C", (100, 1), (100, 100)), pipe("M2", (0, 0), (200, 0))]
    network = str(write(tmp_path / "net.gpkg", {"nodes": [source(0, 0)], "pipes": pipes}))
    options = ["--guess", "--to", "a.gpkg", "--report", "a.json", "--propose-repairs", "a.repairs.toml"]
    code, told = quanmai("import", network, *options)
    assert code == 0, told
    report = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert {layer["holds"] for layer in report["guesses"]} == {"pipes", "nodes"}
    kinds = {fault["repair"]["kind"] for fault in report["faults"] if fault["repair"]}
    assert kinds == {"split", "drop"}
    code, told = quanmai("import", network, "--guess", "--to", "b.gpkg", "--repairs", "a.repairs.toml", "--report", "b.csv")
    assert code == 0, told
    assert sorted(set(read_city(tmp_path / "b.gpkg").network.pipes.source_id)) == ["", "M"]
    assert (tmp_path / "b.csv").read_text(encoding="utf-8-sig").splitlines()[0].endswith("message,repair")
    code, told = quanmai("import", network, "--guess", "--to", "c.gpkg", "--repairs", "a.json")
    assert (code, len(told.strip().splitlines())) == (2, 1)
    assert "a.json" in told
