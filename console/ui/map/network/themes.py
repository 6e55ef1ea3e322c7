"""Themes: colours of the pipes by material, year, metered zone, pressure zone or velocity, with the legend's entries.

Ramps are of the viridis family, trimmed to what is seen on the map's ground (its dark end by night, its bright end by day
leave); kinds without an order take the colours of Okabe and Ito. Both can be told apart by colour-blind people.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from console.ui.map.drawing.generalisation import Lines
from console.ui.map.drawing.line_levels import LineWork
from console.ui.map.layers import PipeTheme
from console.ui.map.network.flow import PipeFlows
from console.ui.map.scene import PIPE_CLASSES, Scene, pipe_classes
from console.ui.theme import Theme
from maps.city import City
from maps.network import PipeStatus
from maps.zones import zone_at

_VIRIDIS = (
    (68, 1, 84), (72, 40, 120), (62, 73, 137), (49, 104, 142), (38, 130, 142),
    (31, 158, 137), (53, 183, 121), (110, 206, 88), (181, 222, 43), (253, 231, 37),
)  # fmt: skip
_KINDS = ("#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#f0e442", "#0072b2")
_KINDS_BY_DAY = ("#2b8cc4", "#b87d00", "#00795a", "#a8557f", "#b34d00", "#8f8500", "#004f80")
_KINDS_MOST = len(_KINDS)
_YEARS = (1970, 1980, 1990, 2000, 2010, 2020)
_SPEEDS = (0.05, 0.2, 0.5, 1.0, 1.5)
"""m/s."""


@dataclass(frozen=True, slots=True)
class LegendEntry:
    """One colour of a theme. ``text``: as it is; or ``key``: of ``ui.theme.<key>``. ``share`` 0–1 on the ramp, or ``kind``."""

    text: str = ""
    key: str = ""
    share: float = -1.0
    kind: int = -1

    def colour(self, theme: Theme) -> QColor:
        """Its colour on the map."""
        if self.share >= 0:
            return ramp(theme, self.share)
        if self.kind >= 0:
            return QColor((_KINDS if theme.name == "dark" else _KINDS_BY_DAY)[self.kind % _KINDS_MOST])
        return theme.colour("map.pipe_0")


@dataclass(frozen=True, eq=False)
class Themed:
    """A theme's line work: class = entry × PIPE_CLASSES + width class. ``entry_of``: entry of each pipe, (pipes,)."""

    theme: PipeTheme
    entries: tuple[LegendEntry, ...]
    entry_of: NDArray[np.uint8]
    work: LineWork


def ramp(theme: Theme, share: float) -> QColor:
    """The ramp's colour at a share 0–1, low to high."""
    low, high = (0.3, 1.0) if theme.name == "dark" else (0.0, 0.8)
    at = (low + (high - low) * min(max(share, 0.0), 1.0)) * (len(_VIRIDIS) - 1)
    first = min(int(at), len(_VIRIDIS) - 2)
    rest = at - first
    a, b = _VIRIDIS[first], _VIRIDIS[first + 1]
    return QColor(*(round(a[i] + (b[i] - a[i]) * rest) for i in range(3)))


def themed(scene: Scene, theme: PipeTheme, flows: PipeFlows | None = None) -> Themed | None:
    """The line work of a theme, None for diameters (and for velocities until the model is solved).

    Takes a second per 200,000 pipes.
    """
    city = scene.city
    match theme:
        case PipeTheme.MATERIAL:
            entries, entry_of = _by_material(city)
        case PipeTheme.YEAR:
            entries, entry_of = _by_year(city)
        case PipeTheme.DMA:
            entries, entry_of = _by_dma(scene)
        case PipeTheme.ZONE:
            entries, entry_of = _by_pressure_zone(city)
        case PipeTheme.VELOCITY if flows is not None:
            entries, entry_of = _by_velocity(flows)
        case _:
            return None
    pipes = city.network.pipes
    klass = (entry_of.astype(np.int64) * PIPE_CLASSES + pipe_classes(pipes)).astype(np.uint8)
    work = LineWork(Lines(pipes.vertices, pipes.offsets, klass), len(entries) * PIPE_CLASSES)
    return Themed(theme, entries, entry_of, work)


