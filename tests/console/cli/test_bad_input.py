"""Bad input: one clear line that says what and what to do, exit 2, nothing half-written."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from console.cli import main
from maps.dataset import write_city
from tests.console.ui.small_city import build_small_city


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a sound city and one of each sort of bad file."""
    base = tmp_path_factory.mktemp("坏 输入")
    write_city(build_small_city(), base / "city.gpkg")
    (base / "empty.inp").write_text("")
    (base / "prose.inp").write_text("dear colleagues, please find the network attached\n")
    (base / "binary.inp").write_bytes(bytes(range(256)) * 20)
    (base / "garbage.gpkg").write_bytes(b"\x00\x01not a geopackage" * 50)
    (base / "prose.csv").write_text("one;two\n1;2\n")
    (base / "prose.toml").write_text("this is = not [toml")
    (base / "garbage.parquet").write_bytes(b"PAR1 or not")
    (base / "unknown.csv").write_text("time,station_id,channel,value\n2024-01-03T23:00:00+08:00,NOBODY,pressure,0.3\n")
    (base / "words.csv").write_text("time,station_id,channel,value\nyesterday,Q-001,pressure,low\n")
    (base / "requests.jsonl").write_text('{"burst": ["P-104000"]}\n{"burst": \n')
    (base / "afile").write_text("")
    with sqlite3.connect(base / "empty.gpkg"):
        pass
    newer = base / "newer.gpkg"
    newer.write_bytes((base / "city.gpkg").read_bytes())
    with sqlite3.connect(newer) as connection:
        connection.execute("update city set schema_version = 999")
    return base


WRONG = {
    "import of a file that is not there": "import nowhere.inp --to x.gpkg",
    "import of a folder": "import . --to x.gpkg",
    "import of an empty inp": "import empty.inp --to x.gpkg",
    "import of prose": "import prose.inp --to x.gpkg",
    "import of bytes": "import binary.inp --to x.gpkg",
    "import of a damaged geopackage": "import garbage.gpkg --to x.gpkg",
    "import of an empty geopackage": "import empty.gpkg --to x.gpkg",
    "import of a table without geometry": "import prose.csv --to x.gpkg",
    "import of an unknown kind": "import garbage.parquet --to x.gpkg",
    "an unknown crs": "import city.gpkg --to x.gpkg --crs EPSG:999999",
    "a crs of words": "import city.gpkg --to x.gpkg --crs 我的坐标系",
    "a broken profile": "import city.gpkg --to x.gpkg --profile prose.toml",
    "a profile that is not there": "import city.gpkg --to x.gpkg --profile nowhere.toml",
    "stations that are not there": "import city.gpkg --to x.gpkg --stations nowhere.csv",
    "stations of other columns": "import city.gpkg --to x.gpkg --stations prose.csv",
    "a target in no folder": "import city.gpkg --to no/such/folder/x.gpkg",
    "a target that is a folder": "import city.gpkg --to .",
    "a target nobody may write": "import city.gpkg --to /proc/x.gpkg",
    "check of nothing": "check nowhere.gpkg",
    "check of bytes": "check garbage.gpkg",
    "check of an empty geopackage": "check empty.gpkg",
    "check of a newer dataset": "check newer.gpkg --json",
    "check of a folder": "check .",
    "isolating an unknown pipe": "isolate city.gpkg --burst P-0",
    "an unknown stuck valve": "isolate city.gpkg --burst P-104000 --stuck V-0",
    "a batch that is not there": "isolate city.gpkg --batch nowhere.jsonl --json",
    "tracing from nowhere": "trace city.gpkg --from nobody",
    "tracing an unknown kind": "trace city.gpkg --from P-104000 --kind sideways",
    "locating in nothing": "locate city.gpkg --readings nowhere.csv",
    "locating in damage": "locate city.gpkg --readings garbage.parquet",
    "locating in prose": "locate city.gpkg --readings prose.csv",
    "locating for unknown stations": "locate city.gpkg --readings unknown.csv",
    "locating at no time": "locate city.gpkg --readings words.csv",
    "a drill on an unknown pipe": "drill --headless --out out --city city.gpkg --burst P-0",
    "a drill without a model": "drill --headless --out out --city city.gpkg",
    "a drill into a file": "drill --headless --out afile",
    "a drill with a window and an answer in json": "drill --out out --json",
    "a drill with a window and without pictures": "drill --out out --no-screens",
    "a drill on no city": "drill --headless --out out --city nowhere.gpkg",
    "an engine on a wrong address": "engine city.gpkg --mqtt localhost:1883",
    "an engine on no city": "engine nowhere.gpkg --mqtt mqtt://localhost",
    "an engine on a store that is no store": "engine city.gpkg --mqtt mqtt://localhost --store garbage.gpkg",
    "an engine on a store in no folder": "engine city.gpkg --mqtt mqtt://localhost --store /proc/no/e.sqlite",
    "an engine on an unknown database": "engine city.gpkg --mqtt mqtt://localhost --store oracle://db/x",
    "a simulation on a wrong address": "simulate city.gpkg --mqtt http://x",
    "a simulation of an unknown burst": "simulate city.gpkg --mqtt mqtt://localhost --burst P-0",
    "streets that are not there": "synth --to x.gpkg --roads nowhere.gpkg",
    "streets of bytes": "synth --to x.gpkg --roads garbage.gpkg",
}


@pytest.fixture
def quanmai(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[str], tuple[int, str]]:
    """Run a command line in the folder: (exit code, stderr)."""

    def run(line: str) -> tuple[int, str]:
        monkeypatch.chdir(folder)
        monkeypatch.setenv("QUANMAI_DATA_FOLDER", str(folder / "data"))
        monkeypatch.setattr("sys.argv", ["quanmai", *line.split()])
        with pytest.raises(SystemExit) as ended:
            main()
        return int(ended.value.code or 0), capsys.readouterr().err

    return run


@pytest.mark.parametrize("line", WRONG.values(), ids=WRONG.keys())
def test_one_line_says_what_is_wrong(line: str, quanmai: Callable[[str], tuple[int, str]], folder: Path) -> None:
    before = set(folder.iterdir())
    code, told = quanmai(line)
    assert code == 2, told
    last = told.strip().splitlines()[-1]
    assert last.startswith("quanmai: ") or "─" in last, told  # or Typer's box around a usage fault
    assert "Traceback" not in told
    assert not any(path.name.endswith((".part", "x.gpkg", "-journal")) for path in set(folder.iterdir()) - before)


def test_a_newer_dataset_asks_for_a_newer_program(quanmai: Callable[[str], tuple[int, str]]) -> None:
    assert "999" in quanmai("check newer.gpkg")[1]


def test_a_wrong_setting_is_named(quanmai: Callable[[str], tuple[int, str]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUANMAI_LANGUAGE", "klingon")
    code, told = quanmai("engine city.gpkg --mqtt mqtt://localhost")
    assert (code, "language" in told) == (2, True)
