"""DMA balance: weights burst candidates by the change of their DMA's metered inflow."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from maps.locate.next_reading import with_weights
from maps.locate.result import Location

RISING_SIGMAS = 3.0
_TYPICAL_M3H = 50.0
"""Mean of the exponential prior of burst flows."""
_MOST = 10.0
"""Bound of the weight either way: a boundary valve may be open, or a meter wrong."""
_FAR = -30.0


@dataclass(frozen=True, slots=True)
class ZoneInflow:
    """``change_m3h``: of a DMA's metered inflow against what is expected; ``sigma_m3h``: its noise.

    ``is_whole``: every open inlet is metered, so that a missing rise is evidence too.
    """

    name: str
    change_m3h: float
    sigma_m3h: float
    is_whole: bool

    @property
    def is_rising(self) -> bool:
        """Whether the inflow rose significantly."""
        return self.change_m3h > RISING_SIGMAS * self.sigma_m3h


def balanced(location: Location, zones_of: Mapping[str, tuple[int, int]], inflows: Mapping[int, ZoneInflow]) -> Location:
    """The location with candidates weighted by inflows; unchanged while no inflow has risen.

    ``zones_of``: pipe -> zones of its two ends, -1 for none; a pipe across a boundary may break on either side.
    """
    if not any(one.is_rising for one in inflows.values()):
        return location
    factor = {zone: inflow_factor(one) for zone, one in inflows.items()}
    weight = [
        candidate.probability * sum(factor.get(zone, 1.0) for zone in zones_of.get(candidate.pipe_id, (-1, -1))) / 2.0
        for candidate in location.candidates
    ]
    return with_weights(location, np.array(weight))


def inflow_factor(inflow: ZoneInflow) -> float:
    """Bayes factor of a burst inside the zone: Gaussian noise, exponential prior of burst flows.

    ∫ exp(-q/Q)/Q · N(change - q; sigma) dq / N(change; sigma), within bounds; the flow itself is not estimated.
    """
    change, sigma = inflow.change_m3h, inflow.sigma_m3h
    edge = max(change / sigma - sigma / _TYPICAL_M3H, _FAR)
    share = math.log(0.5 * math.erfc(-edge / math.sqrt(2.0)))
    logarithm = math.log(math.sqrt(2.0 * math.pi) * sigma / _TYPICAL_M3H) + 0.5 * edge**2 + share
    bounded = math.exp(min(max(logarithm, -math.log(_MOST)), math.log(_MOST)))
    return bounded if inflow.is_whole else max(bounded, 1.0)
