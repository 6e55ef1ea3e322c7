"""Column profiles (TOML): which source layers and columns feed the standard ones. Standard names need no profile.

For each standard layer, one table or a list of tables::

    crs = "EPSG:26917"                      # of every source that declares none
    encoding = "GBK"                        # of Shapefiles and tables; default: as declared, else detected
    [[nodes]]
    layer = "fixed_head"                    # the source's layer, or a list of them
    columns = { asset_id = ["asset_id", "id"], head_m = "fixed_level" }   # a list: the first that is not empty
    constants = { kind = "source" }
    factors = { head_m = 0.3048 }
    values.status = { "1" = "closed", "" = "open" }
    where = { STATE = ["1", "2"] }          # only rows with one of these values
    crs = "EPSG:4490"                       # of this layer, overriding the file
    encoding = "UTF-8"                      # of this layer
    extra = false                           # do not keep the other columns
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from maps.errors import InputFault
from maps.importers.readers.encoding import known_encoding

STANDARD_LAYERS = (
    "nodes", "pipes", "pumps", "valves", "hydrants", "plants", "crews", "stations", "customers", "zones",
    "roads", "water", "places",
)  # fmt: skip
_KEYS = {"layer", "columns", "constants", "factors", "values", "where", "crs", "encoding", "extra"}


@dataclass(frozen=True, slots=True)
class LayerProfile:
    """How source layers feed one standard layer. ``columns``: standard name -> source names, the first non-empty one counts."""

    standard: str
    layers: tuple[str, ...]
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    constants: Mapping[str, Any] = field(default_factory=dict)
    factors: Mapping[str, float] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    where: Mapping[str, frozenset[str]] = field(default_factory=dict)
    crs: str | None = None
    extra: bool = True
    encoding: str | None = None

    def source_names(self) -> tuple[str, ...]:
        """Every column of the source that the profile names."""
        return tuple(dict.fromkeys([*(name for names in self.columns.values() for name in names), *self.where]))


@dataclass(frozen=True, slots=True)
class Profile:
    """All layers of one profile; ``crs``, ``headloss``, ``name``, ``encoding``: for sources that declare none."""

    layers: tuple[LayerProfile, ...]
    crs: str | None = None
    headloss: str = "H-W"
    name: str = ""
    encoding: str | None = None

    def of(self, standard: str) -> tuple[LayerProfile, ...]:
        """The entries that feed a standard layer, in the profile's order."""
        return tuple(layer for layer in self.layers if layer.standard == standard)


def standard_profile() -> Profile:
    """Profile of layers and columns with standard names."""
    return Profile(tuple(LayerProfile(name, (name,)) for name in STANDARD_LAYERS))


def read_profile(path: Path | None) -> Profile:
    """Read a profile file; None gives the standard profile. Raises InputFault with the position of the fault."""
    if path is None:
        return standard_profile()
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as fault:
        raise InputFault(f"{path}: {fault.strerror or fault}; give a column profile (TOML)") from fault
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise InputFault(f"{path}: not valid TOML in UTF-8: {fault}") from fault
    layers = list[LayerProfile]()
    for key, value in content.items():
        if key in STANDARD_LAYERS:
            tables = value if isinstance(value, list) else [value]
            layers += [_layer(path, key, number, table) for number, table in enumerate(tables, start=1)]
        elif key not in {"crs", "headloss", "name", "encoding"}:
            raise InputFault(f"{path}: {key!r} is no standard layer; known: {', '.join(STANDARD_LAYERS)}")
    named = {layer.standard for layer in layers}
    layers += [LayerProfile(name, (name,)) for name in STANDARD_LAYERS if name not in named]
    headloss = str(content.get("headloss", "H-W"))
    if headloss not in ("H-W", "D-W", "C-M"):
        raise InputFault(f"{path}: headloss {headloss!r} is none of H-W, D-W, C-M")
    crs = content.get("crs")
    return Profile(tuple(layers), str(crs) if crs else None, headloss, str(content.get("name", "")), _encoding(path, content))


def _layer(path: Path, standard: str, number: int, table: Any) -> LayerProfile:
    where = f"{path}, [{standard}] {number}"
    if not isinstance(table, dict):
        raise InputFault(f"{where}: expected a table with layer and columns")
    unknown = set(table) - _KEYS
    if unknown:
        raise InputFault(f"{where}: unknown key {sorted(unknown)[0]!r}; known: {', '.join(sorted(_KEYS))}")
    try:
        return LayerProfile(
            standard,
            _names(table.get("layer", standard)),
            {str(name): _names(source) for name, source in table.get("columns", {}).items()},
            dict(table.get("constants", {})),
            {str(name): float(factor) for name, factor in table.get("factors", {}).items()},
            {str(name): {str(k): str(v) for k, v in values.items()} for name, values in table.get("values", {}).items()},
            {str(name): frozenset(_names(allowed)) for name, allowed in table.get("where", {}).items()},
            str(table["crs"]) if "crs" in table else None,
            bool(table.get("extra", True)),
            _encoding(where, table),
        )
    except (AttributeError, TypeError, ValueError) as fault:
        raise InputFault(f"{where}: {fault}; the form of a profile is described in maps/importers/readers/profile.py") from fault


def _encoding(where: Any, table: Mapping[str, Any]) -> str | None:
    """The codec of the key ``encoding``, None without. Raises InputFault for an unknown one."""
    if "encoding" not in table:
        return None
    found = known_encoding(str(table["encoding"]))
    if found is None:
        raise InputFault(f"{where}: encoding {table['encoding']!r} is not known; use for example UTF-8, GBK, GB18030 or Big5")
    return found


def _names(value: Any) -> tuple[str, ...]:
    return tuple(str(item) for item in value) if isinstance(value, list) else (str(value),)
