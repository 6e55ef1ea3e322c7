"""build_city: streets → zones → people → pipes → equipment → model, one City."""

from __future__ import annotations

import numpy as np
import shapely

from maps.city import City, CityInfo, ShapeTable
from maps.columns import Texts
from maps.network import PipeNetwork
from maps.synthetic import names
from maps.synthetic.customers import customer_table, node_demand_m3h, settle
from maps.synthetic.network.asset_tables import crew_table, hydrant_table, plant_table, station_table
from maps.synthetic.network.dmas import meter
from maps.synthetic.network.feeds import install
from maps.synthetic.network.hydraulic_model import model
from maps.synthetic.network.isolation_valves import site_valves
from maps.synthetic.network.pipe_sizing import size
from maps.synthetic.network.pipe_tables import lay, node_table, pipe_table, pump_table, valve_table
from maps.synthetic.network.pressure_zones import divide
from maps.synthetic.options import MODEL_LIMIT, SyntheticOptions
from maps.synthetic.streets.graph import Rows, Streets
from maps.synthetic.streets.landscape import land
from maps.synthetic.streets.street_names import name_streets
from maps.synthetic.zones import settle_territory

CRS = "EPSG:4548"
_INVENTED = "the whole city is invented: streets, pipes, people, demands and pressures are procedural, not any utility's"


def build_city(options: SyntheticOptions) -> City:
    """A procedural city, the same for the same options. Raises InputFault for a street layer that cannot be used."""
    streets, terrain, water, places = land(options)
    rng = np.random.default_rng([options.seed, 11])
    plumbing = install(streets, divide(streets, terrain.elevation_m(streets.x, streets.y)), rng)
    streets = plumbing.streets
    metering = meter(plumbing, rng)
    people = settle(plumbing, rng)
    demand = node_demand_m3h(plumbing, people)
    sizing = size(plumbing, metering.closed, demand, rng)
    part, road_name = name_streets(streets)
    sites = site_valves(streets, sizing.diameter_mm, metering.closed, rng)
    territory = settle_territory(streets, ~metering.closed, metering.dma, water.geometry)
    network = PipeNetwork(
        node_table(plumbing, demand),
        pipe_table(streets, sizing.diameter_mm, part, road_name, lay(streets, sizing.diameter_mm, rng), rng),
        pump_table(plumbing),
        valve_table(plumbing, sites, sizing.diameter_mm, rng),
        CRS,
    )
    modelled = options.model if options.model is not None else streets.edges <= MODEL_LIMIT * 1.05
    return City(
        CityInfo(options.name, options.site, synthetic=True, assumed=_assumed(options, modelled)),
        network,
        hydrant_table(plumbing, sizing.diameter_mm),
        plant_table(plumbing),
        crew_table(plumbing, rng),
        station_table(plumbing, metering.metered, network.pipes.asset_id, network.valves, network.pumps, road_name),
        customer_table(plumbing, people, territory, road_name, rng),
        territory.zones,
        _road_layer(streets, part, road_name),
        water,
        places,
        model(plumbing, network, sizing, options.name) if modelled else None,
    )


def _assumed(options: SyntheticOptions, modelled: bool) -> tuple[str, ...]:
    said = [_INVENTED]
    if options.roads is not None:
        said.append(f"pipes are laid along the streets of {options.roads.name}; the land's elevation is invented")
    if not modelled:
        said.append(f"no hydraulic model: it is written up to {MODEL_LIMIT:,} pipes")
    return tuple(said)


def _road_layer(streets: Streets, part: Rows, road_name: Texts) -> ShapeTable:
    """One multi-line per street with its name and class, without the plants' own mains."""
    owner = np.repeat(np.arange(streets.edges), np.diff(streets.offsets))
    lines = np.asarray(shapely.linestrings(streets.vertices, indices=owner))
    order = np.argsort(part, kind="stable")
    first = np.flatnonzero(np.concatenate([[True], np.diff(part[order]) != 0]))
    whole = shapely.multilinestrings(lines[order], indices=part[order])
    lead = order[first]
    kind = np.array(["arterial", "collector", "local"], dtype=object)[streets.rank[lead].astype(np.int64)]
    return ShapeTable(names.numbered("R", len(lead)), road_name[lead], kind, geometry=np.asarray(whole))
