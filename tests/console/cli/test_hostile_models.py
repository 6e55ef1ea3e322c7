"""A model that crashes EPANET is refused in one line and the process continues; no command writes over a file it reads."""

from __future__ import annotations

import csv
import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from console.domain.clock import DrillClock
from console.runtime import Runtime, RuntimeOptions
from console.services.desk import DeskSettings
from maps.city import City, CrewTable, StationTable
from maps.dataset import read_city, write_city
from maps.errors import InputFault
from maps.files import refuse_overwriting
from tests.console.cli.conftest import Quanmai
from tests.console.services.town import a_town
from tests.maps.hydraulics.build import a_line

_RULE = "[RULES]\nRULE 1\nIF NODE A HEAD > 1\nTHEN PIPE P1 STATUS IS OPEN\nPRIORITY\n[END]\n"


@pytest.fixture(scope="module")
def sound() -> City:
    """Two pipes from a source, with a model."""
    return a_line(demands={"A": 20.0, "B": 20.0}, pipes=(("P1", "S", "A"), ("P2", "A", "B")))


@pytest.fixture(scope="module")
def hostile(sound: City) -> City:
    """The same with a model that crashes EPANET: a rule's PRIORITY without its number."""
    assert sound.epanet is not None
    return replace(sound, epanet=replace(sound.epanet, inp=sound.epanet.inp.replace("[END]", "") + "\n" + _RULE))


@pytest.mark.slow
@pytest.mark.parametrize(
    "line",
    [
        "import bad.inp --to x.gpkg",
        "check bad.gpkg",
        "trace bad.gpkg --from P1 --kind upstream",
        "isolate bad.gpkg --burst P2 --pressures",
        "calibrate bad.gpkg --readings r.csv --to x.gpkg",
        "locate bad.gpkg --readings r.csv",
        "drill --headless --out out --city bad.gpkg",
    ],
    ids=lambda line: line.split()[0],
)
def test_a_model_that_crashes_epanet_is_refused_in_one_line_that_names_it(
    line: str, quanmai: Quanmai, hostile: City, tmp_path: Path
) -> None:
    assert hostile.epanet is not None
    (tmp_path / "bad.inp").write_text(hostile.epanet.inp)
    write_city(with_a_station_and_a_crew(hostile), tmp_path / "bad.gpkg")
    rows = [f"2024-01-0{d}T{h:02}:{m:02}:00Z,S1,pressure,0.3" for d in (1, 2, 3) for h in range(24) for m in range(0, 60, 5)]
    (tmp_path / "r.csv").write_text("time,station_id,channel,value\n" + "\n".join(rows))
    code, told = quanmai(*line.split())
    assert code == 2, told
    assert "Traceback" not in told
    last = told.strip().splitlines()[-1]
    assert last.startswith("quanmai: EPANET crashed while reading bad.")
    assert not (tmp_path / "x.gpkg").exists()


