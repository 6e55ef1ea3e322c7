"""DMA boundaries through the meters: plants and pumping stations lie outside the zone that their metered mains enter."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from maps.city import City
from maps.network import NodeKind
from maps.zones import zone_at


def metered_zones(city: City) -> NDArray[np.int64]:
    """DMA row of every node, (nodes,), -1 for none.

    Polygons put a pumping station's outlet into the zone it feeds, but its meters are on the mains downstream. Where all of
    those are metered, the outlet is assigned to the suction side, so that the boundary runs through the meters. A source that
    only pumps and metered mains leave belongs to no zone.
    """
    network = city.network
    pipes, pumps, nodes = network.pipes, network.pumps, network.nodes
    zone = np.array(zone_at(city.zones, "dma", nodes.x, nodes.y), dtype=np.int64)
    measured = np.array(["flow" in str(names).split(",") for names in city.stations.channels], dtype=bool)
    links = {str(link) for link, flow in zip(city.stations.link, measured, strict=True) if link and flow}
    lifts = np.flatnonzero((pumps.from_node >= 0) & (pumps.to_node >= 0))

    def all_metered(node: int) -> bool:
        return all(str(pipes.asset_id[pipe]) in links for pipe in network.pipes_at(node))

    for source in np.flatnonzero(nodes.kind >= NodeKind.SOURCE).tolist():
        if nodes.kind[source] != NodeKind.TANK and all_metered(source):
            zone[source] = -1
    for pump in lifts.tolist():
        outlet = int(pumps.to_node[pump])
        if len(network.pipes_at(outlet)) and all_metered(outlet):
            zone[outlet] = zone[int(pumps.from_node[pump])]
    return zone
