"""Transforms every layer to one projected metric CRS; what cannot be transformed is a fault with its row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import shapely
from numpy.typing import NDArray

from maps import crs as crs_of
from maps.errors import Fault, InputFault, Severity
from maps.importers.readers.profile import LayerProfile, Profile
from maps.importers.readers.sources import RawLayer

Part = tuple[LayerProfile, RawLayer]
_FIRST = ("pipes", "nodes", "valves")
_SHIFTED = ("GCJ", "BD-09", "BD09", "火星", "百度")


def city_crs(parts: Iterable[Part], profile: Profile, told: str | None) -> str:
    """CRS of the city: ``told``, else the pipes' own when projected in metres, else CGCS2000 / GK 117E (EPSG:4548).

    ``maps.crs.LOCAL`` when nothing declares one. Raises InputFault for an unknown or unsuitable CRS.
    """
    if told == crs_of.LOCAL:
        return told
    if told:
        _refuse_shifted(told)
        return crs_of.projected_metric(told) if not crs_of.must_be_projected(told) else crs_of.DEFAULT_PROJECTED
    listed = sorted(parts, key=lambda part: _FIRST.index(part[0].standard) if part[0].standard in _FIRST else len(_FIRST))
    for layer, raw in listed:
        own = _declared(layer, raw, profile)
        if own:
            return crs_of.DEFAULT_PROJECTED if crs_of.must_be_projected(own) else crs_of.projected_metric(own)
    return crs_of.LOCAL


def _declared(layer: LayerProfile, raw: RawLayer, profile: Profile) -> str:
    own = layer.crs or (raw.crs if raw.geometry is not None else "") or profile.crs or ""
    _refuse_shifted(own)
    return "" if own and crs_of.is_engineering(own) else own


def _refuse_shifted(crs: str) -> None:
    if any(word in crs.upper() for word in _SHIFTED):
        raise InputFault(f"CRS {crs}: shifted map coordinates are 500 m and more off; convert them to CGCS2000 or WGS84 first")


def in_city_crs(
    part: Part, profile: Profile, told: str | None, target: str, faults: list[Fault], undeclared: str | None = None
) -> RawLayer:
    """Transform one layer to the city's CRS ``target``, two-dimensional.

    Faults: coordinates that are not finite or outside the CRS (fatal), a declared CRS overridden by ``told``. ``undeclared``: CRS
    assumed for a layer that declares none, where it is not ``told`` and the coordinates fit it.
    """
    layer, raw = part
    if raw.geometry is None:
        return raw
    shapes = np.asarray(shapely.force_2d(raw.geometry), dtype=object)
    place = f"{raw.source}:{raw.name}"
    broken = _not_finite(shapes)
    faults += [_fatal(place, row, "not_finite", "a coordinate is not a finite number; redraw the feature") for row in broken]
    own = _declared(layer, raw, profile) or (undeclared if undeclared and _may_be(shapes, undeclared) else "")
    source = _source_crs(layer, raw, own, told, target, faults)
    if source and target not in (source, crs_of.LOCAL) and not len(broken):
        _check_range(place, shapes, source)
        shapes = _moved(shapes, source, target)
        lost = _not_finite(shapes)
        said = f"lies outside the range of {crs_of.describe(target)}; is {crs_of.describe(source)} its true CRS?"
        faults += [_fatal(place, row, "outside_crs", said) for row in lost[:20]]
        shapes[lost] = None
    return replace(raw, geometry=shapes, crs=target)


def _source_crs(layer: LayerProfile, raw: RawLayer, own: str, told: str | None, target: str, faults: list[Fault]) -> str:
    if told == crs_of.LOCAL or not told or layer.crs:
        return own or target
    if not own or crs_of.must_be_projected(told):
        return told
    if crs_of.must_be_projected(own) or not crs_of.is_metric(own):
        return own
    if crs_of.parse(own) != crs_of.parse(told):
        message = f"declares {crs_of.describe(own)}, taken as {crs_of.describe(told)} as told"
        faults.append(Fault(Severity.WARNING, "crs_overridden", message, f"{raw.source}:{raw.name}"))
    return told


def _moved(shapes: NDArray[np.object_], source: str, target: str) -> NDArray[np.object_]:
    points = shapely.get_coordinates(shapes)
    x, y = crs_of.transform(points[:, 0], points[:, 1], source, target)
    return np.asarray(shapely.set_coordinates(shapes.copy(), np.column_stack([x, y])), dtype=object)


def _may_be(shapes: NDArray[np.object_], crs: str) -> bool:
    """Whether the coordinates fit a CRS: values in metres cannot be degrees."""
    return not crs_of.is_geographic(crs) or bool(np.nanmax(np.abs(shapely.total_bounds(shapes)), initial=0.0) <= 360.0)


def _check_range(place: str, shapes: NDArray[np.object_], source: str) -> None:
    if not crs_of.is_geographic(source):
        return
    low_x, low_y, high_x, high_y = shapely.total_bounds(shapes)
    if low_x < -360 or high_x > 360 or low_y < -90.0001 or high_y > 90.0001:
        raise InputFault(
            f"{place}: coordinates up to {high_x:.0f} {high_y:.0f} cannot be degrees of {crs_of.describe(source)}; "
            "give the true CRS with --crs"
        )


def check_extent(crs: str, bounds: Sequence[float], faults: list[Fault]) -> None:
    """Check a network's bounds (min x, min y, max x, max y) against a projected CRS; a warning outside its area of use.

    Raises InputFault for degrees taken as metres.
    """
    low_x, low_y, high_x, high_y = bounds
    if crs == crs_of.LOCAL or not np.isfinite(bounds).all():
        return
    if max(abs(low_x), abs(high_x)) <= 180 and max(abs(low_y), abs(high_y)) <= 90:
        raise InputFault(
            f"coordinates {low_x:.3f} {low_y:.3f} … {high_x:.3f} {high_y:.3f} look like degrees, not metres of "
            f"{crs_of.describe(crs)}; give the true CRS with --crs (EPSG:4490 for CGCS2000 degrees)"
        )
    outside = crs_of.outside_area(crs, ((low_x + high_x) / 2, (low_y + high_y) / 2))
    if outside:
        faults.append(Fault(Severity.WARNING, "outside_area_of_use", f"{outside}; is the CRS right?", "pipes"))


def _not_finite(shapes: NDArray[np.object_]) -> NDArray[np.int64]:
    points, row = shapely.get_coordinates(shapes, return_index=True)
    return np.unique(row[~np.isfinite(points).all(axis=1)])


def _fatal(place: str, row: int, code: str, message: str) -> Fault:
    return Fault(Severity.FATAL, code, message, place, row=int(row) + 1)
