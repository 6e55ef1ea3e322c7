"""Signatures of all pipes in driven states: of pressures, metered flows, what tanks take, and the city's balance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from console.detection.driven.driven_expectation import DrivenExpectation, DrivenTicks
from console.detection.driven.window_statistics import SignatureBank
from maps.city import City
from maps.hydraulics.boundary import BoundaryMeters, BoundaryReadings, DrivenSolver
from maps.hydraulics.state import HydraulicState
from maps.locate.pumps import PumpCurves
from maps.locate.signatures import build_signatures, mean_of_ends
from maps.locate.tank_inflow import tank_inflow_signatures

_LARGEST_BANK = 60_000_000
_BANK_STATES, _BANK_SHARES = 36, (0.15, 0.5, 0.85)


class PipeSignatures:
    """Makes the bank of signatures that the test of a tick and the first round of a location use."""

    def __init__(self, city: City, meters: BoundaryMeters, solver: DrivenSolver, curves: PumpCurves | None) -> None:
        self._city, self._meters, self._solver, self._curves = city, meters, solver, curves

    def bank(self, expectation: DrivenExpectation, learned: DrivenTicks, driving: BoundaryReadings) -> SignatureBank | None:
        """In states of the frequent combinations, at low, middle and high demand; None where EPANET failed.

        ``learned``: burst-free ticks, ``driving``: their boundary conditions.
        """
        channels, pipes = learned.observed.shape[1], len(self._city.network.pipes)
        regime, demand = expectation.regime(learned.state), learned.values.demand_m3h
        count = np.bincount(regime, minlength=len(expectation.modes))
        room = int(np.clip(_LARGEST_BANK // max(channels * pipes, 1), 1, _BANK_STATES))
        shares = _BANK_SHARES if room >= 2 * len(_BANK_SHARES) else _BANK_SHARES[1:2]
        ticks: list[int] = []
        for one in np.argsort(-count, kind="stable")[: max(room // len(shares), 1)]:
            own = np.flatnonzero((regime == one) & np.isfinite(demand))
            own = own[np.argsort(demand[own], kind="stable")]
            ticks += [int(own[int(share * (len(own) - 1))]) for share in shares if len(own)]
        chosen = np.array(ticks, dtype=np.int64)
        states = self._solver.states(driving.part(chosen), learned.values.shut[chosen])
        if len(states) < len(chosen):
            return None
        table = np.stack([self._of_pipes(state, channels) for state in states])
        return SignatureBank(regime[chosen], np.asarray(demand[chosen]), table)

    def _of_pipes(self, state: HydraulicState, channels: int) -> NDArray[np.float32]:
        slopes = self._curves.slopes(state) if self._curves is not None else None
        signatures = build_signatures(self._city, state, pump_slope_m_per_m3h=slopes)
        network, meters = self._city.network, self._meters
        heads = signatures.of_pipes(network)[meters.pressure_station]
        flows = np.zeros((len(meters.flow_station), heads.shape[1]), dtype=np.float32)
        if signatures.flow_per_m3h is not None:
            flows = mean_of_ends(signatures.flow_per_m3h, network)[meters.flow_station]
        tanks = mean_of_ends(tank_inflow_signatures(network, state, meters.tank_node, slopes), network)
        own = np.concatenate([heads, flows, tanks])
        if channels == len(own):
            return own
        # What bursts, the sources and tanks must bring, wherever it is.
        return np.concatenate([own, np.ones((1, own.shape[1]), dtype=np.float32)])
