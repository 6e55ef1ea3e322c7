"""Kinds of crews as a utility sets them, over those of the dataset."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from console.domain.crews import CrewKind
from maps.city import City
from maps.errors import InputFault


def with_crew_kinds(city: City, kinds: Mapping[str, CrewKind]) -> City:
    """The city with these kinds of its crews. Raises InputFault for an id that it does not have."""
    if not kinds:
        return city
    crews = city.crews
    if unknown := sorted(set(kinds) - set(map(str, crews.asset_id))):
        raise InputFault(f"settings: crew_kinds: the dataset has no crew {unknown[0]!r}; correct or delete it")
    made = [str(kinds.get(str(one), kind)) for one, kind in zip(crews.asset_id, crews.kind, strict=True)]
    return replace(city, crews=replace(crews, kind=np.array(made, dtype=object)))
