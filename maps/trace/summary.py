"""Trace summary: length by diameter and material, customers; and the profile along a path."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from maps.attachment import marked
from maps.city import City
from maps.columns import Floats, Ints
from maps.network import PipeNetwork
from maps.trace.result import Trace


@dataclass(frozen=True, eq=False)
class TraceSummary:
    """Lengths in m. ``by_diameter``: DN ("" unknown) -> length, smallest first; ``by_material``, longest first.

    ``customers``: rows on the pipes; ``households``, ``people``: their sums where known; ``critical``: rows among them.
    """

    length_m: float
    by_diameter: Mapping[str, float]
    by_material: Mapping[str, float]
    customers: Ints
    households: int
    people: int
    critical: Ints


def summary(city: City, trace: Trace) -> TraceSummary:
    """Summary of a trace. A pipe that a path passes twice counts once."""
    pipes, customers = city.network.pipes, city.customers
    rows = np.unique(trace.pipes)
    length = np.nan_to_num(pipes.length_m[rows])
    diameter = pipes.diameter_mm[rows]
    names = np.array([f"{value:g}" if np.isfinite(value) and value > 0 else "" for value in diameter], dtype=object)
    found = city.customers_on.rows_on(marked(len(pipes), rows))
    households, people = customers.households[found], customers.people[found]
    by_size, by_material = _sums(names, length), _sums(pipes.material[rows], length)
    return TraceSummary(
        float(length.sum()),
        dict(sorted(by_size.items(), key=lambda item: float(item[0] or "inf"))),
        dict(sorted(by_material.items(), key=lambda item: -item[1])),
        found,
        int(households[households > 0].sum()),
        int(people[people > 0].sum()),
        found[customers.critical[found] != ""] if len(found) else found,
    )


def _sums(names: np.ndarray[tuple[int, ...], np.dtype[np.object_]], length: Floats) -> dict[str, float]:
    keys, place = np.unique(names.astype(str), return_inverse=True)
    sums = np.bincount(place, weights=length, minlength=len(keys)) if len(keys) else np.empty(0)
    return {str(key): float(total) for key, total in zip(keys, sums, strict=True)}


@dataclass(frozen=True, eq=False)
class Profile:
    """Along a path, one value per node, (n,): metres from its start, elevation, head and pressure in m (NaN unknown)."""

    node: Ints
    along_m: Floats
    elevation_m: Floats
    head_m: Floats
    pressure_m: Floats


def profile(network: PipeNetwork, path: Trace, head_m: Floats | None = None) -> Profile:
    """The profile of a path from ``shortest_path`` or ``supply_path``; ``head_m``: (nodes,) of a solved state.

    Distances use the pipes' lengths; pumps and link valves have length 0.
    """
    nodes, pipes = path.nodes, network.pipes
    steps = np.zeros(len(nodes))
    at = 0
    for number in range(1, len(nodes)):
        ends = {int(nodes[number - 1]), int(nodes[number])}
        row = int(path.pipes[at]) if at < len(path.pipes) else -1
        if row >= 0 and {int(pipes.from_node[row]), int(pipes.to_node[row])} == ends:
            steps[number] = float(np.nan_to_num(pipes.length_m[row]))
            at += 1
    elevation = network.nodes.elevation_m[nodes]
    head = np.full(len(nodes), np.nan) if head_m is None else head_m[nodes]
    return Profile(nodes, np.cumsum(steps), elevation, head, head - elevation)
