"""Networks of the packages wntr and epyt with pumps and tanks, as cities with stations; models of one moment get a day."""

from __future__ import annotations

import re
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.vq import kmeans2

from maps.city import City, StationTable
from maps.columns import Floats
from maps.errors import InputFault
from maps.hydraulics.session import EpanetSession
from maps.importers import ImportOptions, import_city
from maps.network import NodeKind

_PLACES = ("wntr/library/networks", "epyt/networks/asce-tf-wdst", "epyt/networks/exeter-benchmarks")
TABLE_NETWORKS = ("Net3", "ky2", "ky4", "ky6", "ky8", "Net6")
APART = ("BWSN_Network_1",)
"""Its bursts move stations by centimetres: reported beside the table, not in its totals."""

_LEAST_STATIONS = 5
_LEAST_PRESSURE_M = 5.0
"""A gauge on the suction side of a pump or beside a source shows nothing of the city."""


def shipped(name: str) -> Path:
    """The .inp file of a network in the packages wntr and epyt. Raises InputFault."""
    for place in _PLACES:
        package, _, folder = place.partition("/")
        found = find_spec(package)
        path = Path(found.origin).parent / folder / f"{name}.inp" if found is not None and found.origin else Path()
        if path.is_file():
            return path
    raise InputFault(f"{name}.inp is in neither wntr nor epyt; give its file by --inp, or install the packages")


def nominal_city(inp: Path, nodes_per_station: int, seed: int) -> City:
    """The city of an .inp file as a utility holds it, with all stations: pressures first, then those of a control room.

    One pressure station per ``nodes_per_station`` junctions (at least five), spread over the coordinates. Control room: levels
    of tanks, state and flow of pumps, flow out of sources, position of pipes and valves that the model's controls switch.
    Raises InputFault: no pump or no tank, or a day that EPANET cannot solve.
    """
    city = import_city([inp], ImportOptions()).city
    if city.epanet is None or not len(city.network.pumps) or not (city.network.nodes.kind == NodeKind.TANK).any():
        raise InputFault(f"{inp}: without a pump and a tank; this bench is for pumped networks")
    model = replace(city.epanet, inp=daily(city.epanet.inp))
    city = replace(city, epanet=model, info=replace(city.info, time_zone="UTC"))
    return replace(city, stations=_stations(city, nodes_per_station, seed))


def pressures_only(city: City) -> City:
    """The same city with its pressure stations only; their rows stay the same."""
    stations = city.stations
    kept = np.flatnonzero(stations.channels == "pressure")
    columns = {each: getattr(stations, each)[kept] for each in StationTable.column_kinds()}
    return replace(city, stations=StationTable(**columns))


def daily(inp: str) -> str:
    """The model's text so that it can run for weeks: a duration of a day where it has none, timed controls by the clock.

    A control ``AT TIME`` acts once in EPANET; those of the first day are repeated daily, those of later days dropped.
    """
    lines, section = [], ""
    for line in inp.splitlines():
        if line.lstrip().startswith("["):
            section = line.strip().upper()[:5]
        changed = _by_clock(line) if section == "[CONT" else line
        if changed is not None:
            lines.append(_with_day(changed) if section == "[TIME" else changed)
    return "\n".join(lines) + "\n"


def _with_day(line: str) -> str:
    found = re.match(r"(?i)\s*duration\s+(\S+)", line)
    return " Duration 24:00" if found is not None and _hours(found.group(1)) < 24.0 else line


def _by_clock(line: str) -> str | None:
    found = re.match(r"(?i)(\s*link\s+\S+\s+\S+)\s+at\s+time\s+(\S+)", line)
    if found is None:
        return line
    hours = _hours(found.group(2))
    if hours <= 0.0:
        return line
    minutes = round(hours * 60.0)
    return f"{found.group(1)} AT CLOCKTIME {minutes // 60}:{minutes % 60:02d}" if hours < 24.0 else None


def _hours(text: str) -> float:
    """Hours of ``24``, ``24:00`` or ``24:00:00``."""
    return sum(float(part) / 60.0**place for place, part in enumerate(text.split(":")))


