"""Builds standard layers from raw ones: columns renamed, filtered, mapped and typed; each invalid cell is a located fault."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from maps.errors import Fault, Severity
from maps.importers.readers.profile import LayerProfile
from maps.importers.readers.sources import RawLayer

_TRUE = {"1", "t", "true", "y", "yes", "是"}
_FALSE = {"0", "f", "false", "n", "no", "否", ""}
_NUMBER = re.compile(r"^(?:DN|De|Φ|φ|ø)?\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)\s*(?:mm|m|m3/h|m³/h)?$", re.IGNORECASE)
_DIGITS = str.maketrans("OolI", "0011")


@dataclass(frozen=True, eq=False)
class StandardFrame:
    """Rows of one standard layer. ``row``: their row in the source, from 1; ``geometry``: in the network's CRS, (n,)."""

    layer: str
    frame: pd.DataFrame
    geometry: NDArray[np.object_]
    row: NDArray[np.int64]
    extra: tuple[str, ...]
    faults: tuple[Fault, ...] = ()

    def __len__(self) -> int:
        return len(self.frame)

    def has(self, name: str) -> bool:
        """Whether the source gives this column."""
        return name in self.frame

    def text(self, name: str) -> NDArray[np.object_]:
        """A column as strings, empty where unknown or not given, (n,)."""
        if name not in self.frame:
            return np.full(len(self), "", dtype=object)
        return np.asarray(self.frame[name], dtype=object)

    def number(self, name: str, faults: list[Fault]) -> NDArray[np.float64]:
        """A column as numbers, (n,), NaN where unknown; text that is not a number is reported and becomes NaN."""
        texts = self.text(name)
        found = np.array(pd.to_numeric(pd.Series(texts, dtype=object), errors="coerce"), dtype=np.float64)
        found[~np.isfinite(found)] = np.nan
        for at in np.flatnonzero(np.isnan(found) & (texts != "")):
            value = str(texts[at])
            match = _NUMBER.match(value.strip())
            if match:
                found[at] = float(match[1])
            elif value.lower() not in {"nan", "none", "null", "n/a", "-"}:
                faults.append(self.fault(int(at), "not_a_number", _not_a_number(value), column=name))
        return found

    def flag(self, name: str, default: bool, faults: list[Fault]) -> NDArray[np.bool_]:
        """A column as booleans, (n,); ``default`` where empty, missing or not understood (reported)."""
        if name not in self.frame:
            return np.full(len(self), default)
        texts = [str(value).lower().removesuffix(".0") for value in self.text(name)]
        for at, value in enumerate(texts):
            if value not in _TRUE | _FALSE:
                faults.append(
                    self.fault(at, "not_yes_or_no", f"{value!r} is neither yes nor no; taken as {default}", column=name)
                )
        return np.array([default if v == "" or v not in _TRUE | _FALSE else v in _TRUE for v in texts], dtype=np.bool_)

    def code(self, name: str, kinds: Any, default: int, unknown: int, faults: list[Fault]) -> NDArray[np.uint8]:
        """A column as codes of an IntEnum by its names in any letter case, (n,).

        ``default`` where empty; ``unknown`` where not understood, which is reported.
        """
        known = {kind.name.lower(): int(kind) for kind in kinds}
        found = np.full(len(self), default, dtype=np.uint8)
        for at, value in enumerate(self.text(name)):
            key = value.strip().lower()
            if key in known:
                found[at] = known[key]
            elif key:
                found[at] = unknown
                said = f"{value!r} is none of {', '.join(known)}; taken as {kinds(unknown).name.lower()}"
                faults.append(self.fault(at, "unknown_value", said, column=name))
        return found

    def extras(self) -> dict[str, NDArray[Any]]:
        """Columns of the source without a standard name, (n,) each."""
        return {name: np.asarray(self.frame[name], dtype=object) for name in self.extra}

    def fault(self, at: int, code: str, message: str, severity: Severity = Severity.WARNING, *, column: str = "") -> Fault:
        """A fault of the row at position ``at``, with its asset id, its row in the source and a point of its shape."""
        name = str(self.frame["asset_id"].iloc[at]) if "asset_id" in self.frame else ""
        x, y = _point_of(self.geometry[at])
        return Fault(severity, code, message, self.layer, name, int(self.row[at]), column, x, y)

    def only(self, mask: NDArray[np.bool_]) -> StandardFrame:
        """The rows of a mask."""
        kept = self.frame[mask].reset_index(drop=True)
        return StandardFrame(self.layer, kept, self.geometry[mask], self.row[mask], self.extra, self.faults)


