"""Sound inputs of every kind, small; built once in a folder."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import geopandas
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio

from console.domain.actors import Actor
from console.package import verify_package, write_package
from console.store import open_store
from maps.city import CrewTable, EpanetModel
from maps.dataset import read_city, write_city
from maps.hydraulics.model_building.model import ModelDetail, build_model
from maps.importers import ImportOptions, import_city
from tests.console.package.cases import CASE, a_case, a_reviewed_town
from tests.console.services.town import Chair, a_finding

INP = """[TITLE]
Fuzz town 城

[JUNCTIONS]
;ID Elev Demand Pattern
J1 10 5 P1
J2 12 5
J3 11 0 P1
J4 9 8
J5 10 4
[RESERVOIRS]
R1 60
R2 5 P2
[TANKS]
T1 40 3 0.5 6 12 0 VC
[PIPES]
M1 R1 J1 100 300 120 0 Open
M2 J1 J2 200 250 110 0 Open
M3 J2 J3 200 200 100 0.2 Open
M4 J3 J4 150 200 100 0 CV
M5 J4 J5 210 150 90 0 Open
M6 J5 J1 300 150 90 0 Closed
M7 T1 J3 50 200 120 0 Open
[PUMPS]
PU1 R2 J5 HEAD C1 SPEED 1.1 PATTERN P1
PU2 R2 J4 POWER 5
[VALVES]
PRV1 J2 J5 150 PRV 25 0
GPV1 J1 J4 150 GPV HL 0
TCV1 J3 J5 100 TCV 4 0
[DEMANDS]
J4 3 P1 ;domestic
J4 2 P2
[STATUS]
PU2 Closed
TCV1 Open
[PATTERNS]
P1 0.5 0.6 1.2 1.4
P1 1.1 0.8
P2 1 1 1.1 1
[CURVES]
C1 0 50
C1 20 40
C1 40 20
HL 0 0
HL 50 5
VC 0 0
VC 6 600
EF 20 70
[CONTROLS]
LINK PU1 CLOSED IF NODE T1 ABOVE 5.5
LINK PU1 OPEN IF NODE T1 BELOW 1
LINK M6 OPEN AT TIME 5
LINK M2 CLOSED AT CLOCKTIME 3:30 AM
[RULES]
RULE 1
IF TANK T1 LEVEL > 5
AND SYSTEM CLOCKTIME >= 6 AM
THEN PUMP PU2 STATUS IS CLOSED
ELSE PUMP PU2 STATUS IS OPEN
PRIORITY 2

