"""Signature cache: computes head signatures per station group and hydraulic state on demand and keeps a bounded number."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from typing import Generic, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from console.detection.signature_making import Digest, Host, InterpolatedMaker, RemoteMaker, SignatureMaker, digested
from console.detection.station_groups import POOL
from maps.city import City
from maps.hydraulics.state import HydraulicState
from maps.locate.interpolated import Interpolation
from maps.locate.linear import LinearNetwork
from maps.locate.pumps import PumpCurves
from maps.locate.signatures import Signatures, head_weights
from maps.units import KPA_PER_METRE

_WHOLE_BYTES = 120_000_000
"""Memory for whole signatures: two groups of a hundred stations at 130,000 nodes, or all of a small city."""
_LARGEST_GROUP = 100
_DIGEST_BYTES = 100_000_000
_FACTOR_BYTES, _FACTOR_BYTES_A_NODE = 100_000_000, 400
_FEWEST_PAGES = 2
"""The present hydraulic state and the next one."""

DAY_S = 86_400.0
_RUNNING_M3H = 0.1
_OTHER_MODES, _LEAST_MODE = 2, 0.05
SMALLEST_FLOW_M3H = 3.0
"""Least flow at which pipes are linearised: pipes nearly at rest carry part of a burst of tens of m³/h, with the resistance of
that flow."""

_Key = TypeVar("_Key", bound=Hashable)
_Value = TypeVar("_Value")

_SMALL_ENTRIES = 20_000_000
"""Stations × nodes whose signatures are computed within about a second."""


def takes_long(city: City) -> bool:
    """Whether computing the signatures of all stations would delay a tick."""
    return len(city.stations) * len(city.network.nodes) > _SMALL_ENTRIES


class Closed(RuntimeError):
    """Signatures were requested after the cache was closed (the program is ending)."""


class LruCache(Generic[_Key, _Value]):
    """Least-recently-used cache of at most ``most`` values."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: OrderedDict[_Key, _Value] = OrderedDict()

    def get(self, key: _Key, make: Callable[[], _Value]) -> _Value:
        """The value under ``key``, computed by ``make`` if absent."""
        if key not in self._held:
            made = make()
            while len(self._held) >= self._most:
                self._held.popitem(last=False)
            self._held[key] = made
        self._held.move_to_end(key)
        return self._held[key]

    def keys(self) -> list[_Key]:
        """Keys of all cached values."""
        return list(self._held)

    def __contains__(self, key: _Key) -> bool:
        return key in self._held

    def __len__(self) -> int:
        return len(self._held)


