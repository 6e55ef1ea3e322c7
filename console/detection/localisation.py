"""Localisation: burst candidates and evidence stations from a crossing's residuals, after removing the part common to all."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from console.detection.crossing import Crossing
from console.detection.flow.inflow_surges import Surge
from console.detection.options import DetectorOptions
from console.detection.pressure.group_watch import LevelTest
from console.detection.pressure.night_trend import NightTrend
from console.detection.pressure.steps import StepTest
from console.detection.signature_cache import SignatureCache
from console.domain.alarms import Evidence
from console.domain.clock import moment
from maps.city import City
from maps.columns import Floats
from maps.locate.covariance import free_directions
from maps.locate.locator import locate
from maps.locate.refine import Responses, refined_shapes
from maps.locate.result import Location
from maps.locate.signatures import Signatures
from maps.units import KPA_PER_METRE

_MOVED_SIGMAS = 3.0
_LEAST_EVIDENCE = 3


@dataclass(frozen=True, eq=False)
class Tick:
    """Input of the burst test at one tick, (stations,) each. ``pressure_kpa``: as observed.

    ``pressure_m``: as read, ``residual_m``: minus profile and trailing level; NaN for stations left out of the test.
    ``ready``: stations with a known level. ``switched``, ``steady``: pump rows whose channels show a switch, or none.
    ``surge``: a sudden rise of a metered zone's inflow.
    """

    now_us: int
    second_of_day: float
    pressure_m: Floats
    residual_m: Floats
    ready: NDArray[np.bool_]
    pressure_kpa: Floats
    switched: frozenset[int] = field(default_factory=frozenset)
    steady: frozenset[int] = field(default_factory=frozenset)
    surge: Surge | None = None


@dataclass(frozen=True, eq=False)
class Group:
    """A group of neighbouring stations, tested against the level of hours, against the last minutes, and night against night."""

    level: LevelTest
    steps: StepTest
    nights: NightTrend

    @property
    def rows(self) -> NDArray[np.int64]:
        """Station rows of the group, (n,)."""
        return self.level.rows

    @property
    def usable(self) -> bool:
        """Whether the group can be tested: in a large city, once its signatures have been computed."""
        return self.steps.usable


class BurstLocator:
    """Locates the crossings of station groups in one city."""

    def __init__(self, city: City, cache: SignatureCache, options: DetectorOptions, responses: Responses | None = None) -> None:
        """``responses``: full hydraulic solutions for the first candidates, where there is a model."""
        self._city, self._cache, self._options = city, cache, options
        self._responses = responses if cache.states else None

    def located(
        self, group: Group, crossing: Crossing, tick: Tick, within: NDArray[np.bool_] | None = None
    ) -> tuple[Location, tuple[Evidence, ...]]:
        """(location from the group's stations without a clear outlier, evidence stations, largest change first).

        ``within``: (pipes,) pipes in which other evidence (metered inflow) places the burst; pressures need not be significant
        then.
        """
        rows, cache = group.rows, self._cache.group(group.rows)
        own = cache.signatures(cache.page(tick.second_of_day))
        residual = crossing.residual_m
        usable = np.isfinite(residual)
        if crossing.against != "slow":  # the median of nights has no outliers
            watch = group.steps if crossing.against == "step" else group.level
            usable[watch.outliers(residual, tick.second_of_day)] = False
        covariance = crossing.covariance / crossing.window
        location = locate(
            self._city.network,
            own,
            residual,
            usable=usable,
            noise_covariance=covariance,
            model=self._cache.model,
            options=self._options.locate,
            responses=self._responses,
            station_node=self._city.stations.node[rows].astype(np.int64),
            drift_known=crossing.drift_known,
            at_s=tick.second_of_day,
            within=within,
        )
        shift = residual - self._shared(own, location, residual, usable, covariance, rows, tick.second_of_day)
        least = _LEAST_EVIDENCE if within is None else 0
        evidence = self._evidence(rows, shift, np.sqrt(np.diag(covariance)), tick, least)
        return replace(location, moved=tuple(one.station_id for one in evidence)), evidence

    def _shared(
        self,
        signatures: Signatures,
        location: Location,
        residual: Floats,
        usable: NDArray[np.bool_],
        covariance: Floats,
        rows: NDArray[np.int64],
        second_of_day: float,
    ) -> Floats:
        """Part common to all stations, (n,), m: an offset and demand drift, fitted together with the first candidate.

        With full hydraulics the candidate's signature is taken at the fitted flow: a linear signature underestimates the drop at
        the nearest stations, and the rest would be taken for common.
        """
        if not location.candidates or np.count_nonzero(usable) < _LEAST_EVIDENCE:
            return np.zeros(len(residual))
        network = self._city.network
        first = np.array([network.pipes.row(location.candidates[0].pipe_id)])
        shape = signatures.of_pipes(network, first)[:, 0].astype(np.float64)
        free = free_directions(signatures.demand_modes)
        lower = np.linalg.cholesky(covariance[np.ix_(usable, usable)])

        def fitted(shape: Floats) -> Floats:
            columns = np.column_stack([free, shape, residual])[usable]
            white = np.linalg.solve(lower, columns)
            return np.asarray(np.linalg.lstsq(white[:, :-1], white[:, -1], rcond=1e-6)[0])

        factors = fitted(shape)
        if self._responses is not None and factors[-1] > 0.0:
            changes = partial(self._responses, second_of_day, self._city.stations.node[rows].astype(np.int64))
            bent = refined_shapes(network, changes, first, factors[-1:])[:, 0]
            factors = fitted(bent) if np.isfinite(bent).all() else factors
        return np.asarray(free @ factors[: free.shape[1]])

    def _evidence(
        self, rows: NDArray[np.int64], shift_m: Floats, sigma_m: Floats, tick: Tick, least: int
    ) -> tuple[Evidence, ...]:
        """Stations with a significant change, at least the ``least`` largest. Expected: their value without the burst."""
        size = np.abs(np.nan_to_num(shift_m)) / sigma_m
        count = max(least, int(np.count_nonzero(size > _MOVED_SIGMAS)))
        order = [place for place in np.argsort(-size, kind="stable")[:count] if np.isfinite(shift_m[place])]
        at, ids = moment(tick.now_us), self._city.stations.asset_id
        return tuple(
            Evidence(
                str(ids[rows[place]]),
                "pressure",
                float(tick.pressure_kpa[rows[place]]),
                float(tick.pressure_kpa[rows[place]] - shift_m[place] * KPA_PER_METRE),
                at,
            )
            for place in order
        )