@pytest.mark.slow
def test_the_console_goes_on_without_hydraulics_and_says_so(
    hostile: City, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_city(hostile, tmp_path / "bad.gpkg")
    options = RuntimeOptions(tmp_path / "bad.gpkg", tmp_path / "s.sqlite", tmp_path / "notices", DeskSettings(site="test"))
    clock = DrillClock(datetime(2024, 1, 3, 15, 0, tzinfo=UTC))
    runtime = Runtime(read_city(tmp_path / "bad.gpkg"), clock, options)
    try:
        assert (runtime.worker, runtime.city.epanet, tuple(runtime.states)) == (None, None, ())
        assert "EPANET crashed while reading" in runtime.city.info.assumed[0]
        assert "goes on without hydraulics" in caplog.text
    finally:
        runtime.close()


@pytest.mark.slow
@pytest.mark.parametrize("spelling", ["net.inp", "./folder/../net.inp", "linked.inp", "hard.inp"])
def test_an_import_never_overwrites_its_source_however_the_path_is_written(
    spelling: str, quanmai: Quanmai, sound: City, tmp_path: Path
) -> None:
    assert sound.epanet is not None
    source = tmp_path / "net.inp"
    source.write_text(sound.epanet.inp)
    (tmp_path / "folder").mkdir()
    (tmp_path / "linked.inp").symlink_to(source)
    os.link(source, tmp_path / "hard.inp")
    code, told = quanmai("import", "net.inp", "--to", spelling)
    assert (code, told.count("\n"), "would be overwritten" in told) == (2, 1, True)
    assert source.read_text() == sound.epanet.inp


@pytest.mark.parametrize(
    "line",
    [
        "import c.gpkg --to c.gpkg",
        "import net.inp --stations s.csv --to s.csv",
        "calibrate c.gpkg --readings r.csv --to c.gpkg",
        "calibrate c.gpkg --readings r.csv --to r.csv",
        "trace c.gpkg --from P1 --export c.gpkg",
        "isolate c.gpkg --every-segment --csv c.gpkg",
        "engine c.gpkg --mqtt mqtt://localhost --store c.gpkg",
        "export c.gpkg c.gpkg --html",
        "package s.sqlite 2024-0001 --to s.sqlite --city c.gpkg",
        "month s.sqlite --month 2024-01 --out s.sqlite",
        "synth --roads c.gpkg --to c.gpkg",
    ],
)
def test_no_command_writes_over_a_file_that_it_reads(line: str, quanmai: Quanmai, tmp_path: Path) -> None:
    for name in ("c.gpkg", "net.inp", "s.csv", "r.csv", "s.sqlite"):
        (tmp_path / name).write_text(name)
    code, told = quanmai(*line.split())
    assert (code, told.count("\n"), "would be overwritten" in told) == (2, 1, True), told
    assert {path.name: path.read_text() for path in tmp_path.iterdir() if path.is_file()} == {
        name: name for name in ("c.gpkg", "net.inp", "s.csv", "r.csv", "s.sqlite")
    }


def test_the_parts_of_a_shapefile_and_the_files_of_a_folder_belong_to_the_source(tmp_path: Path) -> None:
    for name in ("a.shp", "a.dbf", "b.dbf", "g.gdb/table"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    for to, source in (("a.dbf", "a.shp"), ("g.gdb/table", "g.gdb")):
        with pytest.raises(InputFault, match="would be overwritten"):
            refuse_overwriting(tmp_path / to, [tmp_path / source])
    refuse_overwriting(tmp_path / "b.dbf", [tmp_path / "a.shp"])


@pytest.mark.parametrize("line", ["isolate c.gpkg --every-segment --csv out.csv", "trace c.gpkg --from =1+1 --export out.csv"])
def test_ids_that_look_like_formulas_never_begin_a_cell(line: str, quanmai: Quanmai, tmp_path: Path) -> None:
    city = a_town()
    ids = city.network.pipes.asset_id.copy()
    hostile = ["=1+1", "+A1", "-A1", "@SUM(A1)", "\t=1", "＝1", " =1", '=HYPERLINK("http://x")']
    ids[: len(hostile)] = hostile
    valves = city.network.valves.replaced(asset_id=[f"={name}" for name in city.network.valves.asset_id])
    roads = ["=road"] * len(ids)
    network = replace(city.network, pipes=city.network.pipes.replaced(asset_id=ids, road_name=roads), valves=valves)
    write_city(replace(city, network=network), tmp_path / "c.gpkg")
    code, told = quanmai(*line.split())
    assert code == 0, told
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    cells = [cell for row in rows for cell in row]
    assert not [cell for cell in cells if cell.strip().startswith(("=", "+", "-", "@", "＝"))]
    assert {f"'{name}" for name in ("=1+1", "+A1", "@SUM(A1)", "＝1")} <= set(cells)
    number = rows[0].index("households") if "households" in rows[0] else rows[0].index("length_m")
    assert all(float(row[number]) >= 0 for row in rows[1:])


def with_a_station_and_a_crew(city: City) -> City:
    """A city with a pressure station and a crew."""
    stations = StationTable.of(["S1"], node=[1], channels=["pressure"])
    return replace(city, stations=stations, crews=CrewTable.of(["C1"], name=["C1"], base_x=[0.0], base_y=[0.0]))
