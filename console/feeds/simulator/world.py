"""World: the hidden city with its true demands, roughness and breaks, which no other module can read."""

from __future__ import annotations

import numpy as np

from console.feeds.simulator.options import SimulatorOptions
from maps.city import City
from maps.columns import Floats
from maps.errors import InputFault
from maps.hydraulics.running_model import RunningModel
from maps.hydraulics.session import EpanetSession
from maps.hydraulics.state import HydraulicState
from maps.network import NodeKind, ValveState

_MEMORY_S = 900.0
"""Correlation time of a node's random demand fluctuation."""
_SETTLING_S, _SETTLING_STEP_S = 21_600, 900
"""Settling time before the start: the perturbed city starts from the unperturbed tank levels and pump states."""


class World:
    """A perturbed copy of the city's model, followed through simulated time."""

    def __init__(self, city: City, options: SimulatorOptions, at_s: float, *, stream: int = 0) -> None:
        """``at_s``: seconds after midnight at the start; ``stream``: another course of chance over the same hidden model."""
        self.city, self._options = city, options
        hidden, self._rng = np.random.default_rng(options.seed), np.random.default_rng((options.seed, 1, stream))
        self._session = EpanetSession(city)
        try:
            self._model = RunningModel(self._session, (at_s - _SETTLING_S) % 86_400.0, options.step_s)
            nodes, pipes = len(city.network.nodes), len(city.network.pipes)
            # The mean stays 1, so that total demand equals the model's.
            demand = np.exp(hidden.normal(0.0, options.demand_sigma, nodes) - options.demand_sigma**2 / 2)
            roughness = np.clip(1.0 + hidden.normal(0.0, options.roughness_sigma, pipes), 0.5, 1.5)
            self._model.perturb(demand, roughness)
            for settling in range(0, _SETTLING_S, _SETTLING_STEP_S):
                self._model.advance(settling, _SETTLING_STEP_S)
        except BaseException:
            self._session.close()
            raise
        self._node_noise = self._rng.normal(0.0, options.node_sigma, nodes)
        self._city_noise = float(self._rng.normal(0.0, options.city_sigma))
        self._elapsed_s = 0
        self._breaks: list[str] = []
        self.state: HydraulicState | None = None

    def close(self) -> None:
        """Close the model."""
        self._session.close()

    def advance(self, elapsed_s: int) -> HydraulicState:
        """The city ``elapsed_s`` after the start; time only goes forward."""
        self._fluctuate(elapsed_s - self._elapsed_s)
        self._elapsed_s = elapsed_s
        self._model.vary(self._factor())
        self.state = self._model.advance(_SETTLING_S + elapsed_s)
        return self.state

    def burst(self, pipe_id: str, flow_m3h: float, position: float) -> None:
        """Break a pipe; the outflow is split over its ends as their distance to the hole. Raises UnknownAsset, InputFault."""
        pipes, kind = self.city.network.pipes, self.city.network.nodes.kind
        row = pipes.row(pipe_id)
        start, end = int(pipes.from_node[row]), int(pipes.to_node[row])
        shares = {start: 1.0 - position}
        shares[end] = shares.get(end, 0.0) + position
        # A source has a fixed head: the leak is then placed at the other end.
        able = {node: share for node, share in shares.items() if kind[node] == NodeKind.JUNCTION and share > 0}
        total = sum(able.values())
        if not total or self.state is None:
            raise InputFault(f"pipe {pipe_id!r} joins two sources: its burst would change no pressure")
        self._breaks.append(pipe_id)
        self._model.add_leak(len(self._breaks), {node: flow_m3h * share / total for node, share in able.items()}, self.state)

    def repair(self, pipe_id: str) -> None:
        """Stop what flows out of a pipe's breaks. Raises UnknownAsset."""
        self.city.network.pipes.row(pipe_id)
        for key, broken in enumerate(self._breaks, 1):
            if broken == pipe_id:
                self._model.stop_leak(key)

    def set_valves(self, closed: tuple[str, ...], opened: tuple[str, ...]) -> None:
        """Set the valves that crews have closed or opened. Raises UnknownAsset."""
        states = {**dict.fromkeys(closed, ValveState.CLOSED), **dict.fromkeys(opened, ValveState.OPEN)}
        self._model.set_valves(states)

    def _factor(self) -> Floats:
        return np.asarray(np.maximum(1.0 + self._node_noise, 0.0) * (1.0 + self._city_noise))

    def _fluctuate(self, after_s: float) -> None:
        """An AR(1) step with a variance independent of its length."""
        kept = float(np.exp(-max(after_s, 0.0) / _MEMORY_S))
        fresh = np.sqrt(1.0 - kept**2)
        size = len(self._node_noise)
        self._node_noise = kept * self._node_noise + fresh * self._rng.normal(0.0, self._options.node_sigma, size)
        self._city_noise = kept * self._city_noise + fresh * float(self._rng.normal(0.0, self._options.city_sigma))
