"""Where a pipe lies as a note: road, side and course, the pipe itself, its depth, the community near it."""

from __future__ import annotations

import math

from console.domain.incidents import Incident, PipePlace
from console.domain.notes import NO_NOTE, Code, Note


def place_note(place: PipePlace) -> Note:
    """The place in one phrase: 经十路北侧（A—B）DN300 球墨铸铁管道，埋深1.2 m，美林苑附近."""
    return Note(
        "place.described",
        at=_road(place),
        pipe=_pipe(place),
        depth=Note("place.depth", depth=place.depth_m) if place.depth_m is not None else NO_NOTE,
        near=Note("place.near", community=place.community) if place.community else NO_NOTE,
    )


def title_note(incident: Incident) -> Note:
    """What a case is called: where it is."""
    return place_note(incident.place) if incident.place is not None else Note("place.unknown")


def _road(place: PipePlace) -> Note:
    bounded = place.from_place and place.to_place
    course = Note("place.course", start=place.from_place, end=place.to_place) if bounded else NO_NOTE
    if not (place.road or place.side or course):
        return NO_NOTE
    side = Note("place.side", side=Code("side", place.side)) if place.side else NO_NOTE
    return Note("place.road", road=place.road, side=side, course=course)


def _pipe(place: PipePlace) -> Note:
    sized = math.isfinite(place.diameter_mm) and place.diameter_mm > 0
    material = Code("pipe_material", place.material)
    if sized and place.material:
        return Note("place.pipe", diameter=place.diameter_mm, material=material)
    if sized:
        return Note("place.pipe_sized", diameter=place.diameter_mm)
    return Note("place.pipe_of", material=material) if place.material else Note("place.pipe_unknown")
