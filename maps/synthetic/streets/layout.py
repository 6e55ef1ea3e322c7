"""Procedural streets: superblocks between arterials, each with its own local grid, bent along the river.

Every superblock draws its own number of lines, their spacing, a twist and its gaps (campuses, parks, cut-off streets), so
local streets meet the arterials in T-junctions and no chessboard appears. Chains of superblocks carry a diagonal avenue.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maps.synthetic.options import SyntheticOptions
from maps.synthetic.streets.arterials import Sides, join_sides
from maps.synthetic.streets.graph import ARTERIAL, Array, Mask, Rows, Streets
from maps.synthetic.streets.superblocks import Interior, fill_blocks
from maps.synthetic.streets.terrain import Terrain
from maps.synthetic.streets.terrain_warp import Warp

CENTRE_X, CENTRE_Y = 500_000.0, 4_059_889.0
"""lon 117.0, lat 36.67 (Jinan) in EPSG:4548."""

_EDGES_A_BLOCK = 63.0
"""Edges a superblock yields on average after all gaps; only a first guess, corrected by a second round."""


@dataclass(frozen=True, eq=False)
class Plan:
    """Superblocks between arterials: the lines, the true corners and which superblocks are built.

    ``xs``, ``ys``: (ni + 1,), (nj + 1,) metres before warping; ``x``, ``y``: (ni + 1, nj + 1) corners, shaken off the
    lines; ``built``: (ni, nj); row j = 0 lies at the river.
    """

    xs: Array
    ys: Array
    x: Array
    y: Array
    built: Mask

    @property
    def width(self) -> float:
        """West to east, m."""
        return float(self.xs[-1] - self.xs[0])

    @property
    def depth(self) -> float:
        """River to the south, m."""
        return float(self.ys[0] - self.ys[-1])


@dataclass(frozen=True, eq=False)
class Layout:
    """Streets on their land. ``bank``: (k, 2) points of the dike; ``lake``: (k, 2) outline."""

    streets: Streets
    terrain: Terrain
    bank: Array
    lake: Array


def lay_out(options: SyntheticOptions) -> Layout:
    """Streets and land of a procedural city of about ``options.pipes`` streets; a pure function of the options.

    The land takes about a tenth of the streets away; the second round corrects the count for what it took.
    """
    blocks = options.pipes / _EDGES_A_BLOCK
    best = _attempt(options, blocks)
    for _ in range(5 if options.pipes <= 50_000 else 3 if options.pipes <= 200_000 else 1):
        if abs(best.streets.edges / options.pipes - 1.0) < 0.015:
            break
        blocks *= (options.pipes / best.streets.edges) ** 0.9
        layout = _attempt(options, blocks)
        if abs(layout.streets.edges - options.pipes) < abs(best.streets.edges - options.pipes):
            best = layout
    return best


def _attempt(options: SyntheticOptions, blocks: float) -> Layout:
    rng = np.random.default_rng([options.seed, 7])
    plan = _plan(blocks, rng)
    warp = Warp.around(plan.xs, plan.ys, rng)
    x0, y0 = float(plan.xs.mean()), float(plan.ys[0])
    terrain = Terrain.around(x0, y0, plan.width / 2, plan.depth, rng)
    sides, interior = fill_blocks(plan.x, plan.y, plan.built, rng)
    streets = _drawn(plan, sides, interior, warp, terrain, rng)
    keep = ~(terrain.unbuilt(streets.x, streets.y) | warp.in_lake(streets.x, streets.y))
    streets = streets.kept(keep[streets.u] & keep[streets.v]).largest_component().without_doubles().in_place_order()
    margin = 0.2 * plan.width
    bank = warp.bank(np.linspace(plan.xs[0] - margin, plan.xs[-1] + margin, 200))
    return Layout(streets, terrain, bank, warp.lake_ring())


def _plan(blocks: float, rng: np.random.Generator) -> Plan:
    """Arterial lines and the built superblocks: a city longer than deep, with a ragged outline, open to the river."""
    area = blocks * 1.45
    nj = max(2, round(float(np.sqrt(area / 2.6))))
    ni = max(2, int(np.ceil(area / nj)))
    widths = rng.uniform(760, 1350, ni)
    depths = rng.uniform(700, 1150, nj)
    xs = CENTRE_X + np.concatenate([[0.0], np.cumsum(widths)]) - widths.sum() / 2
    ys = CENTRE_Y + 0.42 * depths.sum() - np.concatenate([[0.0], np.cumsum(depths)])
    along = (np.arange(ni) + 0.5) / ni * 2 - 1
    south = (np.arange(nj) + 0.5) / nj
    outline = along[:, None] ** 2 + 0.75 * south[None, :] ** 2 + 0.25 * (1 - south[None, :]) ** 4
    ragged = 0.22 * np.sin(3.3 * along[:, None] + rng.uniform(0, 6)) * south[None, :] + rng.normal(0, 0.07, (ni, nj))
    score = (outline + ragged).ravel()
    built = np.zeros(ni * nj, dtype=bool)
    built[np.argsort(score, kind="stable")[: max(2, round(blocks))]] = True
    # Corners off the lines: arterials swing and no superblock is a rectangle. The river's dike stays a line.
    x = xs[:, None] + rng.normal(0, 95, (ni + 1, nj + 1)).clip(-210, 210)
    y = ys[None, :] + rng.normal(0, 85, (ni + 1, nj + 1)).clip(-190, 190) * (np.arange(nj + 1) > 0)
    return Plan(xs, ys, x, y, built.reshape(ni, nj))


def _drawn(plan: Plan, sides: Sides, interior: Interior, warp: Warp, terrain: Terrain, rng: np.random.Generator) -> Streets:
    """All nodes and edges on the plan, warped into the land and given their curves."""
    joined = join_sides(plan.x, plan.y, plan.built, sides)
    shift = len(joined.x)
    flat_x = np.concatenate([joined.x, interior.x])
    flat_y = np.concatenate([joined.y, interior.y])
    u = np.concatenate([joined.u, interior.end(interior.u, joined.of_end, shift)])
    v = np.concatenate([joined.v, interior.end(interior.v, joined.of_end, shift)])
    rank = np.concatenate([np.full(len(joined.u), ARTERIAL, dtype=np.int8), interior.rank])
    vertices, offsets = _curves(flat_x, flat_y, u, v, rank, warp, terrain, rng)
    x, y = warp.apply(flat_x, flat_y)
    return Streets(x, y, u, v, rank, vertices, offsets, np.full(len(u), "", dtype=object))


def _curves(
    x: Array, y: Array, u: Rows, v: Rows, rank: NDArray[np.int8], warp: Warp, terrain: Terrain, rng: np.random.Generator
) -> tuple[Array, Rows]:
    """Points of each edge: straight before warping but for a bulge of its own, stronger in the hills."""
    dx, dy = x[v] - x[u], y[v] - y[u]
    length = np.hypot(dx, dy)
    south = np.clip((terrain.y0 - y[u]) / terrain.depth, 0.0, 1.2)
    bend = np.where(rank == ARTERIAL, 0.008, 0.03 + 0.09 * np.clip(south - 0.55, 0.0, None)) * length
    bulge = rng.normal(0.0, 1.0, len(u)) * bend
    inner = np.clip(np.round(length / 75.0).astype(np.int64) - 1, 0, 5)
    straight = rng.random(len(u)) < np.where(rank == ARTERIAL, 0.2, 0.45)
    inner[straight] = 0
    offsets = np.concatenate([[0], np.cumsum(inner + 2)])
    edge = np.repeat(np.arange(len(u)), inner + 2)
    share = (np.arange(offsets[-1]) - offsets[edge]) / (inner[edge] + 1.0)
    side = np.sin(np.pi * share) * (bulge / np.maximum(length, 1.0))[edge]
    px = x[u][edge] + share * dx[edge] - side * dy[edge]
    py = y[u][edge] + share * dy[edge] + side * dx[edge]
    return np.column_stack(warp.apply(px, py)), offsets
