"""Tables as frozen columns: large numbers of assets are arrays, not objects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from maps.errors import UnknownAsset

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
Bools = NDArray[np.bool_]
Codes = NDArray[np.uint8]
Texts = NDArray[np.object_]
"""One str per row; empty where unknown, never None."""

_DEFAULTS: Mapping[str, Any] = {"Floats": np.nan, "Ints": -1, "Bools": False, "Codes": 0, "Texts": ""}
_DTYPES: Mapping[str, Any] = {
    "Floats": np.float64,
    "Ints": np.int32,
    "Bools": np.bool_,
    "Codes": np.uint8,
    "Texts": object,
}


@dataclass(frozen=True, eq=False)
class Columns:
    """A table of equally long, read-only columns; row = position, identity = ``asset_id``.

    A field annotated ``Floats``/``Ints``/``Bools``/``Codes``/``Texts`` is a column of shape (n,). Row
    references into another table are ``Ints`` with -1 for none. ``extra`` keeps columns of the source
    that have no standard name.
    """

    asset_id: Texts
    extra: Mapping[str, NDArray[Any]] = field(default_factory=dict, kw_only=True)

    LAYER: ClassVar[str] = ""

    def __post_init__(self) -> None:
        for name, kind in self.column_kinds().items():
            column = getattr(self, name)
            if len(column) != len(self.asset_id):
                raise ValueError(f"{type(self).__name__}.{name}: {len(column)} rows, expected {len(self)}")
            array = np.asarray(column, dtype=_DTYPES[kind])
            if array.flags.writeable:
                array = array.view()
                array.flags.writeable = False
            object.__setattr__(self, name, array)

    def __len__(self) -> int:
        return len(self.asset_id)

    @classmethod
    def column_kinds(cls) -> dict[str, str]:
        """Standard column names and their kind (``Floats`` …), in order."""
        return {f.name: str(f.type) for f in fields(cls) if str(f.type) in _DTYPES}

    @classmethod
    def of(cls, asset_id: Iterable[str], **columns: Any) -> Self:
        """Build a table from any sequences; missing columns get their default (NaN, -1, False, 0, "")."""
        ids = texts(asset_id)
        filled: dict[str, Any] = {}
        for name, kind in cls.column_kinds().items():
            if name == "asset_id":
                continue
            if name not in columns:
                default = cls._default(name, kind)
                filled[name] = np.full(len(ids), default, dtype=_DTYPES[kind])
            elif kind == "Texts":
                filled[name] = texts(columns.pop(name))
            else:
                filled[name] = np.asarray(columns.pop(name), dtype=_DTYPES[kind])
        return cls(ids, **filled, **columns)

    @classmethod
    def empty(cls) -> Self:
        """A table without rows."""
        return cls.of([])

    @classmethod
    def _default(cls, name: str, kind: str) -> Any:
        return cls.DEFAULTS.get(name, _DEFAULTS[kind])

    DEFAULTS: ClassVar[Mapping[str, Any]] = {}

    OPTIONAL: ClassVar[frozenset[str]] = frozenset()
    """Columns that most sources and older datasets lack; their absence is not reported."""

    @cached_property
    def _rows(self) -> dict[str, int]:
        return {str(asset_id): row for row, asset_id in enumerate(self.asset_id)}

    def row(self, asset_id: str) -> int:
        """Row of an asset id. Raises UnknownAsset."""
        found = self._rows.get(asset_id)
        if found is None:
            raise UnknownAsset(f"{self.LAYER}: no {asset_id!r} in this network; check the id")
        return found

    def rows(self, asset_ids: Iterable[str]) -> Ints:
        """Rows of several asset ids, in their order. Raises UnknownAsset."""
        return np.array([self.row(asset_id) for asset_id in asset_ids], dtype=np.int32)

    def has(self, asset_id: str) -> bool:
        """Whether the table contains this id."""
        return asset_id in self._rows

    def ids(self, rows: Iterable[int] | NDArray[Any]) -> tuple[str, ...]:
        """Asset ids of the given rows, in their order."""
        return tuple(self.asset_id[np.asarray(list(rows) if not isinstance(rows, np.ndarray) else rows, dtype=np.int64)])

    def taken(self, rows: NDArray[np.int64]) -> Self:
        """The table of those rows only, in that order; row numbers of other tables stay valid, references to this one do not."""
        own = [one.name for one in fields(self) if one.name != "extra"]
        extra = {name: column[rows] for name, column in self.extra.items()}
        return replace(self, **{name: getattr(self, name)[rows] for name in own}, extra=extra)

    def replaced(self, **columns: Any) -> Self:
        """A copy with some columns replaced."""
        return replace(self, **columns)


def texts(values: Iterable[object]) -> Texts:
    """An object column of strings from any values, (n,)."""
    listed = list(values)
    array = np.empty(len(listed), dtype=object)
    array[:] = listed
    return array
