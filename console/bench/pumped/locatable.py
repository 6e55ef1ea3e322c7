"""How near a burst could be located at all: the likeliest pipe with the true model, the true flow and the true noise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from console.bench.pumped.detectable import shrunk_covariance
from console.bench.pumped.recording import STEP_S, WINDOW_TICKS, Recording, RecordingOptions
from console.bench.pumped.truth import hidden_city, leaks_of
from console.services.analysis.scoring import Distances
from maps.city import City
from maps.columns import Floats
from maps.hydraulics.boundary import BoundaryMeters
from maps.hydraulics.running_model import RunningModel
from maps.hydraulics.session import EpanetSession
from maps.hydraulics.state import HydraulicState
from maps.locate.covariance import whitener

_NOON_S = 43_200
_MOST_PIPES = 6000
"""In a larger network one EPANET solution for each pipe takes longer than the replay."""
_DRAWS = 25


@dataclass(frozen=True, eq=False)
class TrueChanges:
    """Of the largest bursts at noon in the true city, channels as of ``BoundaryMeters``: pressures, flows, tanks' inflows.

    ``of_pipe``: (pipes, channels) change by a burst in a pipe's middle, NaN where unsolved; ``of_burst``: (bursts, channels) by
    those of the recording. ``flow_m3h``: (flows,) of the meters without a burst.
    """

    pipes: tuple[str, ...]
    of_pipe: Floats
    of_burst: Floats
    flow_m3h: Floats


def true_changes(city: City, recording: Recording, options: RecordingOptions) -> TrueChanges | None:
    """One EPANET solution for each pipe of the true city; None where those are too many, or none converges."""
    bursts = [one for one in recording.bursts if one.size == max(options.sizes)]
    pipes = city.network.pipes
    if len(pipes) > _MOST_PIPES or not bursts:
        return None
    meters, flow = BoundaryMeters.of(city), bursts[0].size * recording.inflow_m3h
    with EpanetSession(city) as session:
        RunningModel(session, _NOON_S, STEP_S).perturb(*hidden_city(city, options))
        calm = session.solve(_NOON_S)

        def changes(leaks: Sequence[Mapping[int, float]]) -> Floats:
            found = np.full((len(leaks), len(_channels(city, meters, calm))), np.nan)
            for row, leak in enumerate(leaks):
                state = session.solve(_NOON_S, leaks=leak)
                if state.converged:
                    found[row] = _channels(city, meters, state) - _channels(city, meters, calm)
            return found

        every = changes([leaks_of(city, pipe, 0.5, flow) for pipe in range(len(pipes))])
        those = changes([leaks_of(city, pipes.row(one.pipe), one.share, flow) for one in bursts])
    first = len(meters.pressure_node)
    calm_m3h = _channels(city, meters, calm)[first : first + len(meters.flow_link)]
    return TrueChanges(tuple(one.pipe for one in bursts), every, those, calm_m3h) if calm.converged else None


def locatable(city: City, recording: Recording, options: RecordingOptions, truth: TrueChanges, *, metered: bool) -> Floats:
    """(bursts, draws) m along the network from each burst to its likeliest pipe, inf where those are not connected.

    Each draw adds the noise of an hour's mean: readings, and at the pressures what no meter shows of the demand of nodes and
    zones, as in ``detectable``. ``metered``: with flows and tanks. No method can do better in the mean: real ones must also find
    out flow, time and the true city.
    """
    meters = BoundaryMeters.of(city)
    pressures = len(meters.pressure_node)
    unknown = recording.unknown_m[:, :, meters.pressure_station].mean(axis=1)
    noise = np.eye(truth.of_pipe.shape[1])
    noise[:pressures, :pressures] = shrunk_covariance(unknown)
    noise[:pressures, :pressures] += np.eye(pressures) * options.pressure_sigma_m**2 / WINDOW_TICKS
    metres = np.hypot(options.flow_sigma * truth.flow_m3h, 1e-3 * recording.inflow_m3h) / np.sqrt(WINDOW_TICKS)
    tank = meters.tank_area_m2 * options.level_sigma_m * np.sqrt(2.0) * 3600.0 / (WINDOW_TICKS * STEP_S)
    others = np.arange(pressures, len(noise))
    noise[others, others] = np.concatenate([metres, tank]) ** 2
    kept = np.arange(len(noise) if metered else pressures)
    white = whitener(noise[np.ix_(kept, kept)])
    solved = np.flatnonzero(np.isfinite(truth.of_pipe).all(axis=1))
    shapes = truth.of_pipe[np.ix_(solved, kept)] @ white.T
    random, distances = np.random.default_rng((options.seed, 7)), Distances(city)
    found = np.full((len(truth.pipes), _DRAWS), np.inf)
    for row, pipe in enumerate(truth.pipes):
        seen = truth.of_burst[row, kept] @ white.T + random.normal(size=(_DRAWS, len(kept)))
        if not np.isfinite(seen).all():
            continue
        misfit = np.square(shapes).sum(axis=1) - 2.0 * seen @ shapes.T
        likeliest = [str(city.network.pipes.asset_id[solved[one]]) for one in misfit.argmin(axis=1)]
        found[row] = distances.between(pipe, likeliest)
    return found


def _channels(city: City, meters: BoundaryMeters, state: HydraulicState) -> Floats:
    network = city.network
    flows = []
    for link in meters.flow_link:
        if network.pumps.has(link):
            flows.append(state.pump_flow_m3h[network.pumps.row(link)])
        elif network.valves.has(link):
            flows.append(state.valve_flow_m3h[network.valves.row(link)])
        else:
            flows.append(state.pipe_flow_m3h[network.pipes.row(link)])
    return np.concatenate(
        [state.head_m[meters.pressure_node], np.array(flows, dtype=np.float64), state.demand_m3h[meters.tank_node]]
    )
