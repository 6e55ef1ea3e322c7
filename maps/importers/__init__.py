"""Imports EPANET files and GIS layers as a ``City``: ``import_city(sources, ImportOptions) -> ImportResult``.

``readers``: GIS files as standard layers; ``topology``: nodes, pipes and valves; ``epanet``: .inp files and layers over them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from maps.city import City, CityInfo
from maps.errors import Fault, InputFault, Severity
from maps.importers.completion import RESIDENTS_PER_M3_DAY, estimated_customers, stations_from_csv, with_assumed_valves
from maps.importers.epanet.inp_reader import read_inp
from maps.importers.options import ImportOptions, ImportResult, site_of
from maps.importers.readers.profile import read_profile
from maps.zones import with_communities

__all__ = ["ImportOptions", "ImportResult", "import_city"]


def import_city(sources: Sequence[Path], options: ImportOptions) -> ImportResult:
    """Import a city from one .inp file, from GIS layers, or from one .inp file with layers laid over it.

    A clean import is a pure function of its input. Raises InputFault with every fatal fault, and for sources that are
    missing or of which two are .inp files.
    """
    if not sources:
        raise InputFault("no source given; name an .inp file or GIS layers")
    missing = next((path for path in sources if not path.exists()), None)
    if missing is not None:
        raise InputFault(f"{missing}: no such file; check the path")
    inps = [path for path in sources if path.suffix.lower() == ".inp"]
    if len(inps) > 1:
        raise InputFault(f"{inps[0]}, {inps[1]}: a city has one .inp file; import them one at a time")
    if options.repairs and len(inps) == len(sources):
        raise InputFault(f"{inps[0]}: repairs are made on GIS layers; correct the model itself")
    city, faults = _from_inp(inps[0], options) if inps else _from_layers(sources, options)
    others = [path for path in sources if path not in inps]
    if inps and others:
        city = _overlaid(city, others, options, faults)
    city = _completed(city, options, faults)
    from maps.check import network_faults

    # Ambiguous valve positions are already among the import's own faults, with more detail.
    listed = (*faults, *(fault for fault in network_faults(city) if fault.code != "valve_placing"))
    return ImportResult(city, tuple(sorted(listed, key=lambda fault: list(Severity).index(fault.severity))))


def _from_inp(path: Path, options: ImportOptions) -> tuple[City, list[Fault]]:
    network, model, faults = read_inp(path, options.crs, read_profile(options.profile).encoding)
    name = options.name or path.stem
    assumed = () if options.crs else ("the coordinates are taken as a local grid: not georeferenced",)
    return City(CityInfo(name, site_of(name), assumed=assumed), network, epanet=model), list(faults)


def _from_layers(sources: Sequence[Path], options: ImportOptions) -> tuple[City, list[Fault]]:
    # GIS readers are slow to load, and an .inp does not need them.
    from maps.importers.layered_city import read_layers

    city, faults = read_layers(sources, options)
    return city, list(faults)


def _overlaid(city: City, sources: Sequence[Path], options: ImportOptions, faults: list[Fault]) -> City:
    from maps.importers.epanet.overlay import overlaid

    return overlaid(city, sources, options, faults)


def _completed(city: City, options: ImportOptions, faults: list[Fault]) -> City:
    assumed = list(city.info.assumed)
    if options.assume_valves:
        city = replace(city, network=with_assumed_valves(city.network))
        assumed.append("isolation valves are assumed at both ends of every pipe")
    if not len(city.customers):
        city = replace(city, customers=estimated_customers(city.network))
    if city.customers.estimated.any() and not any("customers" in line for line in assumed):
        assumed.append(f"customers are estimated from node demands, {RESIDENTS_PER_M3_DAY:g} residents per m³/day")
    city = with_communities(replace(city, info=replace(city.info, assumed=tuple(assumed))))
    return _with_stations(city, options, faults)


def _with_stations(city: City, options: ImportOptions, faults: list[Fault]) -> City:
    if options.stations is None:
        return city
    if isinstance(options.stations, Path):
        return replace(city, stations=stations_from_csv(city, options.stations, faults, read_profile(options.profile).encoding))
    from maps.locate.station_placement import default_station_count, place_stations

    asked = options.stations.partition(":")[2]
    if asked and not (asked.isdigit() and int(asked) > 0):
        raise InputFault(f"--stations {options.stations}: expected auto or auto:N with N a whole number above 0")
    placed = place_stations(city, int(asked) if asked else default_station_count(city.network))
    note = f"{len(placed)} stations are placed by the program, not the utility's"
    return replace(city, stations=placed, info=replace(city.info, assumed=(*city.info.assumed, note)))
