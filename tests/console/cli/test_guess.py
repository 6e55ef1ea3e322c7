"""quanmai import --guess: a city without a hand-written profile, and refusals of odd options."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from maps.dataset import read_city
from tests.console.cli.conftest import Quanmai
from tests.maps.importers.guessing.conventions import CONVENTIONS


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
