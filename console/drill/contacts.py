"""A made-up contact book for the demo: each entry says that it is synthetic, and no number can be dialled."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from console.domain.contacts import ContactKind
from console.services.shift.contacts import ContactFields
from maps.city import City
from resources.texts import Catalogue

_MOST = 12


def demo_contacts(city: City, language: str) -> tuple[ContactFields, ...]:
    """Crews, critical customers and communities of the city, and the offices that every dispatch centre calls."""
    words = Catalogue.load(language).section("shift.demo")
    return tuple(
        ContactFields(
            name,
            kind,
            organisation=organisation,
            phones=(f"000-0000 {number:04d}",),
            areas=(area,) if area else (),
            notes=words["note"],
            synthetic=True,
        )
        for number, (name, kind, organisation, area) in enumerate(_people(city, words), 1)
    )


def _people(city: City, words: dict[str, str]) -> Iterator[tuple[str, ContactKind, str, str]]:
    """(name, kind, organisation, area)."""
    yield words["fire_brigade"], ContactKind.FIRE_BRIGADE, "", ""
    yield words["gas"], ContactKind.UTILITY, "", ""
    for name in city.crews.name[:_MOST]:
        yield words["leader"], ContactKind.CREW, str(name), ""
    customers = city.customers
    for row in np.flatnonzero(customers.critical != "")[:_MOST]:
        kind = ContactKind.HOSPITAL if str(customers.critical[row]) == "hospital" else ContactKind.OTHER
        yield words["on_call"], kind, str(customers.name[row]) or str(customers.asset_id[row]), str(customers.community[row])
    communities = [str(name) for name, kind in zip(city.zones.name, city.zones.kind, strict=True) if kind == "community"]
    for name in communities[:_MOST]:
        yield words["property"], ContactKind.PROPERTY, name, name
        yield words["grid_worker"], ContactKind.GRID_WORKER, name, name