def _point_of(shape: Any) -> tuple[float | None, float | None]:
    """A finite point of a shape (of a line its middle vertex), (None, None) without one."""
    points = shapely.get_coordinates(shape)
    if not len(points) or not np.isfinite(points[len(points) // 2]).all():
        return None, None
    x, y = points[len(points) // 2]
    return float(x), float(y)


def _not_a_number(value: str) -> str:
    advice = "; digit 0 meant?" if _NUMBER.match(value.translate(_DIGITS)) else "; taken as unknown"
    return f"{value!r} is not a number{advice}"


def standard_frame(
    standard: str,
    parts: Sequence[tuple[LayerProfile, RawLayer]],
    columns: Iterable[str],
    required: Iterable[str],
    optional: Collection[str] = (),
) -> StandardFrame:
    """Build one standard layer from all raw layers that feed it, in order; missing required columns are fatal faults.

    ``optional``: columns whose absence is not reported.
    """
    known = tuple(columns)
    frames, shapes, rows, faults = list[pd.DataFrame](), list[NDArray[Any]](), list[NDArray[Any]](), list[Fault]()
    extra: dict[str, None] = {}
    for profile, raw in parts:
        mask = _where(profile, raw, faults)
        frame = _renamed(profile, raw, known, faults)
        for name in required:
            if name not in frame:
                message = f"required column {name} is missing; name its source in a profile"
                faults.append(Fault(Severity.FATAL, "missing_column", message, f"{raw.source}:{raw.name}", column=name))
                frame[name] = ""
        extra |= dict.fromkeys(str(name) for name in frame if name not in known)
        frames.append(frame[mask])
        shape = raw.geometry if raw.geometry is not None else np.full(len(frame), None, dtype=object)
        shapes.append(shape[mask])
        rows.append(np.flatnonzero(mask) + 1)
    if not frames:
        return StandardFrame(standard, pd.DataFrame(), np.empty(0, dtype=object), np.empty(0, dtype=np.int64), ())
    merged = pd.concat(frames, ignore_index=True).fillna("") if len(frames) > 1 else frames[0].reset_index(drop=True)
    faults += _defaults(standard, merged, [name for name in known if name not in optional])
    return StandardFrame(standard, merged, np.concatenate(shapes), np.concatenate(rows), tuple(extra), tuple(faults))


def _defaults(standard: str, frame: pd.DataFrame, known: Sequence[str]) -> list[Fault]:
    absent = [name for name in known if name not in frame]
    if not absent or not len(frame):
        return []
    return [Fault(Severity.INFO, "default_column", f"missing, defaults used: {', '.join(absent)}", standard)]


def _where(profile: LayerProfile, raw: RawLayer, faults: list[Fault]) -> NDArray[np.bool_]:
    mask = np.ones(len(raw.frame), dtype=np.bool_)
    for name, allowed in profile.where.items():
        if name not in raw.frame:
            message = f"the profile filters by column {name}, which is missing"
            faults.append(Fault(Severity.FATAL, "missing_column", message, f"{raw.source}:{raw.name}", column=name))
            continue
        mask &= np.array([value in allowed for value in _texts(raw.frame[name])], dtype=np.bool_)
    return mask


def _renamed(profile: LayerProfile, raw: RawLayer, known: Sequence[str], faults: list[Fault]) -> pd.DataFrame:
    used, made = set[str](), dict[str, NDArray[Any]]()
    for name in dict.fromkeys([*known, *profile.columns]):
        sources = profile.columns.get(name) or _standard_source(name, raw, exact=bool(profile.columns))
        missing = [source for source in sources if source not in raw.frame] if name in profile.columns else []
        if missing:
            message = f"the profile reads {name} from {missing[0]}, which is missing"
            faults.append(Fault(Severity.FATAL, "missing_column", message, f"{raw.source}:{raw.name}", column=missing[0]))
        present = [source for source in sources if source in raw.frame]
        if present:
            made[name] = _mapped(profile, name, _first_filled(raw.frame, present), faults)
            used.update(present)
        elif name in profile.constants:
            made[name] = np.full(len(raw.frame), str(profile.constants[name]), dtype=object)
    rest = [str(name) for name in raw.frame if name not in used and str(name) not in made] if profile.extra else []
    kept = {name: _texts(raw.frame[name]) for name in rest if name.lower() not in {"fid", "ogc_fid"}}
    return pd.DataFrame({**made, **kept}, index=range(len(raw.frame)), dtype=object)


def _standard_source(name: str, raw: RawLayer, *, exact: bool) -> tuple[str, ...]:
    """The column with the standard name; without a profile in any letter case, or cut to a Shapefile's ten characters."""
    if exact:
        return (name,) if name in raw.frame else ()
    names = {str(column).lower(): str(column) for column in raw.frame}
    short = name[:10] if raw.source.lower().endswith((".shp", ".zip")) else name
    found = names.get(name) or names.get(short)
    return (found,) if found else ()


def _first_filled(frame: pd.DataFrame, sources: Sequence[str]) -> NDArray[np.object_]:
    values = _texts(frame[sources[0]])
    for source in sources[1:]:
        values = np.where(values == "", _texts(frame[source]), values)
    return values


def _mapped(profile: LayerProfile, name: str, values: NDArray[np.object_], faults: list[Fault]) -> NDArray[np.object_]:
    table, factor = profile.values.get(name), profile.factors.get(name)
    if table is not None:
        rest = table.get("*")
        values = np.array([table.get(v, v if rest is None else rest) for v in values], dtype=object)
    if factor is not None:
        values = np.array([_scaled(value, factor) for value in values], dtype=object)
    return values


def _scaled(value: str, factor: float) -> str:
    match = _NUMBER.match(value.strip())
    return repr(float(match[1]) * factor) if match else value


def _texts(values: pd.Series) -> NDArray[np.object_]:
    """Any column as trimmed strings; whole floats lose their decimal point (an id that a reader turned into a number)."""
    array = values.to_numpy()
    if array.dtype.kind == "f":
        return np.array(
            ["" if np.isnan(v) else str(int(v)) if v.is_integer() and abs(v) < 1e15 else repr(v) for v in array.tolist()],
            dtype=object,
        )
    if array.dtype.kind in "iu":
        return np.array([str(v) for v in array.tolist()], dtype=object)
    if array.dtype.kind == "b":
        return np.array(["1" if v else "0" for v in array.tolist()], dtype=object)
    absent = pd.isna(array)
    return np.array(["" if gone else str(v).strip() for v, gone in zip(array.tolist(), absent, strict=True)], dtype=object)
