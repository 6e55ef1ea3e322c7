"""Bad input: one line with the fault and advice, exit 2, nothing half-written."""

from __future__ import annotations

import csv
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from console.cli import main
from maps.dataset import write_city
from tests.console.ui.small_city import build_small_city


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a valid city and one file of each kind of fault."""
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
    "an area that the city does not have": "run city.gpkg --area 火星片区",
    "import of a file that is not there": "import nowhere.inp --to x.gpkg",
    "import of a folder": "import . --to x.gpkg",
    "a list of segments into a folder": "isolate city.gpkg --every-segment --csv .",
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
    assert last.startswith("quanmai: "), told
    assert "Traceback" not in told
    assert not any(path.name.endswith((".part", "x.gpkg", "-journal")) for path in set(folder.iterdir()) - before)


@pytest.mark.parametrize(
    ("line", "named", "command"),
    [
        ("import", "'sources'", "import"),
        ("import a.inp", "'--to'", "import"),
        ("import a.inp --to x.gpkg --bogus", "--bogus", "import"),
        ("import a.inp --to x.gpkg --tolerance-m wide", "'--tolerance-m'", "import"),
        ("import a.inp --to x.gpkg --tolerance-m nan", "'--tolerance-m'", "import"),
        ("synth --to x.gpkg --pipes 3", "'--pipes'", "synth"),
        ("check city.gpkg another", "another", "check"),
        ("isolat city.gpkg", "isolat", ""),
        ("drill --headless --out out --city city.gpkg --flow-m3h inf", "'--flow-m3h'", "drill"),
        ("drill --headless --out out --city city.gpkg --seed -5", "'--seed'", "drill"),
        ("simulate city.gpkg --flow-m3h 1e300", "'--flow-m3h'", "simulate"),
        ("simulate city.gpkg --burst-after nan", "'--burst-after'", "simulate"),
        ("simulate city.gpkg --for-s inf", "'--for-s'", "simulate"),
        ("--bogus", "--bogus", ""),
    ],
)
def test_a_wrong_command_line_is_refused_in_one_line_with_the_word_and_the_help(
    line: str, named: str, command: str, quanmai: Callable[[str], tuple[int, str]]
) -> None:
    code, told = quanmai(line)
    assert code == 2
    assert len(told.strip().splitlines()) == 1, told
    assert told.startswith("quanmai: ")
    assert named in told
    assert told.strip().endswith(f"{command} --help'")


@pytest.mark.parametrize("words", ["--city nowhere.gpkg", "--city garbage.gpkg", "--city city.gpkg --burst P-0"])
def test_a_drill_that_cannot_begin_leaves_a_summary_that_says_why(
    words: str, quanmai: Callable[[str], tuple[int, str]], folder: Path
) -> None:
    (folder / "began").mkdir(exist_ok=True)
    (folder / "began" / "summary.json").write_text('{"stage": "7-issued"}')  # of an earlier drill
    code, told = quanmai(f"drill --headless --out began {words}")
    summary = json.loads((folder / "began" / "summary.json").read_text(encoding="utf-8"))
    assert code == 2
    assert summary["stage"] is None
    assert len(summary["not_done"]) == 1
    assert told.strip().splitlines()[-1].removeprefix("quanmai: ").split(":")[0] in summary["not_done"][0]


@pytest.mark.parametrize("line", ["", "--help", "import --help"])
def test_help_is_printed_with_exit_0_and_without_a_command_with_exit_2(
    line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["quanmai", *line.split()])
    with pytest.raises(SystemExit) as ended:
        main()
    assert (ended.value.code or 0) == (0 if line else 2)
    shown = capsys.readouterr()
    assert "Usage:" in shown.out + shown.err


def _faulty_model(folder: Path, nodes: int) -> Path:
    """A chain of which only the two ends have coordinates: a warning for each node between."""
    names = [f"J{number}" for number in range(nodes)]
    links = zip(["R", *names], [*names, "L"], strict=True)
    lines = ["[JUNCTIONS]", *(f"{name} 0 1" for name in [*names, "L"]), "[RESERVOIRS]", "R 50", "[PIPES]"]
    lines += [f"P{number} {start} {end} 100 200 130" for number, (start, end) in enumerate(links)]
    lines += ["[OPTIONS]", "UNITS CMH", "[COORDINATES]", "R 500000 4058000", "L 509000 4058000", "[END]"]
    path = folder / "faulty.inp"
    path.write_text("\n".join(lines), encoding="ascii")
    return path


def test_the_report_of_an_import_holds_every_fault_when_the_screen_shows_some(
    quanmai: Callable[[str], tuple[int, str]], folder: Path
) -> None:
    _faulty_model(folder, 60)
    code, told = quanmai("import faulty.inp --to faulty.gpkg --crs EPSG:4548 --report faults.csv")
    assert code == 0
    assert "more; --report FILE writes all of them" in told
    with (folder / "faults.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["asset_id"] for row in rows if row["code"] == "no_coordinate"} == {f"J{number}" for number in range(60)}
    assert all(row["severity"] in ("warning", "info") and row["message"] for row in rows)


def test_the_report_of_a_refused_import_says_why(quanmai: Callable[[str], tuple[int, str]], folder: Path) -> None:
    (folder / "twice.csv").write_text("asset_id,wkt\n" + "".join(f"N{n % 5},POINT(0 {n})\n" for n in range(10)))
    (folder / "line.csv").write_text('asset_id,wkt\nA,"LINESTRING(0 0,0 9)"\n')
    (folder / "nodes.csv").write_bytes((folder / "twice.csv").read_bytes())
    (folder / "pipes.csv").write_bytes((folder / "line.csv").read_bytes())
    code, _ = quanmai("import pipes.csv nodes.csv --to x.gpkg --report refused.csv")
    assert code == 2
    with (folder / "refused.csv").open(encoding="utf-8-sig", newline="") as file:
        fatal = [row for row in csv.DictReader(file) if row["severity"] == "fatal"]
    assert {row["asset_id"] for row in fatal} == {f"N{number}" for number in range(5)}


@pytest.mark.parametrize("report", ["x.gpkg", "./x.gpkg", "faulty.inp", ".", "no_folder/faults.csv"])
def test_a_report_that_cannot_be_written_or_would_overwrite_is_refused_before_the_import(
    report: str, quanmai: Callable[[str], tuple[int, str]], folder: Path
) -> None:
    before = _faulty_model(folder, 3).read_bytes()
    code, told = quanmai(f"import faulty.inp --to x.gpkg --report {report}")
    assert code == 2
    assert report.removeprefix("./") in told
    assert (folder / "faulty.inp").read_bytes() == before
    assert not (folder / "x.gpkg").exists()


def test_a_newer_dataset_is_refused_with_advice_to_update_the_program(quanmai: Callable[[str], tuple[int, str]]) -> None:
    assert "999" in quanmai("check newer.gpkg")[1]


def test_a_wrong_setting_is_named(quanmai: Callable[[str], tuple[int, str]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUANMAI_LANGUAGE", "klingon")
    code, told = quanmai("engine city.gpkg --mqtt mqtt://localhost")
    assert (code, "language" in told) == (2, True)


def test_a_drill_with_people_needs_chromium_and_says_so(
    quanmai: Callable[[str], tuple[int, str]], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(folder))
    code, said = quanmai("drill --people --out people")
    assert code == 2
    assert "Chromium" in said
    assert len(said.strip().splitlines()) == 1
    assert not (folder / "people").exists()
