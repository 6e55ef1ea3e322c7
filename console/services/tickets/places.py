"""Which customers and pipes a caller's place means: a point, a customer, a pipe, a community, a road."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from maps.city import City
from maps.index import PipeIndex

if TYPE_CHECKING:
    from scipy.spatial import cKDTree

CUSTOMER_M = 80.0
"""A point belongs to the nearest customer within this distance."""
PIPE_M = 150.0
"""Without a customer near: to the nearest pipe within this distance. Farther away its place is not matched."""
ALSO_M = 25.0
"""Customers not farther than this behind the nearest one may be meant as well."""

Rows = NDArray[np.int64]
_NONE: Rows = np.empty(0, dtype=np.int64)


def _none() -> Rows:
    return _NONE


@dataclass(frozen=True, eq=False)
class CallerPlace:
    """What a place means.

    ``customers``: rows of the customers that may be meant; ``pipes``: rows of pipes, where no customer is meant.
    ``x``/``y``: the network's CRS, NaN where unknown; ``away_m``: from the point to the nearest customer or pipe, 0 for
    a chosen asset. ``by``: customer, pipe, community, road; "" not matched.
    """

    by: str = ""
    customers: Rows = field(default_factory=_none)
    pipes: Rows = field(default_factory=_none)
    x: float = float("nan")
    y: float = float("nan")
    away_m: float = float("nan")

    @property
    def is_matched(self) -> bool:
        """Whether it means any customer or pipe."""
        return bool(len(self.customers) or len(self.pipes))


class CallerPlaces:
    """Indexes of one city, built when first asked (200,000 customers: some tenths of a second) and shared."""

    def __init__(self, city: City) -> None:
        self._city = city
        self._pipes = PipeIndex(city.network.pipes)

    def prepare(self) -> None:
        """Build the indexes of the customers ahead, on any thread; the larger one of the pipes waits for its first use."""
        _ = (self._tree, self._by_community)

    @cached_property
    def _tree(self) -> tuple[cKDTree, Rows]:
        from scipy.spatial import cKDTree  # takes tenths of a second to import

        customers = self._city.customers
        points = np.column_stack([customers.x, customers.y])
        rows = np.flatnonzero(np.isfinite(points).all(axis=1))
        return cKDTree(points[rows]), rows.astype(np.int64)

    def place(self, asset_kind: str, asset_id: str, x: float | None, y: float | None) -> CallerPlace:
        """The place of a chosen asset, else of a point; nothing where neither is known."""
        if asset_kind and asset_id:
            chosen = self.of_asset(asset_kind, asset_id)
            if chosen is not None:
                return chosen
        return self.at(x, y) if x is not None and y is not None else CallerPlace()

    def at(self, x: float, y: float) -> CallerPlace:
        """The customers at a point (network's CRS), else the pipe; not matched beyond ``CUSTOMER_M`` and ``PIPE_M``."""
        if not (np.isfinite(x) and np.isfinite(y)):
            return CallerPlace()
        tree, rows = self._tree
        away = float(tree.query((x, y), distance_upper_bound=CUSTOMER_M)[0]) if len(rows) else np.inf
        if np.isfinite(away):
            meant = rows[np.sort(tree.query_ball_point((x, y), away + ALSO_M))]
            return CallerPlace("customer", meant, _NONE, x, y, away)
        point = np.array([[x, y]])
        pipe = self._pipes.nearest(point, PIPE_M)
        if pipe[0] < 0:
            return CallerPlace("", _NONE, _NONE, x, y)
        return CallerPlace("pipe", _NONE, pipe, x, y, float(self._pipes.away(pipe, point)[0]))

    def of_asset(self, kind: str, asset_id: str) -> CallerPlace | None:
        """The place of a customer, pipe, community (id of its zone) or road (name); None for what is none of these."""
        city = self._city
        if kind == "customer" and city.customers.has(asset_id):
            return self._means("customer", np.array([city.customers.row(asset_id)], dtype=np.int64))
        if kind == "pipe" and city.network.pipes.has(asset_id):
            row = city.network.pipes.row(asset_id)
            points = city.network.pipes.points(row)
            x, y = points.mean(axis=0) if len(points) == 2 else points[len(points) // 2]
            return CallerPlace("pipe", self._customers_on([row]), np.array([row], dtype=np.int64), float(x), float(y), 0.0)
        if kind in ("community", "zone"):
            zones = city.zones
            name = str(zones.name[zones.row(asset_id)]) if zones.has(asset_id) else asset_id
            rows = self._by_community.get(name, _NONE) if name else _NONE
            return self._means("community", rows) if len(rows) else None
        if kind == "road":
            pipes = self._by_road.get(asset_id, _NONE)
            return self._means("road", self._customers_on(pipes.tolist()), pipes) if len(pipes) else None
        return None

    def first_pipe(self, place: CallerPlace) -> str:
        """Id of the pipe that a place lies on: of its customer, where one is meant alone; "" where several are."""
        pipes = self._city.network.pipes
        if len(place.pipes) == 1:
            return str(pipes.asset_id[place.pipes[0]])
        on = np.unique(self._city.customers.pipe[place.customers])
        return str(pipes.asset_id[on[0]]) if len(on) == 1 and on[0] >= 0 else ""

    def households(self, rows: Rows) -> int:
        """Households of these customers."""
        return int(self._city.customers.households[rows].sum())

    def share(self, place: str) -> tuple[float, int]:
        """(a community's part of all households, all households); an area's part is that of an equal division."""
        households = self._city.customers.households
        whole = int(households.sum())
        rows = self._by_community.get(place)
        if rows is not None and whole:
            return float(households[rows].sum()) / whole, whole
        return 1.0 / max(int((self._city.zones.kind == "area").sum()), 1), whole

    def _means(self, by: str, customers: Rows, pipes: Rows = _NONE) -> CallerPlace:
        table = self._city.customers
        points = np.column_stack([table.x[customers], table.y[customers]])
        points = points[np.isfinite(points).all(axis=1)]
        if not len(points) and len(pipes):
            points = np.vstack([self._city.network.pipes.points(int(row)) for row in pipes])
        x, y = points.mean(axis=0) if len(points) else (np.nan, np.nan)
        return CallerPlace(by, customers, pipes, float(x), float(y), 0.0)

    @cached_property
    def _by_community(self) -> dict[str, Rows]:
        return _rows_by_name(self._city.customers.community)

    @cached_property
    def _by_road(self) -> dict[str, Rows]:
        return _rows_by_name(self._city.network.pipes.road_name)

    def _customers_on(self, pipes: Sequence[int]) -> Rows:
        mask = np.zeros(len(self._city.network.pipes), dtype=np.bool_)
        mask[list(pipes)] = True
        return self._city.customers_on.rows_on(mask).astype(np.int64)


def _rows_by_name(names: NDArray[np.object_]) -> dict[str, Rows]:
    texts = np.array([str(name) for name in names], dtype=object)
    if not len(texts):
        return {}
    order = np.argsort(texts, kind="stable")
    sorted_names = texts[order]
    starts = np.flatnonzero(np.concatenate([[True], sorted_names[1:] != sorted_names[:-1]]))
    groups = np.split(order.astype(np.int64), starts[1:])
    return {str(sorted_names[start]): rows for start, rows in zip(starts, groups, strict=True)}
