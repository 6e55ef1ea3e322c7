"""Flows: which way the water runs in each pipe and how fast, from the city's hydraulic model."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maps.network import PipeTable

_STILL_MPS = 0.005


@dataclass(frozen=True, eq=False)
class PipeFlows:
    """Per pipe, (pipes,): ``velocity_mps`` (NaN where the model has no such pipe), ``backwards`` against its digitised way.

    ``at_s``: seconds after midnight of the model's day.
    """

    velocity_mps: NDArray[np.float64]
    backwards: NDArray[np.bool_]
    at_s: float

    @property
    def moving(self) -> NDArray[np.bool_]:
        """Pipes whose water moves at all."""
        return np.nan_to_num(self.velocity_mps) > _STILL_MPS


def flows_of(pipes: PipeTable, flow_m3h: NDArray[np.float64], at_s: float) -> PipeFlows:
    """Flows from the model's flow in each pipe (m³/h, positive from ``from_node`` to ``to_node``)."""
    area_m2 = math.pi / 4 * (pipes.diameter_mm / 1000.0) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        velocity = np.abs(flow_m3h) / 3600.0 / area_m2
    velocity[~np.isfinite(velocity)] = np.nan
    return PipeFlows(velocity, flow_m3h < 0, at_s)
