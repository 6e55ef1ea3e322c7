"""Joins street pieces into streets and names them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from maps.synthetic import names
from maps.synthetic.streets.graph import ARTERIAL, Array, Rows, Streets

_STRAIGHT = float(np.cos(np.radians(38.0)))
"""Two pieces at a node are one street when it turns by less than this."""


def name_streets(streets: Streets) -> tuple[Rows, NDArray[np.object_]]:
    """Street of each edge (m,) and its name (m,): pieces that go on straight ahead share one; the longest get the known names.

    Names the source gave are kept.
    """
    part = _streets_of(streets)
    size = np.bincount(part, weights=streets.length_m)
    rank = np.full(len(size), 9)
    np.minimum.at(rank, part, streets.rank)
    order = np.lexsort((-size, rank))
    arterials = int((rank == ARTERIAL).sum())
    listed = [names.arterial(k) if k < arterials else names.street(k - arterials) for k in range(len(order))]
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    named = names.look_up(listed, place[part])
    given = streets.street != ""
    return part, np.where(given, streets.street, named)


def _streets_of(streets: Streets) -> Rows:
    """Connected pieces over straight-ahead pairs of one class at each node."""
    a, b, node = _pairs(streets)
    straight = _agreement(streets, a, b, node)
    same = streets.rank[a] == streets.rank[b]
    good = np.flatnonzero((straight > _STRAIGHT) & same)
    good = good[np.argsort(-straight[good], kind="stable")]
    # An end joins its best partner only: a pair counts when it is the first for both of its ends.
    end_a, end_b = _end(streets, a[good], node[good]), _end(streets, b[good], node[good])
    place = np.arange(len(good))
    best = np.full(2 * streets.edges, len(good))
    np.minimum.at(best, end_a, place)
    np.minimum.at(best, end_b, place)
    mutual = good[(best[end_a] == place) & (best[end_b] == place)]
    graph = coo_matrix((np.ones(len(mutual)), (a[mutual], b[mutual])), shape=(streets.edges, streets.edges))
    label: Rows = connected_components(graph, directed=False)[1].astype(np.int64)
    return label


def _end(streets: Streets, edge: Rows, node: Rows) -> Rows:
    return np.asarray(2 * edge + (streets.v[edge] == node), dtype=np.int64)


def _pairs(streets: Streets) -> tuple[Rows, Rows, Rows]:
    """All pairs of edges that meet at a node."""
    ends = np.concatenate([streets.u, streets.v])
    rows = np.tile(np.arange(streets.edges), 2)
    order = np.argsort(ends, kind="stable")
    ends, rows = ends[order], rows[order]
    first, second, node = [], [], []
    for step in range(1, int(streets.degree.max())):
        near = ends[:-step] == ends[step:]
        first.append(rows[:-step][near])
        second.append(rows[step:][near])
        node.append(ends[:-step][near])
    return np.concatenate(first), np.concatenate(second), np.concatenate(node)


def _agreement(streets: Streets, a: Rows, b: Rows, node: Rows) -> Array:
    """Cosine of the turn between two edges at a node: 1 straight ahead."""
    da, db = _direction(streets, a, node), _direction(streets, b, node)
    return np.asarray(-(da * db).sum(axis=1))


def _direction(streets: Streets, edge: Rows, node: Rows) -> Array:
    """Unit vector from the node along the edge's first piece, (k, 2)."""
    start = streets.u[edge] == node
    at = np.where(start, streets.offsets[edge], streets.offsets[edge + 1] - 1)
    step = streets.vertices[np.where(start, at + 1, at - 1)] - streets.vertices[at]
    return np.asarray(step / np.maximum(np.hypot(step[:, 0], step[:, 1]), 1e-9)[:, None])
