"""Builds the EPANET model of a synthetic city: demand pattern, pump curves, PRV settings."""

from __future__ import annotations

import numpy as np

from maps.city import EpanetModel
from maps.hydraulics.model_building.model import ModelDetail, build_model
from maps.network import PipeNetwork
from maps.synthetic.network.feeds import BOOSTER, PLANT, REDUCER, Plumbing
from maps.synthetic.network.pipe_sizing import PEAK, Sizing
from maps.synthetic.network.pipe_tables import PUMPS, inlet_head_m
from maps.synthetic.streets.graph import Array

_DAY = "DAY"
DAY_PATTERN = (
    *(0.52, 0.46, 0.43, 0.44, 0.52, 0.75, 1.12, 1.38, 1.36, 1.22, 1.14, 1.16),
    *(1.18, 1.06, 0.98, 0.97, 1.02, 1.18, 1.40, 1.45, 1.34, 1.15, 0.92, 0.69),
)
"""Hourly demand over its mean: low before dawn, high in the morning and the evening."""

_DROOP = {PLANT: 0.035, BOOSTER: 0.07}
"""Share of the lift a pump loses from no flow to its design flow: flat pumps, the stations' steeper so that several in one
zone share its night flow instead of pushing each other back (they stand on suctions that swing differently)."""
_DESIGN = {PLANT: 1.0, BOOSTER: 1.1}
"""Design flow over the mean flow."""
_LEAST_SHARE = {PLANT: 0.4, BOOSTER: 0.25}
"""Least design flow over the mean of the zone's feeds: a pump much smaller than its neighbours cannot deliver against them."""


def model(plumbing: Plumbing, network: PipeNetwork, sizing: Sizing, title: str) -> EpanetModel:
    """The city as an EPANET model; every pump gets a curve that brings its zone's head at its design flow."""
    curves: dict[str, tuple[tuple[float, float], ...]] = {}
    of_pump: dict[str, str] = {}
    flows = _design_flows(plumbing, sizing)
    rows = iter(network.pumps.asset_id)
    lifts = _lifts(plumbing, network, sizing)
    for number, (feed, lift, flow) in enumerate(zip(plumbing.feeds, lifts, flows, strict=True)):
        if feed.kind == REDUCER:
            continue
        running = PUMPS[feed.kind] - 1
        curve = f"C{number + 1}"
        curves[curve] = _curve(lift, flow / running, _DROOP[feed.kind])
        of_pump.update({str(next(rows)): curve for _ in range(PUMPS[feed.kind])})
    pattern = np.round(np.array(DAY_PATTERN) / np.mean(DAY_PATTERN), 4)
    detail = ModelDetail(
        patterns={_DAY: tuple(pattern.tolist())},
        node_pattern=np.full(len(network.nodes), _DAY, dtype=object),
        curves=curves,
        pump_head_curve=of_pump,
    )
    return build_model(network, detail, title)


def _curve(lift_m: float, flow_m3h: float, droop: float) -> tuple[tuple[float, float], ...]:
    """A head curve through ``lift_m`` at ``flow_m3h``: head = shut-off head - r q²."""
    off = lift_m * (1 + droop)
    r = lift_m * droop / flow_m3h**2
    return tuple((round(share * flow_m3h, 3), round(off - r * (share * flow_m3h) ** 2, 3)) for share in (0.0, 1.0, 1.8))


def _design_flows(plumbing: Plumbing, sizing: Sizing) -> list[float]:
    """Design flow of each feed, m³/h; that of a PRV is not used."""
    of_zone: dict[int, list[float]] = {}
    for feed, flow in zip(plumbing.feeds, sizing.feed_m3h.tolist(), strict=True):
        of_zone.setdefault(feed.zone, []).append(flow)
    flows = []
    for feed, flow in zip(plumbing.feeds, sizing.feed_m3h.tolist(), strict=True):
        least = _LEAST_SHARE.get(feed.kind, 1.0) * float(np.mean(of_zone[feed.zone]))
        flows.append(_DESIGN.get(feed.kind, 1.0) * max(flow, least, 1.0))
    return flows


def _lifts(plumbing: Plumbing, network: PipeNetwork, sizing: Sizing) -> Array:
    """Lift of each feed at the mean demand, m: the zone's inlet head less the head the trees expect before the pump."""
    heads = inlet_head_m(plumbing)
    # Loops halve the head loss of a tree, and the loss in the mean hour is below that of the peak.
    mean_loss = 0.5 * sizing.loss_m / PEAK**1.852
    lifts = []
    for feed in plumbing.feeds:
        before = (
            network.nodes.head_m[feed.inlet] if feed.kind == PLANT else heads[plumbing.zone[feed.inlet]] - mean_loss[feed.inlet]
        )
        lifts.append(float(heads[feed.zone] - before))
    return np.asarray(np.maximum(np.array(lifts), 5.0))
