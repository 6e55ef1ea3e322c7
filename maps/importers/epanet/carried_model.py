"""Carries an imported model over to cut pipes, solves it beside the original and reports the difference of heads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from maps.city import City, EpanetModel
from maps.errors import Fault, InputFault, Severity
from maps.hydraulics.inp.cut_pipes import Carried, Changed, carried
from maps.hydraulics.inp.head_comparison import ALIKE_M, HeadsApart, heads_apart
from maps.hydraulics.inp.link_valves import ModelUnits
from maps.hydraulics.project import Project
from maps.network import PipeNetwork

_SHOWN = 5


def with_carried_model(city: City, changed: Changed, faults: list[Fault]) -> City:
    """``city`` with the changed network and the model changed accordingly; ``faults`` gets the measured difference of heads."""
    model, after = city.epanet, changed.after
    city = replace(city, network=after)
    rows = changed.added_valves
    follows = len(changed.pieces()) or after.valves.is_link[rows].any() or (after.valves.flows_to[rows] >= 0).any()
    if model is None or not follows:
        return city
    project = Project(model.inp, city.info.name)
    try:
        units = ModelUnits.of(project)
    finally:
        project.close()
    found, apart = _solved(model, changed, units, faults)
    faults += [
        Fault(Severity.WARNING, "not_in_model", f"{reason}; the hydraulic model goes without it", "valves", name)
        for name, reason in found.left_out
    ]
    told = list(_told(found.model, apart, after, len(changed.pieces())))
    faults += told
    alike = apart.hours > 0 and not apart.message and not apart.beyond() and not found.left_out
    note = f"valves cut {len(changed.pieces())} pipes of the model: its text is changed there, all else is unchanged"
    assumed = (*city.info.assumed, note, *(fault.message for fault in told))
    model = replace(found.model, built=model.built or not alike)
    return replace(city, epanet=model, info=replace(city.info, assumed=assumed))


def _solved(
    model: EpanetModel, changed: Changed, units: ModelUnits, faults: list[Fault], *, links: bool = True
) -> tuple[Carried, HeadsApart]:
    """The carried model, and its differences from the original; without the link valves if EPANET refuses them."""
    found = carried(model, changed, units, links=links)
    rows = [int(row) for row in changed.added_valves if changed.after.valves.is_link[row]] if links else []
    try:
        return found, heads_apart(model.inp, found.model.inp)
    except InputFault as refusal:
        if not rows:
            return found, HeadsApart((), np.zeros((0, 0)), message=str(refusal))
        said = f"EPANET refuses it as a link of its own ({refusal}); the hydraulic model goes without it"
        names = [str(changed.after.valves.asset_id[row]) for row in rows]
        faults += [Fault(Severity.WARNING, "not_in_model", said, "valves", name) for name in names]
        return _solved(model, changed, units, faults, links=False)


def _told(model: EpanetModel, apart: HeadsApart, network: PipeNetwork, cut: int) -> Iterator[Fault]:
    beyond = apart.beyond()
    besides = f"; left out {apart.cut_off} nodes that no open link joins to a source at some hour" if apart.cut_off else ""
    if apart.message:
        reach = f"are compared over {apart.hours} hours only" if apart.hours else "could not be compared"
        said = f"{cut} pipes are cut in the model; heads before and after that {reach}: {apart.message}"
        yield Fault(Severity.WARNING, "model_not_compared", said, "epanet_model")
    if not apart.hours:
        return
    if not beyond:
        said = (
            f"{cut} pipes are cut in the model; its heads are those of EPANET on the original file to "
            f"{apart.largest_m:.4f} m, measured at {len(apart.nodes)} nodes over {apart.hours} hours{besides}"
        )
        yield Fault(Severity.INFO, "model_carried", said, "epanet_model")
        return
    nodes = model.kind == "node"
    own = dict(zip(map(str, model.epanet_id[nodes]), map(str, model.asset_id[nodes]), strict=True))
    shown = ", ".join(f"{own.get(node, node)} at hour {hour} by {by_m:.3f} m" for node, hour, by_m in beyond[:_SHOWN])
    more = f" and {len(beyond) - _SHOWN} more nodes" if len(beyond) > _SHOWN else ""
    said = (
        "after valves were laid over the model its heads differ from EPANET's on the original file by up to "
        f"{apart.largest_m:.3f} m (limit {ALIKE_M:g} m): {shown}{more}{besides}"
    )
    row = network.nodes.row(own[beyond[0][0]])
    x, y = float(network.nodes.x[row]), float(network.nodes.y[row])
    known = bool(np.isfinite(x + y))
    worst = own[beyond[0][0]]
    yield Fault(Severity.WARNING, "model_differs", said, "epanet_model", worst, x=x if known else None, y=y if known else None)
