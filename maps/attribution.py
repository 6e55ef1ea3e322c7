"""Attribution of a city's source data, which its licence requires beside every map."""

from __future__ import annotations

from maps.city import City

_OSM = "© OpenStreetMap contributors"
_ALONG_STREETS = "pipes are laid along the streets of"


def attribution(city: City) -> str:
    """Return the attribution of a city's source data, "" when its assumptions name none.

    A synthetic city laid along a street layer names that layer among its assumptions. Such a layer is taken to come from
    OpenStreetMap unless its file name contains ``official`` or ``own_``: a superfluous attribution does no harm, a missing one
    breaks the licence.
    """
    for sentence in city.info.assumed:
        if "OpenStreetMap" in sentence:
            return _OSM
        if sentence.startswith(_ALONG_STREETS) and not any(word in sentence.lower() for word in ("official", "own_")):
            return _OSM
    return ""
