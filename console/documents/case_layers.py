"""A case as map layers: the network, candidates, plan, valves, customers, stations, tracks. Public: communities only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely

from console.documents.community_outlines import communities_told
from console.documents.report.words import ReportWords
from console.domain.clock import moment
from console.domain.incidents import Incident
from console.domain.notices import NoticeStatus
from console.services.review.record import CaseRecord
from maps.city import City
from maps.export.qgis_styles import Look
from maps.export.vector_files import Layer
from maps.export.web.legend import COLOURS_OF_CASE as COLOURS
from maps.export.web.legend import WIDTH_CLASSES
from maps.network import ValveKind, ValveState

_OUT = (NoticeStatus.ISSUED, NoticeStatus.UPDATED, NoticeStatus.LIFTED)


def case_layers(record: CaseRecord, words: ReportWords, *, public: bool = False, network: bool = True) -> list[Layer]:
    """Layers in drawing order, without empty ones. ``network``: include all pipes and valves of the package."""
    if public:
        made = [_roads(record.city, words), _communities(record, words)]
    else:
        base = [_roads(record.city, words), _pipes(record.city, words), _valves(record.city, words)] if network else []
        made = [*base, *_plan(record, words), _steps(record, words), _customers(record, words), _stations(record, words)]
        made += [_tracks(record, words)]
    return [layer for layer in made if len(layer)]


def _pipes(city: City, words: ReportWords) -> Layer:
    pipes = city.network.pipes
    bounds = [least for least, _, _ in WIDTH_CLASSES]
    classes = tuple(
        (
            f'"diameter_mm" >= {low:g}' + (f' AND "diameter_mm" < {bounds[n + 1]:g}' if n + 1 < len(bounds) else "")
            if low
            else f'"diameter_mm" IS NULL OR "diameter_mm" < {bounds[1]:g}',
            words.catalogue.text(f"documents.map.pipes_{n}"),
            colour,
            width,
        )
        for n, (low, width, colour) in enumerate(WIDTH_CLASSES)
    )
    return Layer(
        "pipes",
        words("page.network"),
        "LineString",
        _lines(city, range(len(pipes))),
        {
            "asset_id": list(pipes.asset_id),
            "diameter_mm": list(pipes.diameter_mm),
            "material": list(pipes.material),
            "year_laid": [int(year) if year > 0 else None for year in pipes.year_laid],
            "length_m": list(pipes.length_m),
            "road_name": list(pipes.road_name),
        },
        Look(classes=classes),
    )


def _valves(city: City, words: ReportWords) -> Layer:
    valves = city.network.valves
    columns = {
        "asset_id": list(valves.asset_id),
        "kind": [ValveKind(code).name.lower() for code in valves.kind],
        "state": [ValveState(code).name.lower() for code in valves.state],
        "diameter_mm": list(valves.diameter_mm),
    }
    return Layer("valves", words("page.valves"), "Point", _points(valves.x, valves.y), columns, Look("#55606b", 5))


def _plan(record: CaseRecord, words: ReportWords) -> list[Layer]:
    case = record.incident
    probability = {one.pipe_id: one.probability for one in case.location.candidates} if case.location else {}
    parts: list[tuple[str, str, Sequence[str], str, float]] = [
        ("candidates", "candidates", tuple(probability), COLOURS["candidates"], 8),
        ("dry_pocket", "dry", case.plan.dry_pocket_pipes if case.plan else (), COLOURS["dry_pocket"], 5),
        ("zone", "zone", case.plan.zone_pipes if case.plan else (), COLOURS["zone"], 5),
        ("burst", "burst", case.burst_pipes, COLOURS["burst"], 3),
    ]
    pipes = record.city.network.pipes
    layers = []
    for name, title, ids, colour, width in parts:
        known = [pipe for pipe in ids if pipes.has(pipe)]
        columns: dict[str, Sequence[Any]] = {"asset_id": known}
        if name == "candidates":
            columns["probability"] = [round(probability[pipe], 5) for pipe in known]
        shapes = _lines(record.city, [pipes.row(pipe) for pipe in known])
        layers.append(Layer(name, words(f"page.{title}"), "LineString", shapes, columns, Look(colour, width)))
    return layers


def _steps(record: CaseRecord, words: ReportWords) -> Layer:
    case: Incident = record.incident
    steps = case.plan.valves_to_close if case.plan else ()
    marks = {mark.valve_id: mark for mark in case.valve_marks}
    reported = [marks.get(step.asset_id) for step in steps]
    columns: dict[str, Sequence[Any]] = {
        "asset_id": [step.asset_id for step in steps],
        "closing_order": [step.order for step in steps],
        "reported": ["" if mark is None else mark.unable.value if mark.unable else "closed" for mark in reported],
        "reported_at": ["" if mark is None else words.time(mark.at) for mark in reported],
        "reported_by": ["" if mark is None else mark.by for mark in reported],
        "turns": [step.turns for step in steps],
    }
    look = Look(
        width=11,
        label="closing_order",
        classes=(
            ("\"reported\" = 'closed'", words("page.valve_closed"), "#1f8a57", 11),
            ("\"reported\" = ''", words("page.valve_open"), "#f2d94a", 11),
            ("\"reported\" NOT IN ('closed', '')", words("page.valve_unable"), "#c8232c", 11),
        ),
    )
    points = _points(np.array([step.x for step in steps]), np.array([step.y for step in steps]))
    return Layer("valves_to_close", words("replay.valves"), "Point", points, columns, look)


def _customers(record: CaseRecord, words: ReportWords) -> Layer:
    table, plan = record.city.customers, record.incident.plan
    rows = [table.row(name) for name in plan.customers_without_water if table.has(name)] if plan else []
    columns = {
        "asset_id": list(table.asset_id[rows]),
        "name": list(table.name[rows]),
        "critical": list(table.critical[rows]),
        "community": list(table.community[rows]),
        "households": [int(count) for count in table.households[rows]],
        "supply": list(table.supply[rows]),
    }
    points = _points(table.x[rows], table.y[rows])
    return Layer("customers_without_water", words("page.customers"), "Point", points, columns, Look(COLOURS["customers"], 5))


def _stations(record: CaseRecord, words: ReportWords) -> Layer:
    table = record.city.stations
    evidence = {item.station_id: item for item in record.incident.evidence}
    found = [evidence.get(str(name)) for name in table.asset_id]
    columns = {
        "asset_id": list(table.asset_id),
        "name": list(table.name),
        "channels": list(table.channels),
        "abnormal": [item is not None for item in found],
        "observed": [None if item is None else item.observed for item in found],
        "expected": [None if item is None else item.expected for item in found],
    }
    classes = (
        ('"abnormal" = 1', words.catalogue.text("documents.map.abnormal"), COLOURS["abnormal"], 9.0),
        ('"abnormal" = 0', words("page.stations"), COLOURS["stations"], 5.0),
    )
    return Layer("stations", words("page.stations"), "Point", _points(table.x, table.y), columns, Look(classes=classes))


def _tracks(record: CaseRecord, words: ReportWords) -> Layer:
    """Each fix as a point with its time: what lies between two of them is not known, so no line joins them."""
    tracks = record.tracks
    columns = {
        "asset_id": [str(name) for name in tracks.crew_id],
        "at": [words.time(moment(at)) for at in tracks.at_us.tolist()],
    }
    return Layer("crew_tracks", words("page.crews"), "Point", _points(tracks.x, tracks.y), columns, Look(COLOURS["crew"], 3))


def _communities(record: CaseRecord, words: ReportWords) -> Layer:
    public = [notice for notice in record.incident.notices if notice.status in _OUT]
    zones = record.city.zones
    told = communities_told(zones, public[-1].facts) if public else {}
    rows = list(told)
    columns = {"name": [str(zones.name[row]) for row in rows], "effect": list(told.values())}
    classes = (
        ("\"effect\" = 'no_water'", words("page.no_water_communities"), COLOURS["no_water"], 2.0),
        ("\"effect\" = 'low_pressure'", words("page.low_communities"), COLOURS["low_pressure"], 2.0),
    )
    shapes = _objects([shapely.multipolygons(_polygons(zones.geometry[row])) for row in rows])
    return Layer("affected", words("page.area"), "MultiPolygon", shapes, columns, Look(classes=classes))


def _roads(city: City, words: ReportWords) -> Layer:
    roads = city.roads
    shapes, names = [], []
    for row in range(len(roads)):
        for part in shapely.get_parts(roads.geometry[row]) if roads.geometry[row] is not None else ():
            if part.geom_type == "LineString" and not part.is_empty:
                shapes.append(part)
                names.append(str(roads.name[row]))
    return Layer("roads", words("page.roads"), "LineString", _objects(shapes), {"name": names}, Look("#c9c6c0", 2))


def _polygons(shape: Any) -> list[Any]:
    return [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]


def _lines(city: City, rows: Sequence[int]) -> Any:
    pipes = city.network.pipes
    known = [pipes.points(row) for row in rows]
    return _objects([shapely.LineString(points) if np.isfinite(points).all() else None for points in known])


def _points(x: Any, y: Any) -> Any:
    points = np.empty(len(x), dtype=object)
    known = np.isfinite(np.asarray(x, dtype=np.float64)) & np.isfinite(np.asarray(y, dtype=np.float64))
    if known.any():
        points[known] = shapely.points(np.asarray(x)[known], np.asarray(y)[known])
    return points


def _objects(items: Sequence[Any]) -> Any:
    array = np.empty(len(items), dtype=object)
    array[:] = items
    return array