class SignatureCache:
    """Hydraulic states evenly over the day (or none) and their signatures. ``model``: where they come from.

    ``deferred``: signatures are computed between ticks and a tick uses those available; else they are computed on first use.
    ``closed``: no more are computed. ``host``: runs the computation of interpolated ones in another process. Not thread safe.
    """

    def __init__(
        self,
        city: City,
        states: Sequence[HydraulicState] | None,
        model: str,
        *,
        deferred: bool = False,
        host: Host | None = None,
        pump_curves: PumpCurves | None = None,
    ) -> None:
        """``pump_curves``: read from the city's model here when not given; EPANET may crash on a model from outside."""
        self.city = city
        self.deferred, self.closed = deferred, False
        self.states = tuple(state for state in states or () if state.converged)
        self.model = model if self.states else "interpolated"
        self._times_s = np.array([state.at_s % DAY_S for state in self.states])
        self._pumps = None
        if self.states:
            self._pumps = pump_curves if pump_curves is not None else PumpCurves.of(city)
        pumps = city.network.pumps
        self.pump_rows: NDArray[np.int64] = np.flatnonzero((pumps.from_node >= 0) & (pumps.to_node >= 0))
        self._other_demand = _other_demand(self.states)
        self.usual_pump_flow_m3h = self._usual_pump_flows()
        self.switching_pumps = self._switching_pumps()
        self._host = host
        self._maker: SignatureMaker | None = None
        nodes, self.pages = len(city.network.nodes), max(len(self.states), 1)
        self._linear: LruCache[int, LinearNetwork] = LruCache(max(_FACTOR_BYTES // (_FACTOR_BYTES_A_NODE * max(nodes, 1)), 1))
        whole_bytes = 4 * min(len(city.stations), _LARGEST_GROUP) * max(nodes, 1)
        self.whole: LruCache[tuple[int, int], Signatures] = LruCache(max(_WHOLE_BYTES // max(whole_bytes, 1), 1))
        page_bytes = 4 * len(city.stations) * min(nodes, POOL)
        fitting = max(_DIGEST_BYTES // max(page_bytes, 1), _FEWEST_PAGES)
        self.pages_kept = min(fitting, self.pages) if deferred else self.pages
        """Number of states whose digests a group keeps: all if ticks compute them on demand, else as memory allows."""
        self._groups: dict[bytes, GroupSignatures] = {}

    def __deepcopy__(self, memo: object) -> Self:
        """Itself: its content depends only on the city and its states."""
        return self

    def group(self, rows: NDArray[np.int64]) -> GroupSignatures:
        """The signatures of some stations; the same object for the same rows."""
        return self._groups.setdefault(rows.tobytes(), GroupSignatures(self, rows))

    def page(self, second_of_day: float) -> int:
        """Index of the state nearest to a time of day."""
        return self.nearest(second_of_day, range(len(self.states)))

    def nearest(self, second_of_day: float, among: Sequence[int]) -> int:
        """Which of the states ``among`` is nearest to a time of day; 0 without a model."""
        if not self.states:
            return 0
        apart = np.abs(self._times_s[np.asarray(among)] - second_of_day)
        return int(among[int(np.argmin(np.minimum(apart, DAY_S - apart)))])

    def made(self, rows: NDArray[np.int64], page: int) -> Signatures:
        """Compute the signatures of the stations ``rows`` in one state. Raises Closed."""
        if self.closed:
            raise Closed("the detector is closed: no signatures are computed")
        if self._pumps is None:
            return self._interpolated().whole(rows)
        state, stations = self.states[page], self.city.stations
        linear = self._linear.get(page, lambda: self._linearised(state))
        heads = linear.adjoint(head_weights(stations.node[rows], len(self.city.network.nodes)))
        ids = tuple(stations.asset_id[rows])
        return Signatures(state.at_s, ids, heads, np.nan_to_num(state.demand_m3h), other_demand_m3h=self._other_demand)

    def digested(
        self, rows: NDArray[np.int64], page: int, nodes: NDArray[np.int64] | None
    ) -> tuple[Digest, NDArray[np.int64] | None]:
        """Compute the digest of one state (``signature_making.digested``), in the host process if any. Raises Closed."""
        if self._pumps is not None or self._host is None:
            return digested(self.made(rows, page), nodes, self.pump_ends)
        if self.closed:
            raise Closed("the detector is closed: no signatures are computed")
        return self._interpolated().digest(rows, nodes)

    def _interpolated(self) -> SignatureMaker:
        if self._maker is None:
            maker = InterpolatedMaker(Interpolation(self.city), self.pump_ends)
            self._maker = maker if self._host is None else RemoteMaker(self._host(maker))
        return self._maker

    def _linearised(self, state: HydraulicState) -> LinearNetwork:
        slopes = self._pumps.slopes(state) if self._pumps is not None else None
        return LinearNetwork(self.city.network, state, slopes, SMALLEST_FLOW_M3H)

    @property
    def pump_ends(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Node rows from which and to which link pumps lift."""
        pumps = self.city.network.pumps
        return pumps.from_node[self.pump_rows].astype(np.int64), pumps.to_node[self.pump_rows].astype(np.int64)

    @property
    def running_pumps(self) -> NDArray[np.bool_]:
        """(pumps,) whether each runs at some time of the model's day."""
        flows = [np.abs(np.nan_to_num(state.pump_flow_m3h)) for state in self.states]
        idle = np.zeros(len(self.city.network.pumps), dtype=bool)
        return np.asarray(np.max(flows, axis=0) > _RUNNING_M3H) if flows and len(idle) else idle

    def _switching_pumps(self) -> NDArray[np.bool_]:
        """(link pumps,) whether the model itself switches them through the day."""
        if not self.states or not len(self.pump_rows):
            return np.zeros(len(self.pump_rows), dtype=bool)
        running = np.stack([np.abs(np.nan_to_num(state.pump_flow_m3h[self.pump_rows])) > _RUNNING_M3H for state in self.states])
        return np.asarray(running.any(axis=0) & ~running.all(axis=0))

    def _usual_pump_flows(self) -> NDArray[np.float64]:
        """(link pumps,) m³/h: largest modelled flow of the day; the median of the others for a pump that never runs."""
        if not self.states or not len(self.pump_rows):
            return np.zeros(len(self.pump_rows))
        flows = np.stack([np.abs(np.nan_to_num(state.pump_flow_m3h[self.pump_rows])) for state in self.states]).max(axis=0)
        running = flows[flows > 0]
        return np.asarray(np.where(flows > 0, flows, np.median(running) if len(running) else 0.0))

    def pressures_kpa(self) -> NDArray[np.float64] | None:
        """Pressures (24, stations), kPa, of the model at the stations' nodes by the hour, NaN off nodes."""
        if not self.states or not len(self.city.stations):
            return None
        node = self.city.stations.node.astype(np.int64)
        times = self._times_s
        values = np.array([np.where(node >= 0, state.pressure_m[node], np.nan) for state in self.states]) * KPA_PER_METRE
        order = np.argsort(times)
        times, values = times[order], values[order]
        hours = np.arange(24, dtype=np.float64) * 3600.0
        even = [np.interp(hours, times, values[:, row], period=DAY_S) for row in range(values.shape[1])]
        return np.asarray(np.reshape(even, (-1, len(hours))).T, dtype=np.float64)


class GroupSignatures:
    """Signatures of one group: digests of the last used states, whole signatures while memory allows."""

    def __init__(self, cache: SignatureCache, rows: NDArray[np.int64]) -> None:
        self.cache, self.rows = cache, rows
        self._nodes: NDArray[np.int64] | None = None
        self.pages_kept = cache.pages_kept
        self._digests: LruCache[int, Digest] = LruCache(self.pages_kept)

    def __deepcopy__(self, memo: object) -> Self:
        """Itself, like its cache."""
        return self

    @property
    def usable(self) -> bool:
        """Whether a tick can test the group: with deferred signatures, once a state's digest has been computed."""
        return not self.cache.deferred or len(self._digests) > 0

    def ready(self, page: int) -> bool:
        """Whether a state's digest has been computed."""
        return page in self._digests

    def page(self, second_of_day: float) -> int:
        """Index of the state nearest to a time of day; with deferred signatures the nearest of those already computed."""
        wanted = self.cache.page(second_of_day)
        if not self.cache.deferred or not len(self._digests) or wanted in self._digests:
            return wanted
        return self.cache.nearest(second_of_day, self._digests.keys())

    def digest(self, page: int) -> Digest:
        """The digest of one state, computed if needed."""
        return self._digests.get(page, lambda: self._digested(page))

    def signatures(self, page: int) -> Signatures:
        """The whole signatures of the group in one state, (n, nodes)."""
        return self.cache.whole.get((id(self), page), lambda: self.cache.made(self.rows, page))

    def _digested(self, page: int) -> Digest:
        if (id(self), page) in self.cache.whole:
            made, self._nodes = digested(self.signatures(page), self._nodes, self.cache.pump_ends)
        else:
            made, self._nodes = self.cache.digested(self.rows, page, self._nodes)
        return made


def _other_demand(states: Sequence[HydraulicState]) -> NDArray[np.float64] | None:
    """(nodes, k) modes by which demand patterns differ over the model's day (offices by day, homes by night); None without any.

    Principal components of demand over the states without the first, which is total demand. Holidays and cold mornings change
    them too, without a burst.
    """
    if len(states) < _OTHER_MODES + 2:
        return None
    table = np.maximum(np.nan_to_num(np.stack([state.demand_m3h for state in states])), 0.0)
    _, size, modes = np.linalg.svd(table, full_matrices=False)
    told = np.flatnonzero(size[1 : 1 + _OTHER_MODES] > _LEAST_MODE * max(float(size[0]), 1e-9)) + 1
    return np.asarray(modes[told].T * size[told]) if len(told) else None
