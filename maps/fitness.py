"""How far a city's data serve isolation, hydraulics and notices: shares of the data that are usable, and the weakest of each.

The weakest part decides a purpose's score: a plan is only as good as the valves it relies on, whatever else is known.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maps.city import City
from maps.isolation.graph.segments import build_segments
from maps.network import CONTROL_VALVES, NodeKind, ValveState
from maps.trace import islands


@dataclass(frozen=True, slots=True)
class Fitness:
    """One purpose. ``parts``: name -> share of the data that is usable, 0 to 1, weakest first. ``score``: 0 to 100."""

    purpose: str
    parts: tuple[tuple[str, float], ...]

    @property
    def score(self) -> int:
        """The weakest part in percent, rounded down: 100 only where nothing is missing."""
        return int(100 * min((share for _, share in self.parts), default=0.0) + 1e-9)

    @property
    def weakest(self) -> str:
        """The part that decides, "" where nothing is missing."""
        return self.parts[0][0] if self.parts and self.parts[0][1] < 1.0 else ""


def fitness(city: City) -> tuple[Fitness, ...]:
    """Scores for isolation, hydraulics and notices, in this order.

    Parts, as shares of pipe length (L), or of rows: ``connected`` L with a way to a source; ``can_be_cut`` L whose segment has no
    source inside; ``valves_known`` valves with a real place and state (not assumed, in doubt or unknown; control valves do not
    count); ``diameters``, ``lengths`` L known; ``elevations`` junctions with an elevation other than the default 0;
    ``source_heads`` sources with a head; ``demands`` measured or given, not estimated from a model, by customers;
    ``customers_placed`` customers on a pipe; ``customers_known`` not estimated; ``communities`` customers in a named community;
    ``roads`` L with a road name; ``georeferenced`` 1 or 0.
    """
    return (_made("isolation", _isolation(city)), _made("hydraulics", _hydraulics(city)), _made("notices", _notices(city)))


def fitness_json(city: City) -> dict[str, dict[str, object]]:
    """The scores as JSON values: purpose -> score, weakest, parts."""
    return {
        one.purpose: {"score": one.score, "weakest": one.weakest, "parts": {name: round(share, 4) for name, share in one.parts}}
        for one in fitness(city)
    }


def _made(purpose: str, parts: dict[str, float]) -> Fitness:
    return Fitness(purpose, tuple(sorted(parts.items(), key=lambda part: part[1])))


def _isolation(city: City) -> dict[str, float]:
    network = city.network
    graph, weights = build_segments(network), _weights(city)
    cut = ~np.isin(graph.of_pipe, list(graph.sources_of))
    valves = network.valves
    counted = ~np.isin(valves.kind, CONTROL_VALVES)
    known = ~valves.assumed & (valves.placing == "") & (valves.state != ValveState.UNKNOWN)
    return {"connected": _connected(city), "can_be_cut": _weighted(cut, weights), "valves_known": _share(known[counted])}


def _hydraulics(city: City) -> dict[str, float]:
    network, weights = city.network, _weights(city)
    nodes, pipes = network.nodes, network.pipes
    fixed = (nodes.kind >= NodeKind.SOURCE) & (nodes.kind != NodeKind.TANK)
    estimated = city.customers.estimated
    elevations = nodes.elevation_m[nodes.kind == NodeKind.JUNCTION]
    return {
        "connected": _connected(city),
        "diameters": _weighted(pipes.diameter_mm > 0, weights),
        "lengths": _share(pipes.length_m > 0),
        "elevations": _share(np.isfinite(elevations) & (elevations != 0.0)),  # 0: the default of a missing column
        "source_heads": _share(np.isfinite(nodes.head_m[fixed])),
        "demands": _share(~estimated),
    }


def _notices(city: City) -> dict[str, float]:
    customers = city.customers
    return {
        "customers_placed": _share(customers.pipe >= 0),
        "customers_known": _share(~customers.estimated),
        "communities": _share(customers.community != ""),
        "roads": _weighted(city.network.pipes.road_name != "", _weights(city)),
        "georeferenced": float(city.network.georeferenced),
    }


def _connected(city: City) -> float:
    _, label, fed = islands(city.network)
    pipes = city.network.pipes
    return _weighted(fed[label[pipes.from_node]], _weights(city)) if len(pipes) else 0.0


def _weights(city: City) -> NDArray[np.float64]:
    """Lengths of the pipes in metres, (pipes,); an unknown length counts as the mean of the known ones."""
    lengths = city.network.pipes.length_m
    known = lengths[lengths > 0]
    return np.where(lengths > 0, lengths, known.mean() if len(known) else 1.0)


def _weighted(mask: NDArray[np.bool_], weights: NDArray[np.float64]) -> float:
    total = float(weights.sum())
    return float(weights[mask].sum()) / total if total > 0 else 0.0


def _share(mask: NDArray[np.bool_]) -> float:
    """Share of true rows; 0 without any row: what is missing serves no purpose."""
    return float(np.mean(mask)) if len(mask) else 0.0
