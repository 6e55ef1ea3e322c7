"""What dispatch orders can be for: the plants, pumping stations, pumps and valves of the dataset."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from console.domain.dispatch_orders import TargetKind
from maps.city import City

_MOST = 500


@dataclass(frozen=True, slots=True)
class DispatchTarget:
    """One asset; ``name`` "" where the dataset has none."""

    asset_id: str
    kind: TargetKind
    name: str
    is_pump: bool = False


def target_of(city: City, asset_id: str) -> DispatchTarget | None:
    """The asset as a target; None for one that takes no orders or is none of this city."""
    plants, pumps, valves = city.plants, city.network.pumps, city.network.valves
    if pumps.has(asset_id):
        return DispatchTarget(asset_id, TargetKind.PUMPING_STATION, str(pumps.name[pumps.row(asset_id)]), is_pump=True)
    if plants.has(asset_id):
        row = plants.row(asset_id)
        is_station = str(plants.kind[row]) == "pumping_station"
        return DispatchTarget(
            asset_id, TargetKind.PUMPING_STATION if is_station else TargetKind.PLANT, str(plants.name[row])
        )  # fmt: skip
    return DispatchTarget(asset_id, TargetKind.VALVE, "") if valves.has(asset_id) else None


def targets(city: City, first: Iterable[str] = ()) -> tuple[DispatchTarget, ...]:
    """``first`` (what is selected, the plan's pumps), then plants, pumps and remote valves; what takes no orders is left out."""
    valves = city.network.valves
    remote = (str(one) for one, control in zip(valves.asset_id, valves.control, strict=True) if control == "remote")
    every = (*first, *map(str, city.plants.asset_id), *map(str, city.network.pumps.asset_id), *remote)
    ids = [one for one in dict.fromkeys(every) if one][:_MOST]
    return tuple(found for one in ids if (found := target_of(city, one)) is not None)