def _by_material(city: City) -> tuple[tuple[LegendEntry, ...], NDArray[np.uint8]]:
    pipes = city.network.pipes
    names, of = np.unique(pipes.material.astype(str), return_inverse=True)
    length = np.bincount(of, weights=np.nan_to_num(pipes.length_m), minlength=len(names))
    known = [int(i) for i in np.argsort(-length) if names[i]][:_KINDS_MOST]
    number = np.zeros(len(names), dtype=np.uint8)
    for place, name in enumerate(known):
        number[name] = place + 1
    return (
        LegendEntry(key="other"),
        *(LegendEntry(text=str(names[i]), key="material", kind=k) for k, i in enumerate(known)),
    ), number[of]


def _by_year(city: City) -> tuple[tuple[LegendEntry, ...], NDArray[np.uint8]]:
    year = city.network.pipes.year_laid
    number = np.searchsorted(_YEARS, year, side="right").astype(np.uint8) + 1
    number[year <= 0] = 0
    spans = [f"< {_YEARS[0]}", *(f"{a}–{b - 1}" for a, b in pairwise(_YEARS)), f"≥ {_YEARS[-1]}"]
    shares = [i / len(_YEARS) for i in range(len(spans))]
    return (
        LegendEntry(key="unknown"),
        *(LegendEntry(text=t, share=s) for t, s in zip(spans, shares, strict=True)),
    ), number.astype(np.uint8)


def _by_dma(scene: Scene) -> tuple[tuple[LegendEntry, ...], NDArray[np.uint8]]:
    zones = scene.city.zones
    x, y = scene.pipe_middle
    row = zone_at(zones, "dma", x, y)
    rows = np.flatnonzero(zones.kind == "dma")
    place = np.searchsorted(rows, row)
    number = np.where(row >= 0, place % _KINDS_MOST + 1, 0).astype(np.uint8)
    if len(rows) <= _KINDS_MOST:
        entries = [LegendEntry(text=str(zones.name[r]), kind=k) for k, r in enumerate(rows)]
    else:  # more zones than colours: they repeat, and each zone's name is on the map
        alike = [zones.name[rows[k::_KINDS_MOST]] for k in range(_KINDS_MOST)]
        entries = [LegendEntry(text=f"{names[0]} +{len(names) - 1}", kind=k) for k, names in enumerate(alike)]
    return (LegendEntry(key="no_dma"), *entries), number


def _by_pressure_zone(city: City) -> tuple[tuple[LegendEntry, ...], NDArray[np.uint8]]:
    """Parts that hang together through open pipes alone: control valves and pumps are links of their own and part them."""
    pipes, nodes = city.network.pipes, city.network.nodes
    is_open = pipes.status == PipeStatus.OPEN
    ends = (pipes.from_node[is_open], pipes.to_node[is_open])
    graph = coo_array((np.ones(len(ends[0]), dtype=np.int8), ends), shape=(len(nodes), len(nodes)))
    part = connected_components(graph, directed=False)[1][pipes.from_node]
    size = np.bincount(part, weights=np.nan_to_num(pipes.length_m))
    rank = np.empty(len(size), dtype=np.int64)
    rank[np.argsort(-size, kind="stable")] = np.arange(len(size))
    number = np.where(rank[part] < _KINDS_MOST, rank[part] + 1, 0).astype(np.uint8)
    found = min(int((size > 0).sum()), _KINDS_MOST)
    named = (LegendEntry(key="zone", text=f"{k + 1} · {size[np.argsort(-size)[k]] / 1000:,.0f} km", kind=k) for k in range(found))
    return (LegendEntry(key="other_zone"), *named), number


def _by_velocity(flows: PipeFlows) -> tuple[tuple[LegendEntry, ...], NDArray[np.uint8]]:
    number = np.searchsorted(_SPEEDS, np.nan_to_num(flows.velocity_mps), side="right").astype(np.uint8) + 1
    number[~np.isfinite(flows.velocity_mps)] = 0
    pairs = pairwise(_SPEEDS)
    spans = [f"< {_SPEEDS[0]} m/s", *(f"{a}–{b} m/s" for a, b in pairs), f"≥ {_SPEEDS[-1]} m/s"]
    shares = [i / (len(spans) - 1) for i in range(len(spans))]
    return (
        LegendEntry(key="unknown"),
        *(LegendEntry(text=t, share=s) for t, s in zip(spans, shares, strict=True)),
    ), number.astype(np.uint8)
