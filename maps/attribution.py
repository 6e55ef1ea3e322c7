"""Whose ground a city stands on: the sentence that must stay beside every map of it."""

from __future__ import annotations

from maps.city import City

_OSM = "© OpenStreetMap contributors"
_ALONG_STREETS = "pipes are laid along the streets of"


def attribution(city: City) -> str:
    """ "" when the city says nothing of its source.

    A synthetic city laid along a street layer names that layer among its assumptions. Such layers come from OpenStreetMap
    unless their name says otherwise (an ``official`` or ``own`` one): naming it once too often harms nobody, leaving it out
    breaks its licence.
    """
    for sentence in city.info.assumed:
        if "OpenStreetMap" in sentence:
            return _OSM
        if sentence.startswith(_ALONG_STREETS) and not any(word in sentence.lower() for word in ("official", "own_")):
            return _OSM
    return ""