RULE 2
IF JUNCTION J4 PRESSURE BELOW 10
OR LINK M2 FLOW > 100
THEN VALVE TCV1 SETTING IS 8
PRIORITY 1
[ENERGY]
GLOBAL EFFIC 75
PUMP PU1 EFFIC EF
PUMP PU1 PRICE 0.1
[EMITTERS]
J5 0.2
[QUALITY]
R1 1
[SOURCES]
R1 CONCEN 1 P2
[REACTIONS]
GLOBAL BULK -0.5
TANK T1 -0.1
[MIXING]
T1 2COMP 0.5
[OPTIONS]
UNITS CMH
HEADLOSS H-W
PATTERN P2
DEMAND MULTIPLIER 1.1
TRIALS 100
ACCURACY 0.001
UNBALANCED CONTINUE 10
QUALITY CHLORINE MG/L
[TIMES]
DURATION 24:00
HYDRAULIC TIMESTEP 1:00
PATTERN TIMESTEP 4:00
PATTERN START 0:00
REPORT TIMESTEP 1:00
START CLOCKTIME 12 AM
[REPORT]
STATUS NO
NODES ALL
[TAGS]
NODE J1 street
[COORDINATES]
J1 500000 4058000
J2 500200 4058000
J3 500400 4058000
J4 500400 4057800
J5 500200 4057800
R1 499900 4058000
R2 500300 4057700
T1 500400 4058050
[VERTICES]
M2 500100 4058010
[LABELS]
500000 4058100 "Fuzz"
[BACKDROP]
DIMENSIONS 0 0 1 1
[END]
"""
PROFILE = """name = "Fuzz"
crs = "EPSG:4548"
headloss = "H-W"
[[nodes]]
layer = "knoten"
columns = { asset_id = ["nr", "art"], elevation_m = "hoehe", kind = "art" }
values.kind = { "1" = "source", "0" = "junction", "" = "junction" }
factors = { elevation_m = 0.3048 }
[[pipes]]
layer = ["leitungen"]
columns = { asset_id = "nr", from_node = "von", to_node = "nach", diameter_mm = "dn" }
where = { stand = ["1", "2"] }
constants = { material = "cast iron" }
extra = true
crs = "EPSG:4548"
"""
SETTINGS = """language = "zh_CN"
colours = "dark"
user = "调度员"
hotline = "96116"
crew_speed_kmh = 25.0
expected_days = 30
"""
LIMITS = """version = "2024-01"
source = "own"
[[limit]]
channel = "pressure"
place = "network"
least = 0.14
most = 0.6
hysteresis = 0.01
priority = "medium"
[[limit]]
channel = "turbidity"
most = 1.0
article = "GB 5749"
"""
REQUESTS: tuple[dict[str, object], ...] = (
    {"burst": ["M3"]},
    {"burst": ["M3", "M5"], "valves": {"PRV1": {"state": "closed"}}, "ignore_one_way": True},
    {"burst": ["M2"], "valves": {"TCV1": {"operable": False}}, "shut_by_crews": ["TCV1"]},
)
_START = datetime(2024, 1, 3, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Corpus:
    """The folder of sound inputs. ``pipes``, ``places``: ids of the cities in it."""

    folder: Path
    parts: dict[str, bytes]
    """The files inside the sound package."""
    about: dict[str, object]
    """What its manifest says of the case."""

    @classmethod
    def made(cls, folder: Path) -> Corpus:
        """Write every input into ``folder``."""
        for name, text in (("net.inp", INP), ("p.toml", PROFILE), ("settings.toml", SETTINGS), ("limits.toml", LIMITS)):
            (folder / name).write_text(text, encoding="utf-8")
        (folder / "s.csv").write_text(
            "station_id,node,channel\nS1,J1,pressure\nS2,J3,pressure\nS3,J4,pressure\nS4,J5,pressure\nS5,J2,pressure\nS6,J4,level\nF1,PU1,flow\n"
        )
        _cities(folder)
        _layers(folder)
        _recordings(folder)
        _requests(folder)
        return cls(folder, *_cases(folder))


def _cities(folder: Path) -> None:
    options = ImportOptions(crs="EPSG:4548", stations=folder / "s.csv", assume_valves=True)
    city = import_city([folder / "net.inp"], options).city
    town = a_reviewed_town()
    crews = CrewTable.of(["C1", "C2"], name=["一队", "二队"], base_x=[500_000.0, 500_100.0], base_y=[4_058_000.0] * 2)
    write_city(replace(city, crews=crews, zones=town.zones, roads=town.roads), folder / "model.gpkg")
    write_city(town, folder / "town.gpkg")


def _layers(folder: Path) -> None:
    """Layers of a utility: as GeoJSON and Shapefile, with tables beside them."""
    for layer in ("pipes", "valves"):
        table = geopandas.read_file(folder / "town.gpkg", layer=layer)
        table.to_crs(4326).to_file(folder / f"{layer}.geojson", driver="GeoJSON")
    nodes = geopandas.read_file(folder / "town.gpkg", layer="nodes")
    nodes[["asset_id", "kind", "elevation_", "geometry"] if "elevation_" in nodes else ["asset_id", "kind", "geometry"]].to_file(
        folder / "nodes.shp", encoding="utf-8"
    )
    knoten = nodes.assign(nr=nodes["asset_id"], hoehe=3.0, art="0")[["nr", "hoehe", "art", "geometry"]]
    knoten.loc[knoten["nr"] == "R1", "art"] = "1"
    pipes = geopandas.read_file(folder / "town.gpkg", layer="pipes")
    ends = {"nr": pipes["asset_id"], "von": pipes["from_node"], "nach": pipes["to_node"], "dn": 200, "stand": "1"}
    knoten.to_file(folder / "gis.gpkg", layer="knoten")
    pipes.assign(**ends)[[*ends, "geometry"]].to_file(folder / "gis.gpkg", layer="leitungen")
    (folder / "customers.csv").write_text("asset_id,pipe,households,people,name\nK1,H10,4,10,a\nK2,V10,1,3,b\nK3,H00,9,20,c\n")
    (folder / "hydrants.csv").write_text("asset_id,x,y\nY1,500010,4058000\nY2,500210,4058010\n")
    assert pyogrio.list_layers(folder / "gis.gpkg").shape[0] == 2


def _recordings(folder: Path) -> None:
    """Two quiet days, and a day with a burst in it from its twentieth hour on."""
    quiet, rows = _readings(2, burst_at=None), _readings(1, burst_at=80)
    for name, listed in (("quiet.csv", quiet), ("r.csv", rows)):
        lines = [",".join(map(str, row)) for row in listed]
        (folder / name).write_text("time,station_id,channel,value,unit,quality\n" + "\n".join(lines))
    time, station, channel, value, unit, quality = map(list, zip(*rows, strict=True))
    columns = {"time": time, "station_id": station, "channel": channel, "value": value, "unit": unit, "quality": quality}
    pq.write_table(pa.table(columns), folder / "r.parquet")


def _readings(days: int, burst_at: int | None) -> list[tuple[str, str, str, float, str, str]]:
    rng = np.random.default_rng(days)
    start = _START - timedelta(days=days if burst_at is None else 0)
    rows = []
    for step in range(96 * days):
        drop = 0.08 if burst_at is not None and step >= burst_at else 0.0
        at = (start + timedelta(minutes=15 * step)).isoformat()
        for number, station in enumerate(("S1", "S2", "S3", "S4", "S5")):
            value = 0.3 + 0.001 * rng.random() - drop * (1 + number) / 5
            rows.append((at, station, "pressure", round(value, 5), "mpa", "good"))
    return rows


def _requests(folder: Path) -> None:
    (folder / "requests.jsonl").write_text("\n".join(map(json.dumps, REQUESTS)))
    window: dict[str, object] = {"starts": "2024-01-03T23:00", "ends": "2024-01-04T02:00+08:00"}
    overlaps = [json.dumps({"id": f"P{n}", **window, **dict(request)}) for n, request in enumerate(REQUESTS)]
    (folder / "overlaps.jsonl").write_text("\n".join(overlaps))
    pipes = [str(name) for name in read_city(folder / "model.gpkg").network.pipes.asset_id]
    events = [
        {
            "city": "model.gpkg", "detected_at": f"2024-01-03T0{n}:10:00+08:00", "lane": "fast",
            "candidates": [{"pipe": pipe, "probability": 0.5} for pipe in pipes[n : n + 2]], "set_90": pipes[n : n + 2],
        }
        for n in range(1, 4)
    ]  # fmt: skip
    (folder / "events.jsonl").write_text("\n".join(map(json.dumps, events)))
    leaks = [f"{pipes[n]},2024-01-03T0{n}:00,2024-01-03T0{n}:40,abrupt" for n in range(1, 4)]
    (folder / "truth.csv").write_text("pipe,start,end,type\n" + "\n".join(leaks))


def _cases(folder: Path) -> tuple[dict[str, bytes], dict[str, object]]:
    case = a_case()
    case = replace(case, city=replace(case.city, epanet=_model_of_town(folder)))
    write_package(case, folder / "case.incident")
    checked = verify_package(folder / "case.incident")
    names = (
        "incident_id",
        "title",
        "site",
        "since",
        "until",
        "time_zone",
        "is_drill",
        "synthetic",
        "clipped",
        "redacted",
        "program",
    )
    store = open_store(folder / "store.sqlite")
    chair = Chair(a_reviewed_town())
    store.commit(chair.desk.on_burst(chair.state, a_finding(), chair.now), Actor.named("quanmai"), chair.now)
    store.close()
    assert checked.manifest.incident_id == CASE
    return dict(checked.contents()), {name: getattr(checked.manifest, name) for name in names}


def _model_of_town(folder: Path) -> EpanetModel:
    return build_model(read_city(folder / "town.gpkg").network, ModelDetail(), "town")