def switched_links(city: City) -> list[str]:
    """Asset ids of pipes and valves that the model's controls open and close."""
    model = city.epanet
    assert model is not None
    section = re.search(r"(?ims)^\s*\[CONTROLS\](.*?)(?=^\s*\[|\Z)", model.inp)
    named = set(
        re.findall(r"(?im)^\s*link\s+(\S+)\s+(?:open|closed)\s+(?:if|at\s+clocktime)", section.group(1) if section else "")
    )
    rules = re.search(r"(?ims)^\s*\[RULES\](.*?)(?=^\s*\[|\Z)", model.inp)
    named |= set(
        re.findall(r"(?im)^\s*(?:then|else|and)\s+(?:link|pipe|valve)\s+(\S+)\s+status", rules.group(1) if rules else "")
    )
    links = (model.kind == "pipe") | (model.kind == "valve")
    return [str(asset) for asset, own in zip(model.asset_id[links], model.epanet_id[links], strict=True) if str(own) in named]


def _stations(city: City, nodes_per_station: int, seed: int) -> StationTable:
    nodes, pumps = city.network.nodes, city.network.pumps
    rows = _spread(city, nodes_per_station, seed)
    tanks = np.flatnonzero(nodes.kind == NodeKind.TANK)
    pumped = [str(asset) for asset, start in zip(pumps.asset_id, pumps.from_node, strict=True) if start >= 0]
    sources, switched = [name for name in _at_sources(city) if name not in pumped], switched_links(city)
    flowing = sources + [name for name in switched if name not in sources]
    count = len(rows) + len(tanks)
    ids = [f"P-{nodes.asset_id[row]}" for row in rows] + [f"L-{nodes.asset_id[row]}" for row in tanks]
    ids += [f"Q-{name}" for name in pumped + flowing]
    at = np.concatenate([rows, tanks, np.full(len(pumped) + len(flowing), -1)]).astype(np.int64)
    both = ["flow" if name not in switched else "flow,valve_position" for name in flowing]
    return StationTable.of(
        ids,
        name=ids,
        node=at,
        link=[""] * count + pumped + flowing,
        channels=["pressure"] * len(rows) + ["level"] * len(tanks) + ["pump_on,flow"] * len(pumped) + both,
        x=np.where(at >= 0, nodes.x[at], np.nan),
        y=np.where(at >= 0, nodes.y[at], np.nan),
    )


def _at_sources(city: City) -> dict[str, float]:
    """Asset ids of links at sources with a fixed head -> 1 where their flow enters the city, else -1."""
    network, fixed = city.network, city.network.nodes.kind == NodeKind.SOURCE
    found = {}
    links = [
        (network.pipes.asset_id, network.pipes.from_node, network.pipes.to_node),
        (network.pumps.asset_id, network.pumps.from_node, network.pumps.to_node),
        (network.valves.asset_id, network.valves.from_node, network.valves.to_node),
    ]
    for ids, starts, ends in links:
        enters = np.where((starts >= 0) & (ends >= 0), fixed[starts].astype(int) - fixed[ends].astype(int), 0)
        found.update({str(ids[row]): float(enters[row]) for row in np.flatnonzero(enters)})
    return found


def source_meters(city: City) -> tuple[NDArray[np.int64], Floats]:
    """(rows of the stations on links at sources with a fixed head, 1 where their flow enters the city, else -1)."""
    signs = _at_sources(city)
    rows = [row for row, link in enumerate(city.stations.link) if str(link) in signs]
    return np.array(rows, dtype=np.int64), np.array([signs[str(city.stations.link[row])] for row in rows])


def _spread(city: City, nodes_per_station: int, seed: int) -> NDArray[np.int64]:
    """Rows of junctions, one nearest to each of k centres of all junctions with service pressure."""
    nodes = city.network.nodes
    with EpanetSession(city) as session:
        day = session.solve_day(3600)
    if not all(state.converged for state in day):
        raise InputFault(f"{city.info.name}: EPANET does not solve its day: {next(s.message for s in day if not s.converged)}")
    least: Floats = np.min([state.pressure_m for state in day], axis=0)
    junction = nodes.kind == NodeKind.JUNCTION
    able = np.flatnonzero(junction & (least > _LEAST_PRESSURE_M))
    if len(able) < _LEAST_STATIONS:
        raise InputFault(f"{city.info.name}: only {len(able)} junctions keep {_LEAST_PRESSURE_M:g} m of pressure all day")
    count = max(_LEAST_STATIONS, round(int(junction.sum()) / nodes_per_station))
    place = np.column_stack([nodes.x[able], nodes.y[able]])
    centres, _ = kmeans2(place, min(count, len(able)), seed=np.random.default_rng((seed, 40)), minit="++")
    chosen: list[int] = []
    for centre in centres:
        order = np.argsort(((place - centre) ** 2).sum(axis=1), kind="stable")
        chosen.append(next(int(able[row]) for row in order if int(able[row]) not in chosen))
    return np.sort(np.array(chosen, dtype=np.int64))
